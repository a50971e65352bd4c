import { FLOAT, madd } from "./simd";

/*
 * The three functions that a cell needs, on four lanes, and the logarithm of the loss. NaN gives NaN. The bounds of the
 * three are the largest errors over all floats in both cores, rounded up (measured against double precision on x86-64
 * with Node 20, November 2026: 1.014, 2.481 and 6.562); test/kernels/math.test.ts samples them.
 * scripts/fit_coefficients.py finds the coefficients.
 */

// Constants are read from memory: V8 makes a v128.const anew at every use, which takes longer than the load and the
// arithmetic together (bench/limit-kernels.ts with constants of its own: 13 GFLOP/s instead of 52, x86-64, November 2026).
const EXP = memory.data<f32>([
  89, // from here on Infinity, and 2^n stays representable in two factors
  -105, // from here on 0, likewise
  <f32>Math.LOG2E,
  -0.693359375, // −ln 2 in two parts: n times the first is exact
  2.1219444005469057e-4,
  0.001381461275741458, // C, from the highest power down
  0.008368710055947304,
  0.04166838899254799,
  0.1666652113199234,
  0.4999999403953552,
  1,
]);
/** 1.5 · 2²³: a float near it has no fraction, and its last bits are the whole number that was added. */
const ROUNDER = memory.data<f32>([12582912]);
const EXPONENT_BIAS = memory.data<i32>([127]);
const TANH = memory.data<f32>([
  9.02, // from here on tanh is 1 in single precision; the relaxed core stays at the float below
  -9.02,
  1.331906052115528e-8, // P, from the highest power down
  2.05834730877541e-5,
  0.003494034055620432,
  0.13379716873168945,
  7.762014888612612e-7, // Q, likewise
  0.00032830919371917844,
  0.025871071964502335,
  0.4671303331851959,
  1,
  -1,
]);

/** The i-th float of a table on four lanes. */
function constant(table: usize, i: usize): v128 {
  return v128.load32_splat(table + i * FLOAT);
}

/** 1 on four lanes, from memory. */
export function ones(): v128 {
  return constant(EXP, 10);
}

/** e^x, within 1.02 units in the last place; rounds to subnormals and 0 below −87.3, Infinity above 88.73. */
export function exp(x: v128): v128 {
  // pmin and pmax are one instruction each, and keep a NaN that comes first.
  const bounded = f32x4.pmax(f32x4.pmin(x, constant(EXP, 0)), constant(EXP, 1));
  // e^x = 2^n · e^r with |r| ≤ ln 2 / 2
  const rounder = constant(ROUNDER, 0);
  const rounded = madd(bounded, constant(EXP, 2), rounder);
  const n = f32x4.sub(rounded, rounder);
  let r = madd(n, constant(EXP, 3), bounded);
  r = madd(n, constant(EXP, 4), r);
  let c = constant(EXP, 5);
  c = madd(c, r, constant(EXP, 6));
  c = madd(c, r, constant(EXP, 7));
  c = madd(c, r, constant(EXP, 8));
  c = madd(c, r, constant(EXP, 9));
  const y = f32x4.add(ones(), madd(f32x4.mul(r, r), c, r)); // e^r = 1 + r + r²·C(r)
  const exponent = i32x4.sub(rounded, rounder);
  const half = i32x4.shr_s(exponent, 1);
  return f32x4.mul(f32x4.mul(y, powerOfTwo(half)), powerOfTwo(i32x4.sub(exponent, half)));
}

/** 2^n for whole n from −126 to 127. */
function powerOfTwo(n: v128): v128 {
  return i32x4.shl(i32x4.add(n, v128.load32_splat(EXPONENT_BIAS)), 23);
}

/** 1 / (1 + e^−x), within 2.5 units in the last place down to −87; below that within 3e-39. */
export function sigmoid(x: v128): v128 {
  const one = ones();
  return f32x4.div(one, f32x4.add(one, exp(f32x4.neg(x))));
}

/** tanh x = x·P(x²) / Q(x²), within 6.6 units in the last place, and never beyond ±1. */
export function tanh(x: v128): v128 {
  const bounded = f32x4.pmax(f32x4.pmin(x, constant(TANH, 0)), constant(TANH, 1));
  const z = f32x4.mul(bounded, bounded);
  const one = constant(TANH, 10);
  let p = constant(TANH, 2);
  p = madd(p, z, constant(TANH, 3));
  p = madd(p, z, constant(TANH, 4));
  p = madd(p, z, constant(TANH, 5));
  p = madd(p, z, one);
  let q = constant(TANH, 6);
  q = madd(q, z, constant(TANH, 7));
  q = madd(q, z, constant(TANH, 8));
  q = madd(q, z, constant(TANH, 9));
  q = madd(q, z, one);
  const y = f32x4.div(f32x4.mul(bounded, p), q);
  return f32x4.pmax(f32x4.pmin(y, one), constant(TANH, 11));
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
  // The terms of artanh s / s − 1 up to z¹⁰ / 21, s²⁰ < 5e-16, by twos and fours: one after another they would wait for
  // each other longer than all the rest of a row's loss takes.
  const z2 = z * z;
  const z4 = z2 * z2;
  const first = 1.0 / 3.0 + (1.0 / 5.0) * z + (1.0 / 7.0 + (1.0 / 9.0) * z) * z2;
  const second = 1.0 / 11.0 + (1.0 / 13.0) * z + (1.0 / 15.0 + (1.0 / 17.0) * z) * z2;
  const third = 1.0 / 19.0 + (1.0 / 21.0) * z;
  const series = first + (second + third * z4) * z4;
  return <f64>n * Math.LN2 + (2 * s + 2 * s * z * series);
}
