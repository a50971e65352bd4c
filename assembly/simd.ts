/** Bytes of one float. */
export const FLOAT: usize = 4;

/** a·b + c on four lanes. The relaxed core rounds once where the engine fuses; the other always rounds twice. */
export function madd(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return f32x4.relaxed_madd(a, b, c);
  return f32x4.add(f32x4.mul(a, b), c);
}

/** Ones in the lanes below `count` (1 to 4), zeros in the rest: what is real in the last vector of a padded row. */
export function laneMask(count: i32): v128 {
  return i32x4.lt_s(i32x4(0, 1, 2, 3), i32x4.splat(count));
}

/** `n` floats rounded up to whole vectors of four, as leading dimensions are. */
export function padded(n: i32): i32 {
  return (n + 3) & ~3;
}

/** The sum of the four lanes, in double precision: (0 + 1) + (2 + 3). */
export function sumLanes(x: v128): f64 {
  return (
    <f64>f32x4.extract_lane(x, 0) +
    <f64>f32x4.extract_lane(x, 1) +
    (<f64>f32x4.extract_lane(x, 2) + <f64>f32x4.extract_lane(x, 3))
  );
}

/** The largest of the four lanes; NaN if one is NaN. */
export function maxLanes(x: v128): f32 {
  return max(
    max(f32x4.extract_lane(x, 0), f32x4.extract_lane(x, 1)),
    max(f32x4.extract_lane(x, 2), f32x4.extract_lane(x, 3)),
  );
}
