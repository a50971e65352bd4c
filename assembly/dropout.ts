import { FLOAT } from "./simd";

/**
 * y = x · mask / (1 − p) over n floats, n a multiple of 4: each float is dropped with probability p. The mask is not
 * stored: element i's is drawn from hash(i + key), so that the backward pass finds it again, y = dx and x = dy then.
 * In place is allowed. https://pytorch.org/docs/stable/generated/torch.nn.Dropout.html
 */
export function dropout(y: usize, x: usize, n: i32, p: f32, key: u32): void {
  const scale = f32x4.splat(1 / (1 - p));
  const threshold = i32x4.splat(<i32>(p * 16777216)); // of 2²⁴
  let index = i32x4.add(i32x4(0, 1, 2, 3), i32x4.splat(key));
  for (let i: usize = 0, end = <usize>n * FLOAT; i < end; i += 16) {
    const kept = i32x4.ge_s(i32x4.shr_u(hash(index), 8), threshold);
    v128.store(y + i, v128.and(f32x4.mul(v128.load(x + i), scale), kept));
    index = i32x4.add(index, i32x4.splat(4));
  }
}

/** A bijection of 32-bit integers that leaves no pattern of its argument: lowbias32. */
function hash(x: v128): v128 {
  x = v128.xor(x, i32x4.shr_u(x, 16));
  x = i32x4.mul(x, i32x4.splat(0x7feb352d));
  x = v128.xor(x, i32x4.shr_u(x, 15));
  x = i32x4.mul(x, i32x4.splat(0x846ca68b));
  return v128.xor(x, i32x4.shr_u(x, 16));
}
