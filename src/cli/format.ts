import type { CharRNN, FitOptions, ResolvedConfig, RunOptions } from "../index.js";

/** Whole numbers with thousands apart, the same in every locale. */
export function count(n: number): string {
  return Math.round(n).toLocaleString("en-US");
}

export function plural(n: number, one: string, many = `${one}s`): string {
  return `${count(n)} ${n === 1 ? one : many}`;
}

export function fileSize(bytes: number): string {
  if (bytes < 1e3) return plural(bytes, "byte");
  return bytes < 1e6 ? `${(bytes / 1e3).toFixed(1)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}

/** Seconds as 5 s, 1:05 or 2:01:05. */
export function duration(seconds: number): string {
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  const two = (n: number) => String(n).padStart(2, "0");
  const minutes = Math.floor(whole / 60);
  const hours = Math.floor(minutes / 60);
  const rest = two(whole % 60);
  return hours > 0 ? `${hours}:${two(minutes % 60)}:${rest}` : `${minutes}:${rest}`;
}

/** A text that may have anything in it, as one line that moves no cursor, cut to a width in code points. */
export function oneLine(text: string, width = Infinity): string {
  const line = text.replaceAll(/[\p{Cc}\s]/gu, " ");
  const points = [...line];
  return points.length > width ? `${points.slice(0, width - 1).join("")}…` : line;
}

/** A word that a POSIX shell reads as it is. */
export function shellWord(word: string): string {
  const safe = word.length > 1 && word.startsWith("-") ? `./${word}` : word;
  return /^[\w@%+=:,./-]+$/.test(safe) ? safe : `'${safe.replaceAll("'", "'\\''")}'`;
}

export function describeNetwork(config: ResolvedConfig): string {
  const { cell, inputSize, hiddenSize, numLayers, outputSize, nonlinearity, dropout, seed, numerics } = config;
  const name = cell === "rnn" ? `${nonlinearity} RNN` : cell.toUpperCase();
  const parts = [
    `${name} ${inputSize} → ${hiddenSize}${numLayers > 1 ? ` × ${numLayers}` : ""} → ${outputSize}`,
    ...(dropout > 0 ? [`dropout ${dropout}`] : []),
    `seed ${seed}`,
    ...(numerics === "reproducible" ? ["reproducible"] : []),
  ];
  return parts.join(", ");
}

export function describeModel({ network }: CharRNN): string {
  return `${describeNetwork(network.config)}, ${plural(network.parameterCount, "parameter")}`;
}

/** A run's options, those that `fit` chose too, in one line. */
export function describeRun(options: RunOptions): string {
  const { batching, sequenceLength, batchSize, epochs, maxGradNorm, validation, earlyStopping } = options;
  const batch = batchSize === "full" ? "all" : count(batchSize);
  const parts = [
    batching === "windows"
      ? `${batch} windows of ${sequenceLength} symbols a step`
      : `${batch} streams, ${sequenceLength} symbols a step`,
    plural(epochs, "epoch"),
    typeof options.optimizer === "string" ? options.optimizer : options.optimizer.type,
    `learning rate ${describeRate(options.learningRate)}`,
    ...(maxGradNorm !== undefined ? [`gradient norm ≤ ${maxGradNorm}`] : []),
    ...(typeof validation === "number" ? [`${round(100 * validation)} % held out`] : []),
    ...(earlyStopping ? [`patience ${plural(earlyStopping.patience, "epoch")}`] : []),
  ];
  return parts.join(", ");
}

function describeRate(rate: NonNullable<FitOptions["learningRate"]>): string {
  if (typeof rate === "number") return String(rate);
  const { type, learningRate, finalFraction } = rate;
  const end = finalFraction === undefined ? "" : ` to ${round(100 * finalFraction)} %`;
  return `${round(learningRate)} (${type}${end})`;
}

/** Without the digits that are only rounding. */
function round(x: number): number {
  return Number(x.toPrecision(4));
}

/** Columns of the summaries' labels. */
const LABEL = 12;

/** Columns of standard output, where it is a terminal, beside a label. */
export function room(): number {
  return Math.max(1, (process.stdout.columns || Infinity) - LABEL);
}

/** A line of the summaries: a label, and what it is. A terminal that is narrower has several, cut between words. */
export function labelled(label: string, content: string): string {
  const width = room();
  const lines = width === Infinity ? [content] : content.match(new RegExp(`.{1,${width}}(?: |$)|\\S+ ?`, "gs"));
  return (lines ?? [""]).map((line, i) => (i === 0 ? label : "").padEnd(LABEL) + line.trimEnd()).join("\n");
}
