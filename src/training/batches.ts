import type { Tensor } from "../tensor/tensor.js";
import type { Corpus } from "./corpus.js";

/** What one step works on. */
export interface Batch {
  /** (B, T) class indices. */
  readonly inputs: Tensor<Int32Array>;
  /** (B, T), the inputs shifted by one. */
  readonly targets: Tensor<Int32Array>;
}

/** A text cut for training. An epoch goes once through all of it. */
export interface Batches {
  readonly stepsPerEpoch: number;
  /** Whether a step starts from the state in which the one before ended. */
  readonly carriesState: boolean;
  batch(epoch: number, step: number): Batch;
}

export interface WindowOptions {
  readonly sequenceLength: number;
  readonly batchSize: number | "full";
  readonly stride: number;
  readonly shuffle: boolean;
  readonly seed: number;
}

/** Sliding windows, each from a zero state; where they are shuffled, in another order every epoch. */
export function windowBatches(corpus: Corpus, options: WindowOptions): Batches {
  const { sequenceLength: T, stride, shuffle, seed } = options;
  const count = Math.floor((corpus.length - T - 1) / stride) + 1;
  const B = options.batchSize === "full" ? count : Math.min(options.batchSize, count);
  return {
    stepsPerEpoch: Math.ceil(count / B),
    carriesState: false,
    batch(epoch, step) {
      const order = shuffle ? permutation(count, seed, epoch) : (i: number) => i;
      const first = step * B;
      return cut(corpus, Math.min(B, count - first), T, (b) => order(first + b) * stride);
    },
  };
}

/** How a text lies in B streams of chunks of T symbols. */
export interface StreamLayout {
  readonly B: number;
  readonly T: number;
  /** Chunks that a stream has in all; each of its symbols has its successor as target. */
  readonly chunks: number;
}

/**
 * B streams side by side, the text cut into B equal stretches: step s reads the s-th chunk of each, from the state in
 * which the chunk before ended (truncated back-propagation through time). https://github.com/karpathy/char-rnn
 */
export function streamBatches(corpus: Corpus, { B, T, chunks }: StreamLayout, first: number, last: number): Batches {
  return {
    stepsPerEpoch: last - first,
    carriesState: true,
    batch: (_, step) => cut(corpus, B, T, (b) => (b * chunks + first + step) * T),
  };
}

export function streamLayout(length: number, B: number, T: number): StreamLayout {
  return { B, T, chunks: Math.floor((length - 1) / (B * T)) };
}

/** B stretches of T symbols, from where `start` says. */
function cut(corpus: Corpus, B: number, T: number, start: (b: number) => number): Batch {
  const inputs = new Int32Array(B * T);
  const targets = new Int32Array(B * T);
  for (let b = 0; b < B; b++) {
    const s = start(b);
    inputs.set(corpus.subarray(s, s + T), b * T);
    targets.set(corpus.subarray(s + 1, s + T + 1), b * T);
  }
  const shape = [B, T];
  return { inputs: { data: inputs, shape }, targets: { data: targets, shape } };
}

/**
 * A shuffle of 0 … n − 1 that needs no memory: four rounds of a Feistel network permute the smallest square of a power
 * of two that holds n, and what falls outside is permuted again until it falls inside.
 * Black and Rogaway, "Ciphers with arbitrary finite domains" (2002).
 */
export function permutation(n: number, seed: number, epoch: number): (i: number) => number {
  const bits = 32 - Math.clz32(n - 1);
  const half = Math.max(1, Math.ceil(bits / 2));
  const size = 1 << half;
  const keys = [0, 1, 2, 3].map((round) => mix(mix(seed + 0x9e3779b9 * round) ^ epoch));
  const once = (i: number) => {
    let left = Math.floor(i / size);
    let right = i % size;
    for (const key of keys) [left, right] = [right, left ^ (mix(right ^ key) & (size - 1))];
    return left * size + right;
  };
  return (i) => {
    let j = once(i);
    while (j >= n) j = once(j);
    return j;
  };
}

/** A bijection of 32-bit integers: lowbias32, as in assembly/dropout.ts. */
function mix(x: number): number {
  x = Math.imul(x ^ (x >>> 16), 0x7feb352d);
  x = Math.imul(x ^ (x >>> 15), 0x846ca68b);
  return (x ^ (x >>> 16)) >>> 0;
}
