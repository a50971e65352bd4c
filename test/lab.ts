import type * as Library from "../src/index.js";

/*
 * The lab, for every test that needs it: learn one long sentence from windows of ten characters.
 */

export const SENTENCE =
  "if you want to build a ship, don't drum up people together to collect wood and don't assign them tasks and work, " +
  "but rather teach them to long for the endless immensity of the sea.";
export const SEQUENCE_LENGTH = 10;
export const LEARNING_RATE = 0.1;

export interface LabOptions {
  readonly text: string;
  readonly sequenceLength: number;
  readonly learningRate: number;
  readonly epochs: number;
  readonly seed: number;
  readonly numerics: Library.Network["config"]["numerics"];
}

export interface LabResult {
  /** Before each step. */
  readonly losses: number[];
  /** The bits of the final weights, tensor after tensor. */
  readonly weightBits: number[];
}

export const LAB: LabOptions = {
  text: SENTENCE,
  sequenceLength: SEQUENCE_LENGTH,
  learningRate: LEARNING_RATE,
  epochs: 100,
  seed: 0,
  numerics: "reproducible",
};

/** The lab with Network and Adam alone. It uses nothing but its arguments: its source runs in a browser too. */
export async function runLab(library: typeof Library, options: LabOptions): Promise<LabResult> {
  const { text, sequenceLength, learningRate, epochs, seed, numerics } = options;
  const vocabulary = library.Vocabulary.fromText(text);
  const { inputs, targets } = library.slidingWindows(vocabulary.encode(text), sequenceLength);
  const V = vocabulary.size;
  const network = await library.Network.create({
    cell: "rnn",
    inputSize: V,
    hiddenSize: 25,
    numLayers: 2,
    outputSize: V,
    seed,
    numerics,
  });
  const adam = new library.Adam(network, { learningRate });
  const losses: number[] = [];
  for (let epoch = 0; epoch < epochs; epoch++) {
    losses.push(network.backward(inputs, targets).loss);
    adam.step();
  }
  const weights = Object.values(network.stateDict());
  return { losses, weightBits: weights.flatMap(({ data }) => [...new Uint32Array(data.buffer)]) };
}

/** The bits of all weights, or of any other dictionary, by name: what "the same bytes" compares. */
export function bitsOf(dict: Library.StateDict): Record<string, number[]> {
  return Object.fromEntries(
    Object.entries(dict).map(([name, { data }]) => [
      name,
      [...new Uint32Array(data.buffer, data.byteOffset, data.length)],
    ]),
  );
}
