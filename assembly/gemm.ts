import { FLOAT, madd, padded } from "./simd";

/*
 * Matrix products. C (M, N) = init + A (M, K) · B (K, N), row-major.
 *
 * B is packed first, into panels of eight columns: a panel is K rows of eight floats, one after another, so that the
 * inner loop reads it as one stream. Where padded(N) is no multiple of eight the last panel is twelve columns wide, or
 * four where there are no more: a tile of four columns loads as much as it computes.
 * Whether B lies as (K, N) or transposed as (N, K) matters to the packing only. A is read in place by splat loads
 * with a stride for each direction, so that A and Aᵀ take the same road.
 *
 *   NN  pack      then multiply with A's strides (lda, 1)
 *   NT  packTransposed, likewise
 *   TN  weightGradient, which packs B in blocks of rows and multiplies with strides (1, lda)
 *
 * `init` is what the sum is added to: C itself for `+=`, a bias row with ldInit = 0, or a row of zeros with ldInit = 0.
 * It comes last: a gradient over thousands of rows is a sum of sums of 256, whose rounding error stays that of hundreds.
 * Leading dimensions and strides are in floats here and in bytes inside the tiles. Columns N to padded(N) of C are
 * written as init + 0 (NN, TN: as init + A · padding of B): they stay zero when the padding of B and init is zero.
 * C may be `init`; nothing else may overlap.
 */

/** Rows of A that are run through all panels before the next ones: they stay in the second-level cache. */
const ROW_BLOCK: i32 = 48;

/** Rows of a weight gradient's sum that are packed at a time: a panel of them is 8 KiB, a part of the first-level cache. */
const K_BLOCK: i32 = 256;

/** Floats that `pack` and `packTransposed` write. */
export function packedSize(K: i32, N: i32): i32 {
  return K * padded(N);
}

/** Columns of the next panel, of those that are left. */
function panelWidth(left: i32): i32 {
  return left == 12 ? 12 : min(8, left);
}

/** Panels of B (K, N), with leading dimension ldb ≥ padded(N). */
export function pack(panels: usize, b: usize, ldb: i32, K: i32, N: i32): void {
  const stride = <usize>ldb * FLOAT;
  for (let left = padded(N); left > 0; ) {
    const width = panelWidth(left);
    const bytes = <usize>width * FLOAT;
    let row = b;
    for (let k = 0; k < K; k++, row += stride, panels += bytes) {
      v128.store(panels, v128.load(row));
      if (width > 4) v128.store(panels, v128.load(row, 16), 16);
      if (width > 8) v128.store(panels, v128.load(row, 32), 32);
    }
    b += bytes;
    left -= width;
  }
}

/** Panels of B = b transposed, b being (N, K) with leading dimension ldb; columns N to padded(N) are zero. */
export function packTransposed(panels: usize, b: usize, ldb: i32, K: i32, N: i32): void {
  const columns = padded(N);
  for (let j = 0; j < columns; ) {
    const width = panelWidth(columns - j);
    for (let k = 0; k < K; k++, panels += <usize>width * FLOAT) {
      for (let i = 0; i < width; i++) {
        const value = j + i < N ? load<f32>(b + (<usize>(j + i) * ldb + k) * FLOAT) : 0;
        store<f32>(panels + <usize>i * FLOAT, value);
      }
    }
    j += width;
  }
}

