import type { State } from "../network/network.js";
import type { Tensor } from "../tensor/tensor.js";

/** Row b of the result is row `rows[b]` of a state, (L, B, H) to (L, rows.length, H). A zero state stays one. */
export function takeRows(state: State | undefined, rows: readonly number[]): State | undefined {
  return state && { h: take(state.h, rows), ...(state.c && { c: take(state.c, rows) }) };
}

function take({ data, shape }: Tensor, rows: readonly number[]): Tensor {
  const [L = 0, B = 0, H = 0] = shape;
  const taken = new Float32Array(L * rows.length * H);
  for (let l = 0, to = 0; l < L; l++) {
    for (const row of rows) {
      const from = (l * B + row) * H;
      taken.set(data.subarray(from, from + H), to);
      to += H;
    }
  }
  return { data: taken, shape: [L, rows.length, H] };
}
