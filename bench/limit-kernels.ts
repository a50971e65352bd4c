/*
 * What the processor can do at most through this engine, in the same run: multiply-adds on operands that never leave the
 * registers, in twelve independent chains, against which every product of the core is measured; and reading, which is
 * what a single symbol waits for, since it needs every weight once.
 */

function madd(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return f32x4.relaxed_madd(a, b, c);
  return f32x4.add(f32x4.mul(a, b), c);
}

/** rounds · 12 multiply-adds on four lanes: rounds · 96 floating-point operations. */
export function registerResident(rounds: i32, factor: f32, summand: f32): f32 {
  const a = f32x4.splat(factor);
  const b = f32x4.splat(summand);
  let c0 = f32x4.splat(1);
  let c1 = f32x4.splat(2);
  let c2 = f32x4.splat(3);
  let c3 = f32x4.splat(4);
  let c4 = f32x4.splat(5);
  let c5 = f32x4.splat(6);
  let c6 = f32x4.splat(7);
  let c7 = f32x4.splat(8);
  let c8 = f32x4.splat(9);
  let c9 = f32x4.splat(10);
  let c10 = f32x4.splat(11);
  let c11 = f32x4.splat(12);
  for (let i = 0; i < rounds; i++) {
    c0 = madd(a, c0, b);
    c1 = madd(a, c1, b);
    c2 = madd(a, c2, b);
    c3 = madd(a, c3, b);
    c4 = madd(a, c4, b);
    c5 = madd(a, c5, b);
    c6 = madd(a, c6, b);
    c7 = madd(a, c7, b);
    c8 = madd(a, c8, b);
    c9 = madd(a, c9, b);
    c10 = madd(a, c10, b);
    c11 = madd(a, c11, b);
  }
  const low = f32x4.add(f32x4.add(f32x4.add(c0, c1), f32x4.add(c2, c3)), f32x4.add(c4, c5));
  const high = f32x4.add(f32x4.add(f32x4.add(c6, c7), f32x4.add(c8, c9)), f32x4.add(c10, c11));
  return f32x4.extract_lane(f32x4.add(low, high), 0);
}

/** The sum of `bytes` bytes of floats from p on, a multiple of 128: reads them as one stream, and does little else. */
export function readAll(p: usize, bytes: usize): f32 {
  let s0 = f32x4.splat(0);
  let s1 = f32x4.splat(0);
  let s2 = f32x4.splat(0);
  let s3 = f32x4.splat(0);
  let s4 = f32x4.splat(0);
  let s5 = f32x4.splat(0);
  let s6 = f32x4.splat(0);
  let s7 = f32x4.splat(0);
  for (const end = p + bytes; p < end; p += 128) {
    s0 = f32x4.add(s0, v128.load(p));
    s1 = f32x4.add(s1, v128.load(p, 16));
    s2 = f32x4.add(s2, v128.load(p, 32));
    s3 = f32x4.add(s3, v128.load(p, 48));
    s4 = f32x4.add(s4, v128.load(p, 64));
    s5 = f32x4.add(s5, v128.load(p, 80));
    s6 = f32x4.add(s6, v128.load(p, 96));
    s7 = f32x4.add(s7, v128.load(p, 112));
  }
  const low = f32x4.add(f32x4.add(s0, s1), f32x4.add(s2, s3));
  const high = f32x4.add(f32x4.add(s4, s5), f32x4.add(s6, s7));
  return f32x4.extract_lane(f32x4.add(low, high), 0);
}
