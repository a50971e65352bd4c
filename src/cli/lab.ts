import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { Adam, argmax, Network, slidingWindows, stitchWindows, Vocabulary } from "../index.js";

/*
 * The exercise: learn one long sentence from windows of ten characters, and say it again.
 */

const SENTENCE =
  "if you want to build a ship, don't drum up people together to collect wood and don't assign them tasks and work, " +
  "but rather teach them to long for the endless immensity of the sea.";
const SEQUENCE_LENGTH = 10;
const LEARNING_RATE = 0.1;

const HELP = `Learns one long sentence, character by character, and says it again.

  npm start -- [options]

  --seed N      of the initial weights, default 0
  --epochs N    default 100
  --hidden N    hidden size, default the number of different characters
  --layers N    default 2
  --text FILE   a UTF-8 text instead of the sentence
  --help        this`;

/** A mistake in how the program was called: one line, and exit code 2. */
class UsageError extends Error {}

interface Settings {
  readonly text: string;
  readonly seed: number;
  readonly epochs: number;
  readonly hidden: number | undefined;
  readonly layers: number;
}

try {
  const settings = readSettings(process.argv.slice(2));
  if (settings) await runLab(settings);
  else console.log(HELP);
} catch (error) {
  console.error(`rnn-wasm lab: ${(error as Error).message}`);
  process.exitCode = error instanceof UsageError ? 2 : 1;
}

async function runLab({ text, seed, epochs, hidden, layers }: Settings): Promise<void> {
  const vocabulary = Vocabulary.fromText(text);
  const V = vocabulary.size;
  const H = hidden ?? V;
  const { inputs, targets } = slidingWindows(vocabulary.encode(text), SEQUENCE_LENGTH);
  // The same bits on every machine: the plain core.
  const network = await Network.create({
    cell: "rnn",
    inputSize: V,
    hiddenSize: H,
    numLayers: layers,
    outputSize: V,
    seed,
    numerics: "reproducible",
  }).catch((error) => {
    throw new UsageError(error.message);
  });
  const [N] = inputs.shape;
  console.log(`text      ${text.length} characters, ${V} different ones`);
  console.log(`inputs    (${N}, ${SEQUENCE_LENGTH}), one-hot (${N}, ${SEQUENCE_LENGTH}, ${V})`);
  console.log(`targets   (${N}, ${SEQUENCE_LENGTH}), the inputs shifted by one`);
  console.log(
    `network   tanh RNN ${V} → ${H} × ${layers} → ${V}, ${network.parameterCount} parameters, seed ${seed}\n`,
  );

  const adam = new Adam(network, { learningRate: LEARNING_RATE });
  const report = createReport(epochs);
  const start = performance.now();
  let loss = Number.NaN;
  let learned = "";
  for (let epoch = 0; epoch < epochs; epoch++) {
    const pass = network.backward(inputs, targets, { logits: true });
    if (!pass.logits) throw new Error("no logits");
    loss = pass.loss;
    learned = vocabulary.decode(stitchWindows(argmax(pass.logits, 2)));
    report(epoch, loss, learned);
    adam.step();
  }
  const seconds = (performance.now() - start) / 1000;

  const target = [...text].slice(1).join("");
  console.log(`\nlearned   ${oneLine(learned)}`);
  console.log(`target    ${oneLine(target)}`);
  console.log(`right     ${describeRight([...learned], [...target])}`);
  console.log(
    `loss      ${loss.toFixed(5)}; no window of ${SEQUENCE_LENGTH} can do better than ${lossFloor(inputs, targets).toFixed(5)}`,
  );
  console.log(`time      ${seconds.toFixed(2)} s for ${epochs} epochs`);
}

