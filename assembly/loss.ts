import { exp, log } from "./math";
import { FLOAT, laneMask, maxLanes, padded, sumLanes } from "./simd";

/*
 * Softmax and cross-entropy over rows of O logits, padded to ld. With p = softmax(logits), a row's loss is
 * −log p[target] = log Σ e^(x − max) + max − x[target], and its gradient by the logits is p − onehot(target).
 */

/**
 * The loss of each row in nats (rows doubles); leaves scale · (p − onehot(target)) where the logits (rows, ld) were, zero
 * in the padding.
 */
export function crossEntropy(logits: usize, targets: usize, losses: usize, rows: i32, O: i32, scale: f32): void {
  const width = <usize>padded(O) * FLOAT;
  for (let r = 0; r < rows; r++, logits += width) {
    const target = load<u32>(targets + ((<usize>r) << 2));
    const highest = rowMax(logits, O);
    const targetLogit = load<f32>(logits + ((<usize>target) << 2));
    const sum = exponentials(logits, O, highest);
    store<f64>(losses + ((<usize>r) << 3), log(sum) + (<f64>highest - <f64>targetLogit));
    const factor = f32x4.splat(<f32>(<f64>scale / sum));
    for (let j: usize = 0; j < width; j += 16) v128.store(logits + j, f32x4.mul(v128.load(logits + j), factor));
    const atTarget = logits + ((<usize>target) << 2);
    store<f32>(atTarget, load<f32>(atTarget) - scale);
  }
}

/** Leaves softmax(logits · scale) where the logits (rows, ld) were, zero in the padding. */
export function softmax(logits: usize, rows: i32, O: i32, scale: f32): void {
  const width = <usize>padded(O) * FLOAT;
  const factor = f32x4.splat(scale);
  for (let r = 0; r < rows; r++, logits += width) {
    for (let j: usize = 0; j < width; j += 16) v128.store(logits + j, f32x4.mul(v128.load(logits + j), factor));
    const sum = exponentials(logits, O, rowMax(logits, O));
    const inverse = f32x4.splat(<f32>(1 / sum));
    for (let j: usize = 0; j < width; j += 16) v128.store(logits + j, f32x4.mul(v128.load(logits + j), inverse));
  }
}

/** Leaves e^(x − highest) where a row was, and returns their sum. */
function exponentials(row: usize, O: i32, highest: f32): f64 {
  let sums = f32x4.splat(0);
  for (let j = 0; j < O; j += 4) {
    const e = expOf(row, j, O, highest);
    v128.store(row + ((<usize>j) << 2), e);
    sums = f32x4.add(sums, e);
  }
  return sumLanes(sums);
}

/** The largest logit of a row: e^(x − max) cannot overflow. It may miss a NaN, which the sum then finds. */
export function rowMax(row: usize, O: i32): f32 {
  let highest = f32x4.splat(-Infinity);
  let j = 0;
  for (; j + 4 <= O; j += 4) highest = f32x4.pmax(highest, v128.load(row + ((<usize>j) << 2)));
  if (j < O) {
    const masked = v128.bitselect(v128.load(row + ((<usize>j) << 2)), f32x4.splat(-Infinity), laneMask(O - j));
    highest = f32x4.pmax(highest, masked);
  }
  return maxLanes(highest);
}

/** e^(x − max) of four logits from column j on, zero in the padding. */
function expOf(row: usize, j: i32, O: i32, highest: f32): v128 {
  const e = exp(f32x4.sub(v128.load(row + ((<usize>j) << 2)), f32x4.splat(highest)));
  return j + 4 <= O ? e : v128.and(e, laneMask(O - j));
}
