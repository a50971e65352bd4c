import { size, type Tensor } from "./tensor.js";

/** A small seeded generator of uniform numbers in [0, 1): mulberry32. The tests' inputs are the same everywhere. */
export function generator(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let x = Math.imul(state ^ (state >>> 15), state | 1);
    x ^= x + Math.imul(x ^ (x >>> 7), x | 61);
    return ((x ^ (x >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Reals, uniform in ±range. */
export function randomReals(random: () => number, shape: readonly number[], range = 1): Tensor {
  return { data: Float64Array.from({ length: size(shape) }, () => (2 * random() - 1) * range), shape };
}

/** Class indices, uniform in 0 … numClasses − 1. */
export function randomIndices(random: () => number, shape: readonly number[], numClasses: number) {
  return { data: Int32Array.from({ length: size(shape) }, () => Math.floor(random() * numClasses)), shape };
}
