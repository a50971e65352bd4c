import { statSync } from "node:fs";
import { join, parse } from "node:path";
import type { CharRNN, EpochRecord, History } from "../index.js";
import { count, describeRun, fileSize, labelled, oneLine, plural, room, shellWord } from "./format.js";
import { lineChart, sparkline } from "./line-chart.js";
import { saveFile } from "./model-files.js";
import { STANDARD_INPUT } from "./text-files.js";

/** A run that has ended. */
export interface Summary {
  readonly model: CharRNN;
  readonly history: History;
  /** Where the model is. */
  readonly file: string;
  /** The texts, as the command names them. */
  readonly files: readonly string[];
  /** Where the command named them: no file says how many there are. */
  readonly threads?: number | "auto";
  /** Whether this process has saved anything. */
  readonly isSaved: boolean;
}

const SPARKLINE = 40;
/** Columns of a sample at most. */
const SAMPLE = 100;

/** What a run that has come to its end has to say, line by line. */
export function describeEnd(summary: Summary, sample: string): string[] {
  const { history, file, isSaved } = summary;
  const { epochs, options, stopped } = history;
  const losses = epochs.map(({ loss }) => loss);
  const curve = `${losses.at(0)?.toFixed(4)} ${sparkline(losses, SPARKLINE)} ${losses.at(-1)?.toFixed(4)}`;
  const best = bestEpoch(epochs);
  const held = best?.validationLoss === undefined ? "" : `, held out ${best.validationLoss.toFixed(4)}`;
  const epoch = best && `epoch ${best.epoch + 1}`;
  if (!isSaved) {
    return [
      labelled("finished", `${plural(epochs.length, "epoch")}, there is nothing left to do; --epochs N goes on to N`),
    ];
  }
  return [
    labelled("run", describeRun(options)),
    labelled("loss", `${curve} nats per symbol, after ${plural(epochs.length, "epoch")}`),
    ...(stopped === "early" ? [labelled("stopped", "early: the loss has not been lower for a while")] : []),
    ...(options.earlyStopping && epoch ? [labelled("best", `${epoch}${held}; the model has its weights`)] : []),
    ...(sample === "" ? [] : [labelled("sample", oneLine(sample, Math.min(SAMPLE, room())))]),
    labelled("saved", `${file} (${fileSize(statSync(file).size)}), ${chartFile(file)}`),
    labelled("next", `rnn-wasm sample ${shellWord(file)}`),
  ];
}

/** Where an interrupted run stands, and exactly how to go on. */
export function describeInterruption({ history, file, files, threads, isSaved }: Summary): string[] {
  if (!isSaved) return ["interrupted before the first step: nothing was saved"];
  const words = ["rnn-wasm", "train", ...files.map(shellWord), "--model", shellWord(file), "--resume"];
  if (threads !== undefined) words.push("--threads", String(threads));
  const input = files.includes(STANDARD_INPUT) ? ", with the same text on standard input" : "";
  return [
    `interrupted in epoch ${count(history.epochs.length + 1)} of ${count(history.options.epochs)}, saved in ${file}`,
    `go on with: ${words.join(" ")}${input}`,
  ];
}

/** The loss per epoch as a picture beside the model. @throws Error where it cannot be saved */
export async function saveLossChart({ history, file, isSaved }: Summary): Promise<void> {
  const { epochs } = history;
  if (!isSaved || epochs.length === 0) return;
  const points = (loss: (record: EpochRecord) => number | undefined) =>
    epochs.flatMap((record) => {
      const y = loss(record);
      return y !== undefined && Number.isFinite(y) ? [[record.epoch + 1, y] as const] : [];
    });
  const series = [
    { name: "training", points: points(({ loss }) => loss) },
    { name: "held out", points: points(({ validationLoss }) => validationLoss) },
  ];
  await saveFile(chartFile(file), lineChart(parse(file).name, "epoch", "loss, nats per symbol", series));
}

/** Not the model's name with .svg alone: that could be the text itself. */
function chartFile(file: string): string {
  const { dir, name } = parse(file);
  return join(dir, `${name}.loss.svg`);
}

/** The epoch whose weights a run that may stop early ends with. */
function bestEpoch(epochs: readonly EpochRecord[]): EpochRecord | undefined {
  const lossOf = ({ loss, validationLoss }: EpochRecord) => validationLoss ?? loss;
  return epochs.reduce<EpochRecord | undefined>(
    (best, record) => (best && !(lossOf(record) < lossOf(best)) ? best : record),
    undefined,
  );
}
