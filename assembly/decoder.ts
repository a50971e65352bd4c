import { gatherRows } from "./elementwise";
import { multiply, multiplyRow } from "./gemm";
import { gruCell } from "./gru";
import { rowMax, softmax } from "./loss";
import { lstmCell } from "./lstm";
import { activate } from "./rnn";
import { FLOAT, padded } from "./simd";

/*
 * A network that writes: one symbol of B texts side by side goes through all layers, the logits of the next one come out,
 * and one is drawn. The state stays in place. Where everything lies is in a table of 32-bit words, written once by
 * src/network/decoder.ts, which has the same order: twelve words, then six for each layer.
 */
const CELL = 0; // 0 rnn with tanh, 1 rnn with relu, 2 gru, 3 lstm
const ROWS = 1; // B
const LAYERS = 2;
const HIDDEN = 3; // H
const OUTPUTS = 4; // O
const SYMBOLS = 5; // (B) class indices: what is read, and then what was drawn
const UNIFORMS = 6; // (B) doubles, ≥ 0 and < 1; below 0 where a row draws no more
const GATES = 7; // (B, ld) rnn, (B, 4·ld): one layer's at a time
const LOGITS = 8; // (B, padded(O))
const WEIGHTS = 9; // (padded(O)): what a row's symbol is drawn from
const FC = 10; // W_fcᵀ packed
const FC_BIAS = 11;
const FIRST_LAYER = 12;

const IH = 0; // of layer 0 the table (V, G·ld), else W_ihᵀ packed
const BIAS = 1; // as the projection adds it
const HH = 2; // W_hhᵀ packed; gru: n apart
const BIAS_HN = 3; // gru
const H_STATE = 4; // (B, ld)
const C_STATE = 5; // lstm: (B, ld)
const LAYER_WORDS = 6;

/** An address in the table, or in a layer's part of it. */
function address(table: usize, index: i32): usize {
  return load<u32>(table + ((<usize>index) << 2));
}

/** A size in it. */
function size(table: usize, index: i32): i32 {
  return load<i32>(table + ((<usize>index) << 2));
}

/** Reads one symbol of each row: leaves the state after it, and the logits of the next. */
export function readSymbols(table: usize): void {
  const cell = size(table, CELL);
  const rows = size(table, ROWS);
  const layers = size(table, LAYERS);
  const H = size(table, HIDDEN);
  const O = size(table, OUTPUTS);
  const gates = address(table, GATES);
  const ld = padded(H);
  const width = cell < 2 ? ld : cell == 2 ? 3 * ld : 4 * ld;
  const ldGates = cell < 2 ? ld : 4 * ld;
  let x: usize = 0;
  for (let l = 0; l < layers; l++) {
    const layer = table + ((<usize>(FIRST_LAYER + l * LAYER_WORDS)) << 2);
    const h = address(layer, H_STATE);
    const panels = address(layer, HH);
    // W_ih x + b_ih + b_hh
    if (l == 0)
      gatherRows(gates, ldGates, address(layer, IH), address(layer, BIAS), address(table, SYMBOLS), rows, width);
    else product(gates, ldGates, address(layer, BIAS), 0, x, ld, address(layer, IH), rows, width, H);
    if (cell < 2) {
      product(gates, ld, gates, ld, h, ld, panels, rows, H, H);
      activate(h, gates, <usize>(rows * ld) * FLOAT, cell == 1);
    } else if (cell == 2) {
      const rz = gates + <usize>ld * FLOAT;
      product(rz, 4 * ld, rz, 4 * ld, h, ld, panels, rows, 2 * ld, H);
      const q = gates + 3 * <usize>ld * FLOAT;
      product(q, 4 * ld, address(layer, BIAS_HN), 0, h, ld, panels + <usize>(H * 2 * ld) * FLOAT, rows, ld, H);
      gruCell(h, h, gates, 0, rows, ld);
    } else {
      const c = address(layer, C_STATE);
      product(gates, 4 * ld, gates, 4 * ld, h, ld, panels, rows, 4 * ld, H);
      lstmCell(h, c, c, gates, rows, ld);
    }
    x = h;
  }
  // logits = h W_fcᵀ + b_fc
  product(address(table, LOGITS), padded(O), address(table, FC_BIAS), 0, x, ld, address(table, FC), rows, O, H);
}

/** C (rows, N) = init + A (rows, K) · B; one row has panels of its own (packForRow). */
function product(
  c: usize,
  ldc: i32,
  init: usize,
  ldInit: i32,
  a: usize,
  lda: i32,
  panels: usize,
  rows: i32,
  N: i32,
  K: i32,
): void {
  if (rows == 1) multiplyRow(c, init, a, panels, N, K);
  else multiply(c, ldc, init, ldInit, a, lda, 1, panels, rows, N, K);
}

/**
 * Draws a symbol of each row from softmax(logits / temperature) by the row's uniform number; at temperature 0 the first
 * of the likeliest. The logits stay, and so does the symbol of a row that draws no more.
 *
 * @returns the first row whose logits are not all finite: nothing was drawn for it and those behind it. Else −1.
 */
export function drawSymbols(table: usize, temperature: f64): i32 {
  const rows = size(table, ROWS);
  const O = size(table, OUTPUTS);
  const weights = address(table, WEIGHTS);
  const width = <usize>padded(O) * FLOAT;
  for (let r = 0; r < rows; r++) {
    const logits = address(table, LOGITS) + <usize>r * width;
    const uniform = load<f64>(address(table, UNIFORMS) + ((<usize>r) << 3));
    if (uniform < 0) continue;
    if (!isFinite(logits, width)) return r;
    const highest = rowMax(logits, O);
    let symbol: i32;
    if (temperature == 0) {
      symbol = 0;
      while (load<f32>(logits + ((<usize>symbol) << 2)) != highest) symbol++;
    } else {
      // The likeliest symbol at 0, where no temperature overflows.
      for (let j: usize = 0; j < width; j += 16) {
        const shifted = f32x4.sub(v128.load(logits + j), f32x4.splat(highest));
        v128.store(weights + j, f32x4.max(shifted, f32x4.splat(-f32.MAX_VALUE)));
      }
      softmax(weights, 1, O, <f32>(1 / temperature));
      symbol = drawIndex(weights, O, uniform);
    }
    store<u32>(address(table, SYMBOLS) + ((<usize>r) << 2), symbol);
  }
  return -1;
}

/** Both in one call. */
export function writeSymbols(table: usize, temperature: f64): i32 {
  readSymbols(table);
  return drawSymbols(table, temperature);
}

function isFinite(row: usize, width: usize): bool {
  for (let j: usize = 0; j < width; j += 16) {
    const below = f32x4.lt(f32x4.abs(v128.load(row + j)), f32x4.splat(Infinity));
    if (!i32x4.all_true(below)) return false;
  }
  return true;
}

/** As drawIndex of src/sampling/filters.ts, with the same bits. */
function drawIndex(weights: usize, O: i32, uniform: f64): i32 {
  let total: f64 = 0;
  for (let i = 0; i < O; i++) total += load<f32>(weights + ((<usize>i) << 2));
  const target = uniform * total;
  let sum: f64 = 0;
  let last = 0;
  for (let i = 0; i < O; i++) {
    const weight = load<f32>(weights + ((<usize>i) << 2));
    if (weight == 0) continue;
    sum += weight;
    last = i;
    if (sum > target) break;
  }
  return last;
}