/** C (M, N) = init + A (M, K) · B from its panels; A's element (m, k) is at m · rowStride + k · columnStride. */
export function multiply(
  c: usize,
  ldc: i32,
  init: usize,
  ldInit: i32,
  a: usize,
  rowStride: i32,
  columnStride: i32,
  panels: usize,
  M: i32,
  N: i32,
  K: i32,
): void {
  const columns = padded(N);
  const cs = <usize>ldc * FLOAT;
  const is = <usize>ldInit * FLOAT;
  const rs = <usize>rowStride * FLOAT;
  const ks = <usize>columnStride * FLOAT;
  for (let m0 = 0, end = 0; m0 < M; m0 = end) {
    // A few rows more are no block of their own: 50 are seven tiles of six and two of four.
    end = M - m0 < ROW_BLOCK + 6 ? M : m0 + ROW_BLOCK;
    let panel = panels;
    let j = 0;
    if (M == 1) {
      // One row is bound by reading the panels: four of them side by side, as many chains as hide the latency.
      const apart = <usize>K * 32;
      // Not where the fourth were the one of twelve columns.
      for (; columns - j >= 32 && columns - j != 36; j += 32) {
        tile1x32(c + <usize>j * FLOAT, init + <usize>j * FLOAT, a, ks, panel, apart, 32, K);
        panel += <usize>K * 128;
      }
    }
    while (j < columns) {
      const width = panelWidth(columns - j);
      const column = <usize>j * FLOAT;
      for (let m = m0; m < end; ) {
        const cm = c + <usize>m * cs + column;
        const im = init + <usize>m * is + column;
        const am = a + <usize>m * rs;
        const rows = width == 12 ? min(3, end - m) : width == 8 ? tileRows(end - m) : min(4, end - m);
        if (width == 12) tile3x12(cm, cs, im, is, am, rs, ks, panel, rows, K);
        else if (width == 4) tile4x4(cm, cs, im, is, am, rs, ks, panel, rows, K);
        else if (rows > 4) tile6x8(cm, cs, im, is, am, rs, ks, panel, rows, K);
        else tile4x8(cm, cs, im, is, am, rs, ks, panel, rows, K);
        m += rows;
      }
      panel += <usize>(K * width) * FLOAT;
      j += width;
    }
  }
}

/** B (K, N) for products of one row: panels of 32 columns, which are read as one stream, then those of `pack`. */
export function packForRow(panels: usize, b: usize, ldb: i32, K: i32, N: i32): void {
  const stride = <usize>ldb * FLOAT;
  let left = padded(N);
  for (; left >= 32; left -= 32, b += 128) {
    let row = b;
    for (let k = 0; k < K; k++, row += stride, panels += 128) {
      for (let j: usize = 0; j < 128; j += 16) v128.store(panels + j, v128.load(row + j));
    }
  }
  if (left > 0) pack(panels, b, ldb, K, left);
}

/** c (N) = init + a (K) · B from what `packForRow` made of it. */
export function multiplyRow(c: usize, init: usize, a: usize, panels: usize, N: i32, K: i32): void {
  let left = padded(N);
  for (; left >= 32; left -= 32, c += 128, init += 128) {
    tile1x32(c, init, a, FLOAT, panels, 32, 128, K);
    panels += <usize>K * 128;
  }
  if (left > 0) multiply(c, 0, init, 0, a, 0, 1, panels, 1, left, K);
}

/**
 * How many of the rows that are left the next tile of eight columns takes. Tiles of six and of four together cover any count but 1, 2
 * and 3 with at most one row idle: 8 = 4 + 4, 9 = 6 + 3, 11 = 6 + 5, 13 = 6 + 4 + 3.
 * Without fused multiply-add six rows need more registers than there are.
 */
function tileRows(left: i32): i32 {
  if (!ASC_FEATURE_RELAXED_SIMD) return min(4, left);
  return left == 7 || left == 8 || left <= 4 ? min(4, left) : min(6, left);
}

/**
 * dW (M, N) = Aᵀ · D for A (K, M) and D (K, N): K ≥ 1 rows of activations and of gradients become a weight's gradient.
 * On the way the columns of D are added to `sums` (padded(N)), a bias's gradient, unless it is 0. `zeros` is a row of
 * padded(N) zeros, `scratch` holds packedSize(min(K, 256), N) floats.
 */
