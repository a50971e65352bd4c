import { multiply } from "./gemm";
import { ones, tanh } from "./math";
import { FLOAT, padded } from "./simd";

/*
 * The Elman cell: h[t] = act(W_ih x[t] + b_ih + W_hh h[t−1] + b_hh), act = tanh or relu.
 * https://pytorch.org/docs/stable/generated/torch.nn.RNN.html
 *
 * h is (T + 1, B, ld) with ld = padded(H): slot 0 is the initial state, slot t + 1 belongs to step t. Before the forward
 * pass slots 1 to T hold W_ih x + b_ih + b_hh, after it the outputs.
 */

/**
 * Forward over T steps of `rows` sequences, of B that lie in each step. `panels` is W_hhᵀ (H, H) packed; `hasState` is
 * false where slot 0 is all zeros.
 */
export function rnnForward(
  h: usize,
  panels: usize,
  T: i32,
  B: i32,
  rows: i32,
  H: i32,
  relu: bool,
  hasState: bool,
): void {
  const ld = padded(H);
  const step = <usize>(B * ld) * FLOAT;
  const own = <usize>(rows * ld) * FLOAT;
  for (let t = 0; t < T; t++) {
    const previous = h + <usize>t * step;
    const current = previous + step;
    if (t > 0 || hasState) multiply(current, ld, current, ld, previous, ld, 1, panels, rows, H, H);
    activate(current, current, own, relu);
  }
}

/** h = act(x) over so many bytes; both may be the same. */
export function activate(h: usize, x: usize, bytes: usize, relu: bool): void {
  for (let p: usize = 0; p < bytes; p += 16) {
    const y = v128.load(x + p);
    v128.store(h + p, relu ? f32x4.pmax(y, f32x4.splat(0)) : tanh(y));
  }
}

/**
 * Backward over T steps of `rows` sequences, of B that lie in each step. dh (T, B, ld) holds the gradients that the layer above gives to h[t]; it is left with the
 * gradients of W_ih x + b_ih + b_hh + W_hh h. `panels` is W_hh (H, H) packed.
 */
export function rnnBackward(dh: usize, h: usize, panels: usize, T: i32, B: i32, rows: i32, H: i32, relu: bool): void {
  const ld = padded(H);
  const step = <usize>(B * ld) * FLOAT;
  const own = <usize>(rows * ld) * FLOAT;
  const one = ones();
  const zero = f32x4.splat(0);
  for (let t = T - 1; t >= 0; t--) {
    const d = dh + <usize>t * step;
    const y = h + <usize>(t + 1) * step;
    // multiply(current, …, previous, panels): h[t] also reached h[t + 1] through W_hh
    if (t < T - 1) multiply(d, ld, d, ld, d + step, ld, 1, panels, rows, H, H);
    for (let p: usize = 0; p < own; p += 16) {
      const out = v128.load(y + p);
      const g = v128.load(d + p);
      // h = relu(x): x > 0 where h > 0.   h = tanh(x): dh/dx = 1 − h²
      const dx = relu ? v128.and(g, f32x4.gt(out, zero)) : f32x4.mul(g, f32x4.sub(one, f32x4.mul(out, out)));
      v128.store(d + p, dx);
    }
  }
}
