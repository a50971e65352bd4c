import { decodeSafetensors } from "../formats/safetensors.js";
import { CharRNN } from "../index.js";
import type { RunState } from "../training/run.js";
import { count, describeNetwork, describeRun, fileSize, labelled, oneLine, plural, room } from "./format.js";
import { readModelFile, withFileName } from "./model-files.js";

export interface InfoFlags {
  readonly json?: boolean;
}

const UNITS = { codePoint: "code point", grapheme: "grapheme", byte: "byte" };
const WIDTH = 100;

/** What a model file has in it. */
export async function info(file: string, flags: InfoFlags): Promise<void> {
  const bytes = readModelFile(file);
  const { network, vocabulary } = await withFileName(file, () => CharRNN.load(bytes));
  const { config, parameterCount: parameters } = network;
  // What the library has checked; of the run it tells nothing itself.
  const { training: json } = decodeSafetensors(bytes).metadata;
  const run: RunState | undefined = json === undefined ? undefined : JSON.parse(json);
  if (flags.json) {
    const { options, step, epochs } = run ?? {};
    const training = run ? { options, step, epochs } : null;
    console.log(JSON.stringify({ file, bytes: bytes.length, parameters, config, vocabulary, training }));
    return;
  }
  const { size, symbols, unit, unknown } = vocabulary;
  const others = unknown === undefined ? "" : `, ${JSON.stringify(unknown)} for all others`;
  console.log(labelled("file", `${file}, ${fileSize(bytes.length)}`));
  console.log(labelled("network", describeNetwork(config)));
  console.log(labelled("weights", plural(parameters, "parameter")));
  console.log(labelled("symbols", `${plural(size, UNITS[unit])}${others}`));
  console.log(labelled("", oneLine(JSON.stringify(symbols.join("")), Math.min(WIDTH, room()))));
  for (const [i, line] of (run ? describeState(run) : ["none: it can be sampled, not resumed"]).entries()) {
    console.log(labelled(i === 0 ? "training" : "", line));
  }
}

function describeState({ options, step, epochs, symbols }: RunState): string[] {
  const last = epochs.at(-1);
  const held = last?.validationLoss === undefined ? "" : `, held out ${last.validationLoss.toFixed(4)}`;
  const loss = last ? `, loss ${last.loss.toFixed(4)}${held}` : "";
  return [
    `${count(epochs.length)} of ${plural(options.epochs, "epoch")} on ${count(symbols)} symbols, ${plural(step, "step")}${loss}`,
    describeRun(options),
  ];
}