export function weightGradient(
  dW: usize,
  ldw: i32,
  a: usize,
  lda: i32,
  d: usize,
  ldd: i32,
  M: i32,
  N: i32,
  K: i32,
  zeros: usize,
  scratch: usize,
  sums: usize,
): void {
  let init = zeros;
  let ldInit = 0;
  for (let k = 0; k < K; k += K_BLOCK) {
    const depth = min(K_BLOCK, K - k);
    pack(scratch, d + <usize>k * ldd * FLOAT, ldd, depth, N);
    if (sums) addPanelSums(sums, scratch, depth, padded(N));
    multiply(dW, ldw, init, ldInit, a + <usize>k * lda * FLOAT, 1, lda, scratch, M, N, depth);
    init = dW;
    ldInit = ldw;
  }
}

/** sums (columns) += the columns of panels of K rows. Two rows are added together first: half the chain, half the error. */
function addPanelSums(sums: usize, panels: usize, K: i32, columns: i32): void {
  for (let left = columns; left > 0; ) {
    const width = <usize>panelWidth(left) * FLOAT;
    for (let j: usize = 0; j < width; j += 16, sums += 16) {
      let row = panels + j;
      let sum = f32x4.splat(0);
      let k = 0;
      for (; k + 2 <= K; k += 2, row += 2 * width) {
        sum = f32x4.add(sum, f32x4.add(v128.load(row), v128.load(row + width)));
      }
      if (k < K) sum = f32x4.add(sum, v128.load(row));
      v128.store(sums, f32x4.add(v128.load(sums), sum));
    }
    panels += <usize>K * width;
    left -= <i32>(width / FLOAT);
  }
}

/** Six rows, eight columns; `rows` is 5 or 6: a row that is not there repeats the first and is not stored. */
function tile6x8(
  c: usize,
  ldc: usize,
  init: usize,
  ldInit: usize,
  a: usize,
  rowStride: usize,
  columnStride: usize,
  panel: usize,
  rows: i32,
  K: i32,
): void {
  const last = rows == 6;
  let a0 = a;
  let a1 = a + rowStride;
  let a2 = a + 2 * rowStride;
  let a3 = a + 3 * rowStride;
  let a4 = a + 4 * rowStride;
  let a5 = last ? a + 5 * rowStride : a;
  let acc0x0123 = f32x4.splat(0);
  let acc0x4567 = f32x4.splat(0);
  let acc1x0123 = f32x4.splat(0);
  let acc1x4567 = f32x4.splat(0);
  let acc2x0123 = f32x4.splat(0);
  let acc2x4567 = f32x4.splat(0);
  let acc3x0123 = f32x4.splat(0);
  let acc3x4567 = f32x4.splat(0);
  let acc4x0123 = f32x4.splat(0);
  let acc4x4567 = f32x4.splat(0);
  let acc5x0123 = f32x4.splat(0);
  let acc5x4567 = f32x4.splat(0);
  for (const end = panel + <usize>K * 32; panel < end; panel += 32) {
    const b0123 = v128.load(panel);
    const b4567 = v128.load(panel, 16);
    const x0 = v128.load32_splat(a0);
    acc0x0123 = madd(x0, b0123, acc0x0123);
    acc0x4567 = madd(x0, b4567, acc0x4567);
    const x1 = v128.load32_splat(a1);
    acc1x0123 = madd(x1, b0123, acc1x0123);
    acc1x4567 = madd(x1, b4567, acc1x4567);
    const x2 = v128.load32_splat(a2);
    acc2x0123 = madd(x2, b0123, acc2x0123);
    acc2x4567 = madd(x2, b4567, acc2x4567);
    const x3 = v128.load32_splat(a3);
    acc3x0123 = madd(x3, b0123, acc3x0123);
    acc3x4567 = madd(x3, b4567, acc3x4567);
    const x4 = v128.load32_splat(a4);
    acc4x0123 = madd(x4, b0123, acc4x0123);
    acc4x4567 = madd(x4, b4567, acc4x4567);
    const x5 = v128.load32_splat(a5);
    acc5x0123 = madd(x5, b0123, acc5x0123);
    acc5x4567 = madd(x5, b4567, acc5x4567);
    a0 += columnStride;
    a1 += columnStride;
    a2 += columnStride;
    a3 += columnStride;
    a4 += columnStride;
    a5 += columnStride;
  }
  v128.store(c, f32x4.add(v128.load(init), acc0x0123));
  v128.store(c, f32x4.add(v128.load(init, 16), acc0x4567), 16);
  v128.store(c + ldc, f32x4.add(v128.load(init + ldInit), acc1x0123));
  v128.store(c + ldc, f32x4.add(v128.load(init + ldInit, 16), acc1x4567), 16);
  v128.store(c + 2 * ldc, f32x4.add(v128.load(init + 2 * ldInit), acc2x0123));
  v128.store(c + 2 * ldc, f32x4.add(v128.load(init + 2 * ldInit, 16), acc2x4567), 16);
  v128.store(c + 3 * ldc, f32x4.add(v128.load(init + 3 * ldInit), acc3x0123));
  v128.store(c + 3 * ldc, f32x4.add(v128.load(init + 3 * ldInit, 16), acc3x4567), 16);
  v128.store(c + 4 * ldc, f32x4.add(v128.load(init + 4 * ldInit), acc4x0123));
  v128.store(c + 4 * ldc, f32x4.add(v128.load(init + 4 * ldInit, 16), acc4x4567), 16);
  if (!last) return;
  v128.store(c + 5 * ldc, f32x4.add(v128.load(init + 5 * ldInit), acc5x0123));
  v128.store(c + 5 * ldc, f32x4.add(v128.load(init + 5 * ldInit, 16), acc5x4567), 16);
}