/** A line per epoch; on a terminal one line that is written over again. */
function createReport(epochs: number): (epoch: number, loss: number, learned: string) => void {
  const { stdout } = process;
  return (epoch, loss, learned) => {
    const line = `epoch ${String(epoch).padStart(String(epochs - 1).length)}  loss ${loss.toFixed(5)}  ${oneLine(learned)}`;
    if (!stdout.isTTY) return void stdout.write(`${line}\n`);
    const end = epoch === epochs - 1 ? "\n" : "";
    stdout.write(`\r\x1b[2K${[...line].slice(0, stdout.columns - 1).join("")}${end}`);
  };
}

function oneLine(text: string): string {
  return text.replaceAll(/\s/g, " ");
}

/** What follows the first character is not to be known when it stands in the text more than once. */
function describeRight(learned: readonly string[], target: readonly string[]): string {
  const right = learned.filter((symbol, i) => symbol === target[i]).length;
  const firstIsOpen = learned[0] !== target[0] ? "; the first one follows from a single character" : "";
  return `${right} of ${target.length} characters${firstIsOpen}`;
}

/**
 * The smallest mean loss, in nats, that windows allow: the entropy of the next symbol given what the window has shown
 * so far, over all windows and steps. A network that starts from a zero state sees nothing else.
 */
function lossFloor(inputs: { data: Int32Array; shape: readonly number[] }, targets: { data: Int32Array }): number {
  const T = inputs.shape[1] as number;
  const nextByPast = new Map<string, Map<number, number>>();
  for (let i = 0; i < inputs.data.length; i++) {
    const past = inputs.data.subarray(i - (i % T), i + 1).join();
    const next = nextByPast.get(past) ?? new Map<number, number>();
    const target = targets.data[i] as number;
    nextByPast.set(past, next.set(target, (next.get(target) ?? 0) + 1));
  }
  let nats = 0;
  for (const next of nextByPast.values()) {
    const total = [...next.values()].reduce((sum, count) => sum + count, 0);
    for (const count of next.values()) nats -= count * Math.log(count / total);
  }
  return nats / inputs.data.length;
}

/** @returns undefined where help was asked for. @throws UsageError */
function readSettings(args: string[]): Settings | undefined {
  const values = parseFlags(args);
  if (values.help) return undefined;
  return {
    text: values.text === undefined ? SENTENCE : readText(values.text),
    seed: wholeNumber("--seed", values.seed, 0, 2 ** 32 - 1) ?? 0,
    epochs: wholeNumber("--epochs", values.epochs, 1, 1e9) ?? 100,
    hidden: wholeNumber("--hidden", values.hidden, 1, 2 ** 20),
    layers: wholeNumber("--layers", values.layers, 1, 1024) ?? 2,
  };
}

function parseFlags(args: string[]) {
  const string = { type: "string" } as const;
  const options = {
    seed: string,
    epochs: string,
    hidden: string,
    layers: string,
    text: string,
    help: { type: "boolean" },
  } as const;
  try {
    return parseArgs({ args, options }).values;
  } catch (error) {
    // The first sentence says what is wrong, the rest how to pass a file whose name starts with a dash.
    throw new UsageError(`${(error as Error).message.split(/[.\n]/)[0]}; --help lists the options`);
  }
}

function wholeNumber(flag: string, value: string | undefined, min: number, max: number): number | undefined {
  if (value === undefined) return undefined;
  const number = /^\d+$/.test(value) ? Number(value) : Number.NaN;
  if (number >= min && number <= max) return number;
  throw new UsageError(`${flag}: expected a whole number from ${min} to ${max}, got "${value}"`);
}

function readText(file: string): string {
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(readFileSync(file));
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const reason = {
      ENOENT: "there is no such file",
      EISDIR: "it is a folder",
      ERR_ENCODING_INVALID_ENCODED_DATA: "it is not UTF-8 text",
    };
    throw new UsageError(`--text ${file}: ${reason[code as keyof typeof reason] ?? message}`);
  }
  const symbols = [...text].length;
  if (symbols > SEQUENCE_LENGTH) return text;
  throw new UsageError(`--text ${file}: expected at least ${SEQUENCE_LENGTH + 1} characters, got ${symbols}`);
}
