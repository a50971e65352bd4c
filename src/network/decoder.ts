import type { Arena } from "../core/arena.js";
import { gateCount, padded } from "../core/layout.js";
import type { Engine } from "./engine.js";

const FLOAT = 4;
const CELLS = ["rnn", "rnn relu", "gru", "lstm"];
/** Words of the table that assembly/decoder.ts reads: the first ones, and those of each layer. */
const HEADER_WORDS = 12;
const LAYER_WORDS = 6;

/** Where a decoder has everything: byte offsets. See assembly/decoder.ts. */
export interface Decoder {
  readonly arena: Arena;
  readonly table: number;
  /** (B) class indices. */
  readonly symbols: number;
  /** (B) doubles. */
  readonly uniforms: number;
  /** (B, padded(O)) */
  readonly logits: number;
  /** (B, ld) of each layer; c for lstm. */
  readonly states: readonly { readonly h: number; readonly c: number }[];
  /** Brings up to date what is made of the parameters. */
  refresh(): void;
}

/** Lays out a decoder for B rows in memory that the engine lends; `evict` is called before it takes it back. */
export function layDecoder(engine: Engine, rows: number, evict: () => void): Decoder {
  const { cell, hiddenSize: H, numLayers: L, outputSize: O, nonlinearity } = engine.config;
  const { slots, layers, fcWeight, fcBias } = engine.layout;
  const packing = rows === 1 ? "row" : "rows";
  // It may take a block, before which everyone has to leave.
  engine.packedWeights(packing);
  const ld = padded(H);
  const width = gateCount(cell) * ld;
  const has = { c: cell === "lstm" ? rows * ld : 0, gates: cell === "rnn" ? ld : 4 * ld };
  let [table, symbols, uniforms, logits, weights, gates, zeros] = [0, 0, 0, 0, 0, 0, 0];
  let states: { h: number; c: number }[] = [];
  let biases: number[] = [];
  const arena = engine.lend((plan) => {
    table = plan.take(HEADER_WORDS + LAYER_WORDS * L);
    symbols = plan.take(rows);
    uniforms = plan.take(2 * rows);
    logits = plan.take(rows * padded(O));
    weights = plan.take(padded(O));
    gates = plan.take(rows * has.gates);
    zeros = plan.take(ld);
    states = layers.map(() => ({ h: plan.take(rows * ld), c: plan.take(has.c) }));
    biases = layers.map(() => plan.take(width));
  }, evict);
  arena.floats(zeros, ld).fill(0);

  const refresh = () => {
    const parameter = ({ offset }: (typeof slots)[number]) => engine.parameters + offset * FLOAT;
    const packed = engine.packedWeights(packing);
    const panels = ({ offset }: (typeof slots)[number]) => packed + offset * FLOAT;
    const kind = CELLS.indexOf(nonlinearity === "relu" ? "rnn relu" : cell);
    const words = [kind, rows, L, H, O, symbols, uniforms, gates, logits, weights, panels(fcWeight), parameter(fcBias)];
    for (const [l, { weightIh, weightHh, biasHh }] of layers.entries()) {
      const bias = biases[l] as number;
      const { h, c } = states[l] as { h: number; c: number };
      engine.sumBiases(l, bias, zeros);
      const ih = l === 0 ? parameter(weightIh) : panels(weightIh);
      // gru's b_hn is the last third
      words.push(ih, bias, panels(weightHh), parameter(biasHh) + 2 * ld * FLOAT, h, c);
    }
    arena.integers(table, words.length).set(words);
  };
  refresh();
  return { arena, table, symbols, uniforms, logits, states, refresh };
}