/** Four rows, eight columns; `rows` is 1 to 4: a row that is not there repeats the first and is not stored. */
function tile4x8(
  c: usize,
  ldc: usize,
  init: usize,
  ldInit: usize,
  a: usize,
  rowStride: usize,
  columnStride: usize,
  panel: usize,
  rows: i32,
  K: i32,
): void {
  let a0 = a;
  let a1 = rows > 1 ? a + rowStride : a;
  let a2 = rows > 2 ? a + 2 * rowStride : a;
  let a3 = rows > 3 ? a + 3 * rowStride : a;
  let acc0x0123 = f32x4.splat(0);
  let acc0x4567 = f32x4.splat(0);
  let acc1x0123 = f32x4.splat(0);
  let acc1x4567 = f32x4.splat(0);
  let acc2x0123 = f32x4.splat(0);
  let acc2x4567 = f32x4.splat(0);
  let acc3x0123 = f32x4.splat(0);
  let acc3x4567 = f32x4.splat(0);
  for (const end = panel + <usize>K * 32; panel < end; panel += 32) {
    const b0123 = v128.load(panel);
    const b4567 = v128.load(panel, 16);
    const x0 = v128.load32_splat(a0);
    acc0x0123 = madd(x0, b0123, acc0x0123);
    acc0x4567 = madd(x0, b4567, acc0x4567);
    const x1 = v128.load32_splat(a1);
    acc1x0123 = madd(x1, b0123, acc1x0123);
    acc1x4567 = madd(x1, b4567, acc1x4567);
    const x2 = v128.load32_splat(a2);
    acc2x0123 = madd(x2, b0123, acc2x0123);
    acc2x4567 = madd(x2, b4567, acc2x4567);
    const x3 = v128.load32_splat(a3);
    acc3x0123 = madd(x3, b0123, acc3x0123);
    acc3x4567 = madd(x3, b4567, acc3x4567);
    a0 += columnStride;
    a1 += columnStride;
    a2 += columnStride;
    a3 += columnStride;
  }
  v128.store(c, f32x4.add(v128.load(init), acc0x0123));
  v128.store(c, f32x4.add(v128.load(init, 16), acc0x4567), 16);
  if (rows < 2) return;
  v128.store(c + ldc, f32x4.add(v128.load(init + ldInit), acc1x0123));
  v128.store(c + ldc, f32x4.add(v128.load(init + ldInit, 16), acc1x4567), 16);
  if (rows < 3) return;
  v128.store(c + 2 * ldc, f32x4.add(v128.load(init + 2 * ldInit), acc2x0123));
  v128.store(c + 2 * ldc, f32x4.add(v128.load(init + 2 * ldInit, 16), acc2x4567), 16);
  if (rows < 4) return;
  v128.store(c + 3 * ldc, f32x4.add(v128.load(init + 3 * ldInit), acc3x0123));
  v128.store(c + 3 * ldc, f32x4.add(v128.load(init + 3 * ldInit, 16), acc3x4567), 16);
}

