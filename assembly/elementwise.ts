import { FLOAT } from "./simd";

/*
 * Sweeps over rows. `ld` is a row's padded width in floats, a multiple of 4; all of it is read and written, so that
 * padding that is zero stays zero.
 */

/** y (ld) = a + b: the two biases of a layer, as the forward pass needs them. */
export function addVectors(y: usize, a: usize, b: usize, ld: i32): void {
  for (let j: usize = 0, end = <usize>ld * FLOAT; j < end; j += 16) {
    v128.store(y + j, f32x4.add(v128.load(a + j), v128.load(b + j)));
  }
}

/** y (rows, ld) = table[indices] + bias: the product of one-hot rows with a (V, ld) weight, without the zeros. */
export function gatherRows(y: usize, table: usize, bias: usize, indices: usize, rows: i32, ld: i32): void {
  const width = <usize>ld * FLOAT;
  for (let r = 0; r < rows; r++, y += width) {
    const row = table + <usize>load<u32>(indices + ((<usize>r) << 2)) * width;
    for (let j: usize = 0; j < width; j += 16) {
      v128.store(y + j, f32x4.add(v128.load(row + j), v128.load(bias + j)));
    }
  }
}

/** dTable[indices] += dY (rows, ld), row after row: the gradient of `y = table[indices] + bias`. */
export function scatterAddRows(dTable: usize, dY: usize, indices: usize, rows: i32, ld: i32): void {
  const width = <usize>ld * FLOAT;
  for (let r = 0; r < rows; r++, dY += width) {
    const row = dTable + <usize>load<u32>(indices + ((<usize>r) << 2)) * width;
    for (let j: usize = 0; j < width; j += 16) {
      v128.store(row + j, f32x4.add(v128.load(row + j), v128.load(dY + j)));
    }
  }
}

/**
 * sums (ld) = the columns of d (rows, ld) summed up: a bias's gradient. Blocks of rows are summed apart and then
 * together, so that the rounding error of thousands of rows stays that of hundreds.
 */
export function columnSums(sums: usize, d: usize, rows: i32, ld: i32): void {
  const width = <usize>ld * FLOAT;
  for (let j: usize = 0; j < width; j += 16) {
    let total = f32x4.splat(0);
    for (let first = 0; first < rows; first += 128) {
      let block = f32x4.splat(0);
      const last = min(rows, first + 128);
      for (let r = first; r < last; r++) block = f32x4.add(block, v128.load(d + <usize>r * width + j));
      total = f32x4.add(total, block);
    }
    v128.store(sums + j, total);
  }
}
