import { multiply } from "./gemm";
import { ones, sigmoid, tanh } from "./math";
import { FLOAT, madd, padded } from "./simd";

/*
 * Long short-term memory, gates i, f, g, o:
 *   i, f, o = sigmoid(W_ih x[t] + b_ih + W_hh h[t−1] + b_hh),  g = tanh(…)
 *   c[t] = f c[t−1] + i g
 *   h[t] = o tanh(c[t])
 * https://pytorch.org/docs/stable/generated/torch.nn.LSTM.html
 *
 * h and c are (T + 1, B, ld) with ld = padded(H): slot 0 is the initial state, slot t + 1 belongs to step t. gates is
 * (T, B, 4·ld): before the forward pass W_ih x + b_ih + b_hh, after it i, f, g, o, after the backward pass their
 * gradients before the activation.
 */

/** Forward over T steps of `rows` sequences, of B that lie in each step. `panels` is W_hhᵀ (H, 4·ld) packed; `hasState` is false where slot 0 of h is all zeros. */
export function lstmForward(
  h: usize,
  c: usize,
  gates: usize,
  panels: usize,
  T: i32,
  B: i32,
  rows: i32,
  H: i32,
  hasState: bool,
): void {
  const ld = padded(H);
  const step = <usize>(B * ld) * FLOAT;
  for (let t = 0; t < T; t++, h += step, c += step, gates += 4 * step) {
    if (t > 0 || hasState) multiply(gates, 4 * ld, gates, 4 * ld, h, ld, 1, panels, rows, 4 * ld, H);
    lstmCell(h + step, c + step, c, gates, rows, ld);
  }
}

/** One step of `rows` sequences from the sums of its gates, which become i, f, g, o. cPrevious may be c. */
export function lstmCell(h: usize, c: usize, cPrevious: usize, gates: usize, rows: i32, ld: i32): void {
  const width = <usize>ld * FLOAT;
  for (let b: usize = 0, end = <usize>rows * width; b < end; b += width, gates += 4 * width) {
    for (let j: usize = 0; j < width; j += 16) {
      const p = gates + j;
      const i = sigmoid(v128.load(p));
      const f = sigmoid(v128.load(p + width));
      const g = tanh(v128.load(p + 2 * width));
      const o = sigmoid(v128.load(p + 3 * width));
      const cell = madd(f, v128.load(cPrevious + b + j), f32x4.mul(i, g));
      v128.store(p, i);
      v128.store(p + width, f);
      v128.store(p + 2 * width, g);
      v128.store(p + 3 * width, o);
      v128.store(c + b + j, cell);
      v128.store(h + b + j, f32x4.mul(o, tanh(cell)));
    }
  }
}

/**
 * Backward over T steps of `rows` sequences, of B that lie in each step. dh (T, B, ld) holds the gradients that the layer above gives to h[t] and is left with the whole
 * of them; dc (B, ld) is scratch, zero at the start. `panels` is W_hh (4·ld, H) packed.
 */
export function lstmBackward(
  dh: usize,
  dc: usize,
  gates: usize,
  c: usize,
  panels: usize,
  T: i32,
  B: i32,
  rows: i32,
  H: i32,
): void {
  const ld = padded(H);
  const width = <usize>ld * FLOAT;
  const step = <usize>B * width;
  const own = <usize>rows * width;
  const one = ones();
  for (let t = T - 1; t >= 0; t--) {
    const d = dh + <usize>t * step;
    const cPrevious = c + <usize>t * step;
    const stepGates = gates + <usize>t * 4 * step;
    // multiply(gates, …, h, panels): h[t] also reached the gates of step t + 1 through W_hh
    if (t < T - 1) multiply(d, ld, d, ld, stepGates + 4 * step, 4 * ld, 1, panels, rows, H, 4 * ld);
    for (let b: usize = 0, row = stepGates; b < own; b += width, row += 4 * width) {
      for (let j: usize = 0; j < width; j += 16) {
        const p = row + j;
        const i = v128.load(p);
        const f = v128.load(p + width);
        const g = v128.load(p + 2 * width);
        const o = v128.load(p + 3 * width);
        const dH = v128.load(d + b + j);
        // h = o tanh(c)
        const tanhC = tanh(v128.load(cPrevious + step + b + j));
        const dO = f32x4.mul(dH, tanhC);
        const dCell = madd(f32x4.mul(dH, o), f32x4.sub(one, f32x4.mul(tanhC, tanhC)), v128.load(dc + b + j));
        // c[t] = f c[t−1] + i g
        const dF = f32x4.mul(dCell, v128.load(cPrevious + b + j));
        const dI = f32x4.mul(dCell, g);
        const dG = f32x4.mul(dCell, i);
        v128.store(dc + b + j, f32x4.mul(dCell, f));
        // i, f, o = sigmoid(x): dy/dx = y (1 − y).   g = tanh(x): dg/dx = 1 − g²
        v128.store(p, f32x4.mul(dI, f32x4.mul(i, f32x4.sub(one, i))));
        v128.store(p + width, f32x4.mul(dF, f32x4.mul(f, f32x4.sub(one, f))));
        v128.store(p + 2 * width, f32x4.mul(dG, f32x4.sub(one, f32x4.mul(g, g))));
        v128.store(p + 3 * width, f32x4.mul(dO, f32x4.mul(o, f32x4.sub(one, o))));
      }
    }
  }
}