/** Three rows, twelve columns; `rows` is 1 to 3: a row that is not there repeats the first and is not stored. */
function tile3x12(
  c: usize,
  ldc: usize,
  init: usize,
  ldInit: usize,
  a: usize,
  rowStride: usize,
  columnStride: usize,
  panel: usize,
  rows: i32,
  K: i32,
): void {
  let a0 = a;
  let a1 = rows > 1 ? a + rowStride : a;
  let a2 = rows > 2 ? a + 2 * rowStride : a;
  let acc0x0123 = f32x4.splat(0);
  let acc0x4567 = f32x4.splat(0);
  let acc0x89AB = f32x4.splat(0);
  let acc1x0123 = f32x4.splat(0);
  let acc1x4567 = f32x4.splat(0);
  let acc1x89AB = f32x4.splat(0);
  let acc2x0123 = f32x4.splat(0);
  let acc2x4567 = f32x4.splat(0);
  let acc2x89AB = f32x4.splat(0);
  for (const end = panel + <usize>K * 48; panel < end; panel += 48) {
    const b0123 = v128.load(panel);
    const b4567 = v128.load(panel, 16);
    const b89AB = v128.load(panel, 32);
    const x0 = v128.load32_splat(a0);
    acc0x0123 = madd(x0, b0123, acc0x0123);
    acc0x4567 = madd(x0, b4567, acc0x4567);
    acc0x89AB = madd(x0, b89AB, acc0x89AB);
    const x1 = v128.load32_splat(a1);
    acc1x0123 = madd(x1, b0123, acc1x0123);
    acc1x4567 = madd(x1, b4567, acc1x4567);
    acc1x89AB = madd(x1, b89AB, acc1x89AB);
    const x2 = v128.load32_splat(a2);
    acc2x0123 = madd(x2, b0123, acc2x0123);
    acc2x4567 = madd(x2, b4567, acc2x4567);
    acc2x89AB = madd(x2, b89AB, acc2x89AB);
    a0 += columnStride;
    a1 += columnStride;
    a2 += columnStride;
  }
  v128.store(c, f32x4.add(v128.load(init), acc0x0123));
  v128.store(c, f32x4.add(v128.load(init, 16), acc0x4567), 16);
  v128.store(c, f32x4.add(v128.load(init, 32), acc0x89AB), 32);
  if (rows < 2) return;
  v128.store(c + ldc, f32x4.add(v128.load(init + ldInit), acc1x0123));
  v128.store(c + ldc, f32x4.add(v128.load(init + ldInit, 16), acc1x4567), 16);
  v128.store(c + ldc, f32x4.add(v128.load(init + ldInit, 32), acc1x89AB), 32);
  if (rows < 3) return;
  v128.store(c + 2 * ldc, f32x4.add(v128.load(init + 2 * ldInit), acc2x0123));
  v128.store(c + 2 * ldc, f32x4.add(v128.load(init + 2 * ldInit, 16), acc2x4567), 16);
  v128.store(c + 2 * ldc, f32x4.add(v128.load(init + 2 * ldInit, 32), acc2x89AB), 32);
}

