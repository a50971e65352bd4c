import { FLOAT } from "./simd";

/*
 * One pass over one contiguous block of n floats (a multiple of 4): parameters w, gradients g, moments.
 * Padding is zero in g and so stays zero in all of them.
 */

/** Σ g² in double precision: the square of the global gradient norm. */
export function sumOfSquares(g: usize, n: i32): f64 {
  let low = f64x2.splat(0);
  let high = f64x2.splat(0);
  for (let i: usize = 0, end = <usize>n * FLOAT; i < end; i += 16) {
    const x = v128.load(g + i);
    const first = f64x2.promote_low_f32x4(x);
    const second = f64x2.promote_low_f32x4(v128.shuffle<f32>(x, x, 2, 3, 2, 3));
    low = f64x2.add(low, f64x2.mul(first, first));
    high = f64x2.add(high, f64x2.mul(second, second));
  }
  const sum = f64x2.add(low, high);
  return f64x2.extract_lane(sum, 0) + f64x2.extract_lane(sum, 1);
}

/**
 * Scales g so that its norm is at most maxNorm and returns the norm it had, as torch.nn.utils.clip_grad_norm_:
 * the factor is maxNorm / (norm + 1e-6), and 1 where that is more. A norm of NaN makes all of g NaN.
 */
export function clipNorm(g: usize, n: i32, maxNorm: f64): f64 {
  const norm = sqrt(sumOfSquares(g, n));
  const factor = maxNorm / (norm + 1e-6);
  if (!(factor >= 1)) {
    const by = f32x4.splat(<f32>factor);
    for (let i: usize = 0, end = <usize>n * FLOAT; i < end; i += 16) v128.store(g + i, f32x4.mul(v128.load(g + i), by));
  }
  return norm;
}

/** Clamps g to ±maxValue, as torch.nn.utils.clip_grad_value_. NaN stays NaN. */
export function clipValue(g: usize, n: i32, maxValue: f32): void {
  const high = f32x4.splat(maxValue);
  const low = f32x4.splat(-maxValue);
  for (let i: usize = 0, end = <usize>n * FLOAT; i < end; i += 16) {
    v128.store(g + i, f32x4.max(f32x4.min(v128.load(g + i), high), low));
  }
}

/**
 * One step of Adam with moments m and v, step counted from 1; with `decoupled` of AdamW.
 * https://pytorch.org/docs/stable/generated/torch.optim.Adam.html
 * https://pytorch.org/docs/stable/generated/torch.optim.AdamW.html
 */
export function adamStep(
  w: usize,
  g: usize,
  m: usize,
  v: usize,
  n: i32,
  step: i32,
  learningRate: f64,
  beta1: f64,
  beta2: f64,
  epsilon: f64,
  weightDecay: f64,
  decoupled: bool,
): void {
  const correction1 = 1 - power(beta1, step);
  const correction2 = 1 - power(beta2, step);
  const decay = f32x4.splat(<f32>(decoupled ? 0 : weightDecay));
  const kept = f32x4.splat(<f32>(decoupled ? 1 - learningRate * weightDecay : 1));
  const b1 = f32x4.splat(<f32>beta1);
  const rest1 = f32x4.splat(<f32>(1 - beta1));
  const b2 = f32x4.splat(<f32>beta2);
  const rest2 = f32x4.splat(<f32>(1 - beta2));
  const rootCorrection2 = f32x4.splat(<f32>sqrt(correction2));
  const eps = f32x4.splat(<f32>epsilon);
  const size = f32x4.splat(<f32>(learningRate / correction1));
  for (let i: usize = 0, end = <usize>n * FLOAT; i < end; i += 16) {
    // AdamW: w ← w − lr λ w.   Adam: g ← g + λw
    const weight = f32x4.mul(v128.load(w + i), kept);
    // m ← β₁m + (1 − β₁)g;  v ← β₂v + (1 − β₂)g²
    const gradient = f32x4.add(v128.load(g + i), f32x4.mul(decay, weight));
    const moment1 = f32x4.add(f32x4.mul(b1, v128.load(m + i)), f32x4.mul(rest1, gradient));
    const square = f32x4.mul(gradient, gradient);
    const moment2 = f32x4.add(f32x4.mul(b2, v128.load(v + i)), f32x4.mul(rest2, square));
    v128.store(m + i, moment1);
    v128.store(v + i, moment2);
    // w ← w − lr/(1 − β₁ᵗ) · m / (√v / √(1 − β₂ᵗ) + ε)
    const denominator = f32x4.add(f32x4.div(f32x4.sqrt(moment2), rootCorrection2), eps);
    v128.store(w + i, f32x4.sub(weight, f32x4.mul(size, f32x4.div(moment1, denominator))));
  }
}

