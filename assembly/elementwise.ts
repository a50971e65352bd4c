import { FLOAT } from "./simd";

/*
 * Sweeps over rows. `width` is what is read and written of a row, `ld` how far it is to the next one, both in floats and
 * multiples of 4: padding is swept along, so that padding that is zero stays zero.
 */

/** y (width) = a + b: the two biases of a layer, as the forward pass needs them. */
export function addVectors(y: usize, a: usize, b: usize, width: i32): void {
  for (let j: usize = 0, end = <usize>width * FLOAT; j < end; j += 16) {
    v128.store(y + j, f32x4.add(v128.load(a + j), v128.load(b + j)));
  }
}

/** y (rows, width) = table[indices] + bias: the product of one-hot rows with a (V, width) weight, without the zeros. */
export function gatherRows(y: usize, ldy: i32, table: usize, bias: usize, indices: usize, rows: i32, width: i32): void {
  const bytes = <usize>width * FLOAT;
  for (let r = 0; r < rows; r++, y += <usize>ldy * FLOAT) {
    const row = table + <usize>load<u32>(indices + ((<usize>r) << 2)) * bytes;
    for (let j: usize = 0; j < bytes; j += 16) {
      v128.store(y + j, f32x4.add(v128.load(row + j), v128.load(bias + j)));
    }
  }
}

/** Rows that are summed up before their sum is added to the rest, as K_BLOCK of gemm.ts: one-hot rows give the same bits. */
const ROW_BLOCK: i32 = 256;

/**
 * dTable[indices] += dY (rows, width): the gradient of `y = table[indices] + bias`. `sums` is a table of zeros, laid out
 * as dTable, and is left so. `ldt` is the row of both.
 */
export function scatterAddRows(
  dTable: usize,
  sums: usize,
  ldt: i32,
  dY: usize,
  ldd: i32,
  indices: usize,
  rows: i32,
  width: i32,
): void {
  for (let first = 0; first < rows; first += ROW_BLOCK) {
    const last = min(rows, first + ROW_BLOCK);
    for (let r = first; r < last; r++) {
      const row = <usize>load<u32>(indices + ((<usize>r) << 2)) * ldt * FLOAT;
      addTo(sums + row, dY + <usize>r * ldd * FLOAT, width);
    }
    // A symbol that the block has twice finds its sum taken, and adds zeros.
    for (let r = first; r < last; r++) {
      const row = <usize>load<u32>(indices + ((<usize>r) << 2)) * ldt * FLOAT;
      moveTo(dTable + row, sums + row, width);
    }
  }
}

/** y (width) += x */
function addTo(y: usize, x: usize, width: i32): void {
  for (let j: usize = 0, end = <usize>width * FLOAT; j < end; j += 16) {
    v128.store(y + j, f32x4.add(v128.load(y + j), v128.load(x + j)));
  }
}

/** y (width) += x, and x = 0 */
function moveTo(y: usize, x: usize, width: i32): void {
  addTo(y, x, width);
  for (let j: usize = 0, end = <usize>width * FLOAT; j < end; j += 16) v128.store(x + j, f32x4.splat(0));
}

/**
 * sums (width) = the columns of d (rows, width) summed up: a bias's gradient. Blocks of rows are summed apart and then
 * together, so that the rounding error of thousands of rows stays that of hundreds, and a block stays in the cache.
 */
export function columnSums(sums: usize, d: usize, ldd: i32, rows: i32, width: i32): void {
  const stride = <usize>ldd * FLOAT;
  const bytes = <usize>width * FLOAT;
  for (let j: usize = 0; j < bytes; j += 16) v128.store(sums + j, f32x4.splat(0));
  for (let first = 0; first < rows; first += 128) {
    const last = min(rows, first + 128);
    for (let j: usize = 0; j < bytes; j += 16) {
      let block = f32x4.splat(0);
      for (let r = first; r < last; r++) block = f32x4.add(block, v128.load(d + <usize>r * stride + j));
      v128.store(sums + j, f32x4.add(v128.load(sums + j), block));
    }
  }
}
