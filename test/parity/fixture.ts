import { readFileSync } from "node:fs";
import { type Inputs, type NetworkConfig, type State, type Tensor, tensor } from "../../src/index.js";
import { generator, randomIndices, randomReals } from "../reference/random.js";

/*
 * What reference.py writes: PyTorch's results for a list of cases. B = batch size, T = sequence length, D = input size,
 * H = hidden size, O = output size, L = layers.
 */

export interface Fixture {
  /** The version of PyTorch. */
  readonly torch: string;
  /** The script that wrote the file. */
  readonly script: string;
  /** Optimizer steps of each training run. */
  readonly steps: number;
  readonly cases: readonly Case[];
}

export interface Case {
  readonly name: string;
  readonly config: NetworkConfig & { readonly numLayers: number; readonly seed: number };
  readonly batchSize: number;
  readonly sequenceLength: number;
  readonly inputs: "indices" | "reals";
  readonly hasState: boolean;
  readonly clip?: { readonly norm?: number; readonly value?: number };
  readonly loss: number;
  readonly logits: Packed; // (B, T, O)
  readonly state: Readonly<Record<string, Packed>>; // h and, for lstm, c: (L, B, H)
  readonly gradients: Readonly<Record<string, Packed>>;
  /** The gradients' norm before it is clipped. */
  readonly norm?: number;
  /** The gradients after clipping. */
  readonly clipped?: Readonly<Record<string, Packed>>;
  readonly training: readonly TrainingRun[];
}

/** The parameters after some steps on the case's batch, clipped before each step as the case says. */
export interface TrainingRun {
  readonly name: "Adam" | "AdamW" | "RMSprop" | "SGD";
  readonly options: { readonly learningRate: number };
  readonly parameters: Readonly<Record<string, Packed>>;
}

/** A float32 tensor, or every k-th value of it, the last one included. */
export interface Packed {
  readonly shape: readonly number[];
  readonly every: number;
  /** The largest absolute value of the whole tensor. */
  readonly largest: number;
  /** The kept values, little-endian, base64. */
  readonly data: string;
}

/** A file of test/fixtures. */
export function readFixture<T = Fixture>(name: string): T {
  return JSON.parse(readFileSync(new URL(`../fixtures/${name}.json`, import.meta.url), "utf8")) as T;
}

export function unpack(packed: Packed): Float32Array {
  const bytes = Buffer.from(packed.data, "base64");
  return Float32Array.from({ length: bytes.length / 4 }, (_, i) => bytes.readFloatLE(4 * i));
}

export interface Batch {
  readonly inputs: Inputs;
  readonly targets: Tensor<Int32Array>;
  /** Empty for a zero state, so that it can be spread into the options of a pass. */
  readonly initial: { readonly state?: State };
}

/** The batch of a case: the draws of model.py, in its order. */
export function drawBatch({ config, batchSize: B, sequenceLength: T, inputs, hasState }: Case): Batch {
  const random = generator(config.seed);
  const reals = (shape: number[]) => tensor(Float32Array.from(randomReals(random, shape).data), shape);
  const indices = (numClasses: number) => tensor(randomIndices(random, [B, T], numClasses).data, [B, T]);
  const stateShape = [config.numLayers, B, config.hiddenSize];
  return {
    inputs: inputs === "indices" ? indices(config.inputSize) : reals([B, T, config.inputSize]),
    targets: indices(config.outputSize),
    initial: hasState
      ? { state: { h: reals(stateShape), ...(config.cell === "lstm" && { c: reals(stateShape) }) } }
      : {},
  };
}
