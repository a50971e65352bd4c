import { multiply } from "./gemm";
import { ones, sigmoid, tanh } from "./math";
import { FLOAT, madd, padded } from "./simd";

/*
 * Gated recurrent unit, gates r, z, n:
 *   r, z = sigmoid(W_ih x[t] + b_ih + W_hh h[t−1] + b_hh)
 *   n = tanh(W_in x[t] + b_in + r (W_hn h[t−1] + b_hn))
 *   h[t] = (1 − z) n + z h[t−1]
 * https://pytorch.org/docs/stable/generated/torch.nn.GRU.html
 *
 * h is (T + 1, B, ld) with ld = padded(H): slot 0 is the initial state, slot t + 1 belongs to step t. gates is
 * (T, B, 4·ld) with the columns n, r, z, q, where q = W_hn h + b_hn: what comes from x has the first three, what comes
 * from h the last three, each a matrix of its own without a copy. Before the forward pass n, r, z hold W_ih x + b_ih
 * (r and z also + b_hh), after it the activations and q; after the backward pass the gradients of W_ih x + b_ih and of
 * W_hh h + b_hh.
 */

/**
 * Forward over T steps of `rows` sequences, of B that lie in each step. `panels` is W_hhᵀ packed, its columns in the order r, z (H, 2·ld) and, apart, n (H, ld); `biasHn` (ld) is b_hn;
 * `hasState` is false where slot 0 of h is all zeros.
 */
export function gruForward(
  h: usize,
  gates: usize,
  biasHn: usize,
  panels: usize,
  T: i32,
  B: i32,
  rows: i32,
  H: i32,
  hasState: bool,
): void {
  const ld = padded(H);
  const width = <usize>ld * FLOAT;
  const step = <usize>B * width;
  const panelsN = panels + <usize>H * 2 * width;
  for (let t = 0; t < T; t++, h += step, gates += 4 * step) {
    const isRecurrent = t > 0 || hasState;
    if (isRecurrent) {
      const rz = gates + width;
      multiply(rz, 4 * ld, rz, 4 * ld, h, ld, 1, panels, rows, 2 * ld, H);
      multiply(gates + 3 * width, 4 * ld, biasHn, 0, h, ld, 1, panelsN, rows, ld, H);
    }
    gruCell(h + step, h, gates, isRecurrent ? 0 : biasHn, rows, ld);
  }
}

/** One step of `rows` sequences from n, r, z, q before the activations; q is a row `biasHn` of its own unless that is 0. hPrevious may be h. */
export function gruCell(h: usize, hPrevious: usize, gates: usize, biasHn: usize, rows: i32, ld: i32): void {
  const width = <usize>ld * FLOAT;
  const one = ones();
  for (let b: usize = 0, end = <usize>rows * width; b < end; b += width, gates += 4 * width) {
    for (let j: usize = 0; j < width; j += 16) {
      const p = gates + j;
      const r = sigmoid(v128.load(p + width));
      const z = sigmoid(v128.load(p + 2 * width));
      const q = v128.load(biasHn ? biasHn + j : p + 3 * width);
      const n = tanh(madd(r, q, v128.load(p)));
      v128.store(p, n);
      v128.store(p + width, r);
      v128.store(p + 2 * width, z);
      v128.store(p + 3 * width, q);
      const kept = f32x4.mul(z, v128.load(hPrevious + b + j));
      v128.store(h + b + j, madd(f32x4.sub(one, z), n, kept));
    }
  }
}

/**
 * Backward over T steps of `rows` sequences, of B that lie in each step. dh (T, B, ld) holds the gradients that the layer above gives to h[t] and is left with the whole
 * of them. `panels` is W_hh (3·ld, H) packed, its rows in the order r, z, n.
 */
export function gruBackward(dh: usize, gates: usize, h: usize, panels: usize, T: i32, B: i32, rows: i32, H: i32): void {
  const ld = padded(H);
  const width = <usize>ld * FLOAT;
  const step = <usize>B * width;
  const own = <usize>rows * width;
  const one = ones();
  for (let t = T - 1; t >= 0; t--) {
    const d = dh + <usize>t * step;
    const hPrevious = h + <usize>t * step;
    const stepGates = gates + <usize>t * 4 * step;
    // multiply(gates, …, h, panels): h[t] also reached r, z and q of step t + 1 through W_hh
    if (t < T - 1) multiply(d, ld, d, ld, stepGates + 4 * step + width, 4 * ld, 1, panels, rows, H, 3 * ld);
    for (let b: usize = 0, row = stepGates; b < own; b += width, row += 4 * width) {
      for (let j: usize = 0; j < width; j += 16) {
        const p = row + j;
        const n = v128.load(p);
        const r = v128.load(p + width);
        const z = v128.load(p + 2 * width);
        const q = v128.load(p + 3 * width);
        const dH = v128.load(d + b + j);
        // h[t] = (1 − z) n + z h[t−1]
        const dN = f32x4.mul(dH, f32x4.sub(one, z));
        const dZ = f32x4.mul(dH, f32x4.sub(v128.load(hPrevious + b + j), n));
        if (t > 0) {
          const dPrevious = d - step + b + j;
          v128.store(dPrevious, madd(dH, z, v128.load(dPrevious)));
        }
        // n = tanh(x + r q): dn/d(x + r q) = 1 − n²
        const dX = f32x4.mul(dN, f32x4.sub(one, f32x4.mul(n, n)));
        const dR = f32x4.mul(dX, q);
        // r, z = sigmoid(x): dy/dx = y (1 − y)
        v128.store(p, dX);
        v128.store(p + width, f32x4.mul(dR, f32x4.mul(r, f32x4.sub(one, r))));
        v128.store(p + 2 * width, f32x4.mul(dZ, f32x4.mul(z, f32x4.sub(one, z))));
        v128.store(p + 3 * width, f32x4.mul(dX, r));
      }
    }
  }
}
