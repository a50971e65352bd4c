import { FLOAT, madd } from "./simd";

/*
 * The three functions that a cell needs, on four lanes, and the logarithm of the loss. NaN gives NaN. The bounds of the
 * three are the largest errors over all floats in both cores, rounded up (measured against double precision on x86-64
 * with Node 20, November 2026: 1.014, 2.481 and 6.562); test/kernels/math.test.ts samples them.
 * scripts/fit_coefficients.py finds the coefficients.
 */

/** e^x, within 1.02 units in the last place; rounds to subnormals and 0 below −87.3, Infinity above 88.73. */
export function exp(x: v128): v128 {
  // Outside this range the result is 0 or Infinity anyway, and 2^n below stays representable in two factors.
  const bounded = f32x4.max(f32x4.min(x, f32x4.splat(89)), f32x4.splat(-105));
  // e^x = 2^n · e^r with |r| ≤ ln 2 / 2. ln 2 is split so that n times its upper part is exact.
  const n = f32x4.nearest(f32x4.mul(bounded, f32x4.splat(<f32>Math.LOG2E)));
  let r = madd(n, f32x4.splat(-0.693359375), bounded);
  r = madd(n, f32x4.splat(2.1219444005469057e-4), r);
  let c = f32x4.splat(0.001381461275741458);
  c = madd(c, r, f32x4.splat(0.008368710055947304));
  c = madd(c, r, f32x4.splat(0.04166838899254799));
  c = madd(c, r, f32x4.splat(0.1666652113199234));
  c = madd(c, r, f32x4.splat(0.4999999403953552));
  const y = f32x4.add(f32x4.splat(1), madd(f32x4.mul(r, r), c, r)); // e^r = 1 + r + r²·C(r)
  const exponent = i32x4.trunc_sat_f32x4_s(n);
  const half = i32x4.shr_s(exponent, 1);
  return f32x4.mul(f32x4.mul(y, powerOfTwo(half)), powerOfTwo(i32x4.sub(exponent, half)));
}

/** 2^n for whole n from −126 to 127. */
function powerOfTwo(n: v128): v128 {
  return i32x4.shl(i32x4.add(n, i32x4.splat(127)), 23);
}

/** 1 / (1 + e^−x), within 2.5 units in the last place down to −87; below that within 3e-39. */
export function sigmoid(x: v128): v128 {
  const one = f32x4.splat(1);
  return f32x4.div(one, f32x4.add(one, exp(f32x4.neg(x))));
}

/** tanh x = x·P(x²) / Q(x²), within 6.6 units in the last place, and never beyond ±1. */
export function tanh(x: v128): v128 {
  // From here on tanh is 1 in single precision; the relaxed core stays at the float below.
  const bounded = f32x4.max(f32x4.min(x, f32x4.splat(9.02)), f32x4.splat(-9.02));
  const z = f32x4.mul(bounded, bounded);
  let p = f32x4.splat(1.331906052115528e-8);
  p = madd(p, z, f32x4.splat(2.05834730877541e-5));
  p = madd(p, z, f32x4.splat(0.003494034055620432));
  p = madd(p, z, f32x4.splat(0.13379716873168945));
  p = madd(p, z, f32x4.splat(1));
  let q = f32x4.splat(7.762014888612612e-7);
  q = madd(q, z, f32x4.splat(0.00032830919371917844));
  q = madd(q, z, f32x4.splat(0.025871071964502335));
  q = madd(q, z, f32x4.splat(0.4671303331851959));
  q = madd(q, z, f32x4.splat(1));
  const y = f32x4.div(f32x4.mul(bounded, p), q);
  return f32x4.max(f32x4.min(y, f32x4.splat(1)), f32x4.splat(-1));
}

/**
 * Natural logarithm in double precision of a normal number > 0, within 2 units in the last place; NaN and +Infinity
 * give themselves. AssemblyScript's own brings a table of 2 KiB, more than all of this file.
 */
export function log(x: f64): f64 {
  if (!(x < Infinity)) return x;
  // x = 2^n · m with m from √½ to √2: log x = n · ln 2 + 2 artanh s, s = (m − 1) / (m + 1), |s| < 0.172
  const bits = reinterpret<u64>(x);
  let n = <i32>(bits >> 52) - 1023;
  let m = reinterpret<f64>((bits & 0x000fffffffffffff) | 0x3ff0000000000000);
  if (m > Math.SQRT2) {
    m *= 0.5;
    n += 1;
  }
  const s = (m - 1) / (m + 1);
  const z = s * s;
  let series: f64 = 1.0 / 21.0; // s²⁰ < 5e-16: the terms of artanh s / s − 1 up to z¹⁰ / 21
  for (let odd: f64 = 19; odd > 1; odd -= 2) series = series * z + 1.0 / odd;
  return <f64>n * Math.LN2 + (2 * s + 2 * s * z * series);
}

/** y = e^x over `n` floats, n a multiple of 4. In place is allowed. */
export function expVector(y: usize, x: usize, n: i32): void {
  for (let i: usize = 0, end = <usize>n * FLOAT; i < end; i += 16) v128.store(y + i, exp(v128.load(x + i)));
}

/** y = sigmoid x over `n` floats, n a multiple of 4. In place is allowed. */
export function sigmoidVector(y: usize, x: usize, n: i32): void {
  for (let i: usize = 0, end = <usize>n * FLOAT; i < end; i += 16) v128.store(y + i, sigmoid(v128.load(x + i)));
}

/** y = tanh x over `n` floats, n a multiple of 4. In place is allowed. */
export function tanhVector(y: usize, x: usize, n: i32): void {
  for (let i: usize = 0, end = <usize>n * FLOAT; i < end; i += 16) v128.store(y + i, tanh(v128.load(x + i)));
}