/**
 * One step of RMSprop with the mean square v and, where momentum > 0, a buffer.
 * https://pytorch.org/docs/stable/generated/torch.optim.RMSprop.html
 */
export function rmspropStep(
  w: usize,
  g: usize,
  v: usize,
  buffer: usize,
  n: i32,
  learningRate: f64,
  alpha: f64,
  epsilon: f64,
  weightDecay: f64,
  momentum: f64,
): void {
  const rate = f32x4.splat(<f32>learningRate);
  const a = f32x4.splat(<f32>alpha);
  const rest = f32x4.splat(<f32>(1 - alpha));
  const eps = f32x4.splat(<f32>epsilon);
  const decay = f32x4.splat(<f32>weightDecay);
  const mu = f32x4.splat(<f32>momentum);
  for (let i: usize = 0, end = <usize>n * FLOAT; i < end; i += 16) {
    const weight = v128.load(w + i);
    // g ← g + λw;  v ← αv + (1 − α)g²
    const gradient = f32x4.add(v128.load(g + i), f32x4.mul(decay, weight));
    const square = f32x4.add(f32x4.mul(a, v128.load(v + i)), f32x4.mul(rest, f32x4.mul(gradient, gradient)));
    v128.store(v + i, square);
    // b ← μb + g / (√v + ε);  w ← w − lr b
    let direction = f32x4.div(gradient, f32x4.add(f32x4.sqrt(square), eps));
    if (momentum > 0) {
      direction = f32x4.add(f32x4.mul(mu, v128.load(buffer + i)), direction);
      v128.store(buffer + i, direction);
    }
    v128.store(w + i, f32x4.sub(weight, f32x4.mul(rate, direction)));
  }
}

/**
 * One step of stochastic gradient descent, where momentum > 0 with a buffer.
 * https://pytorch.org/docs/stable/generated/torch.optim.SGD.html
 */
export function sgdStep(
  w: usize,
  g: usize,
  buffer: usize,
  n: i32,
  learningRate: f64,
  momentum: f64,
  weightDecay: f64,
  nesterov: bool,
): void {
  const rate = f32x4.splat(<f32>learningRate);
  const decay = f32x4.splat(<f32>weightDecay);
  const mu = f32x4.splat(<f32>momentum);
  for (let i: usize = 0, end = <usize>n * FLOAT; i < end; i += 16) {
    const weight = v128.load(w + i);
    // g ← g + λw;  b ← μb + g;  w ← w − lr b, with Nesterov w − lr (g + μb)
    const gradient = f32x4.add(v128.load(g + i), f32x4.mul(decay, weight));
    let direction = gradient;
    if (momentum > 0) {
      const b = f32x4.add(f32x4.mul(mu, v128.load(buffer + i)), gradient);
      v128.store(buffer + i, b);
      direction = nesterov ? f32x4.add(gradient, f32x4.mul(mu, b)) : b;
    }
    v128.store(w + i, f32x4.sub(weight, f32x4.mul(rate, direction)));
  }
}

/** x to the whole power n ≥ 0 by squaring: every engine gives the same bits. */
function power(x: f64, n: i32): f64 {
  let result: f64 = 1;
  for (; n > 0; n >>= 1, x *= x) if (n & 1) result *= x;
  return result;
}
