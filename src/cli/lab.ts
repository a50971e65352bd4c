import { Adam, argmax, Network, slidingWindows, stitchWindows, type Tensor, Vocabulary } from "../index.js";
import { UsageError } from "./errors.js";
import { openTexts } from "./text-files.js";

/*
 * The exercise: learn one long sentence from windows of ten characters, and say it again.
 */

const SENTENCE =
  "if you want to build a ship, don't drum up people together to collect wood and don't assign them tasks and work, " +
  "but rather teach them to long for the endless immensity of the sea.";
const SEQUENCE_LENGTH = 10;
const LEARNING_RATE = 0.1;

export interface LabFlags {
  readonly text?: string;
  readonly seed: number;
  readonly epochs: number;
  readonly hidden?: number;
  readonly layers: number;
}

export async function runLab({ text: file, seed, epochs, hidden, layers }: LabFlags): Promise<void> {
  const text = file === undefined ? SENTENCE : await readText(file);
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
  const say = (logits: Tensor) => vocabulary.decode(stitchWindows(argmax(logits, 2)));
  for (let epoch = 0; epoch < epochs; epoch++) {
    const pass = network.backward(inputs, targets, { logits: true });
    if (!pass.logits) throw new Error("no logits");
    loss = pass.loss;
    report(epoch, loss, say(pass.logits));
    adam.step();
  }
  const seconds = (performance.now() - start) / 1000;
  // What it says after its last step: an epoch's line is from before its step.
  const learned = say(network.forward(inputs).logits);

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

/** @throws UsageError for a file that is no text, or too short a one */
async function readText(file: string): Promise<string> {
  try {
    const source = await openTexts([file]);
    const text = [...source.pieces()].join("");
    const symbols = [...text].length;
    if (symbols > SEQUENCE_LENGTH) return text;
    throw new UsageError(`${file}: expected at least ${SEQUENCE_LENGTH + 1} characters, got ${symbols}`);
  } catch (error) {
    throw error instanceof UsageError ? new UsageError(`--text ${error.message}`, { cause: error.cause }) : error;
  }
}