/** One row, 32 columns: eight from each of four places `apart` bytes from another, and from `step` bytes further for each k. */
function tile1x32(
  c: usize,
  init: usize,
  a: usize,
  columnStride: usize,
  panels: usize,
  apart: usize,
  step: usize,
  K: i32,
): void {
  let panel0 = panels;
  let panel1 = panels + apart;
  let panel2 = panels + 2 * apart;
  let panel3 = panels + 3 * apart;
  let acc00 = f32x4.splat(0);
  let acc04 = f32x4.splat(0);
  let acc08 = f32x4.splat(0);
  let acc12 = f32x4.splat(0);
  let acc16 = f32x4.splat(0);
  let acc20 = f32x4.splat(0);
  let acc24 = f32x4.splat(0);
  let acc28 = f32x4.splat(0);
  for (const end = panel0 + <usize>K * step; panel0 < end; panel0 += step) {
    const x = v128.load32_splat(a);
    acc00 = madd(x, v128.load(panel0), acc00);
    acc04 = madd(x, v128.load(panel0, 16), acc04);
    acc08 = madd(x, v128.load(panel1), acc08);
    acc12 = madd(x, v128.load(panel1, 16), acc12);
    acc16 = madd(x, v128.load(panel2), acc16);
    acc20 = madd(x, v128.load(panel2, 16), acc20);
    acc24 = madd(x, v128.load(panel3), acc24);
    acc28 = madd(x, v128.load(panel3, 16), acc28);
    a += columnStride;
    panel1 += step;
    panel2 += step;
    panel3 += step;
  }
  v128.store(c, f32x4.add(v128.load(init), acc00));
  v128.store(c, f32x4.add(v128.load(init, 16), acc04), 16);
  v128.store(c, f32x4.add(v128.load(init, 32), acc08), 32);
  v128.store(c, f32x4.add(v128.load(init, 48), acc12), 48);
  v128.store(c, f32x4.add(v128.load(init, 64), acc16), 64);
  v128.store(c, f32x4.add(v128.load(init, 80), acc20), 80);
  v128.store(c, f32x4.add(v128.load(init, 96), acc24), 96);
  v128.store(c, f32x4.add(v128.load(init, 112), acc28), 112);
}

/** Four rows, four columns; `rows` is 1 to 4. */
function tile4x4(
  c: usize,
  ldc: usize,
  init: usize,
  ldInit: usize,
  a: usize,
  rowStride: usize,
  columnStride: usize,
  panel: usize,
  rows: i32,
  K: i32,
): void {
  let a0 = a;
  let a1 = rows > 1 ? a + rowStride : a;
  let a2 = rows > 2 ? a + 2 * rowStride : a;
  let a3 = rows > 3 ? a + 3 * rowStride : a;
  let acc0 = f32x4.splat(0);
  let acc1 = f32x4.splat(0);
  let acc2 = f32x4.splat(0);
  let acc3 = f32x4.splat(0);
  for (const end = panel + <usize>K * 16; panel < end; panel += 16) {
    const b = v128.load(panel);
    acc0 = madd(v128.load32_splat(a0), b, acc0);
    acc1 = madd(v128.load32_splat(a1), b, acc1);
    acc2 = madd(v128.load32_splat(a2), b, acc2);
    acc3 = madd(v128.load32_splat(a3), b, acc3);
    a0 += columnStride;
    a1 += columnStride;
    a2 += columnStride;
    a3 += columnStride;
  }
  v128.store(c, f32x4.add(v128.load(init), acc0));
  if (rows > 1) v128.store(c + ldc, f32x4.add(v128.load(init + ldInit), acc1));
  if (rows > 2) v128.store(c + 2 * ldc, f32x4.add(v128.load(init + 2 * ldInit), acc2));
  if (rows > 3) v128.store(c + 3 * ldc, f32x4.add(v128.load(init + 3 * ldInit), acc3));
}
