import { padded } from "../core/layout.js";
import type { Tensor } from "../tensor/tensor.js";
import { type Decoder, layDecoder } from "./decoder.js";
import type { Engine } from "./engine.js";
import { engineOf, type Network, type State } from "./network.js";
import { copyRows } from "./rows.js";

/** Where a text stands, or B texts side by side. Nothing changes what it points to. */
export interface Position {
  /** After all that was read; undefined is zero. */
  readonly state: State | undefined;
  /** (B, O) of the next symbol. */
  readonly logits: Float32Array;
}

/**
 * A network that reads and draws one symbol at a time, in B rows side by side: what sampling and scoring run on. Its state
 * stays in the core, and is its own: whenever the memory is needed for a pass or for another stepper, it is kept here.
 */
export class Stepper {
  readonly rows: number;
  readonly #engine: Engine;
  /** Undefined while the memory is not this one's. */
  #decoder: Decoder | undefined;
  /** The engine's, when what is made of the parameters was. */
  #version = 0;
  /** What the decoder has, while there is none. */
  #state: State | undefined;
  #logits: Float32Array | undefined;
  /** Whether nothing was read yet: the state is zero, and there is none to give. */
  #isNew = true;

  /** rows: B, an integer ≥ 1. The state is zero. */
  constructor(network: Network, rows = 1) {
    this.rows = rows;
    this.#engine = engineOf(network);
  }

  /** Reads one class index per row, (B), and returns the logits of the next symbol, (B, O): a copy. */
  feed(indices: Int32Array): Float32Array {
    const decoder = this.#enter();
    this.#isNew = false;
    decoder.arena.integers(decoder.symbols, this.rows).set(indices);
    this.#engine.kernels.readSymbols(decoder.table);
    return this.#readLogits(decoder);
  }

  /**
   * Draws the next symbol of each row from softmax(logits / temperature): (B) class indices. Equal logits before anything
   * was read.
   *
   * @param temperature ≥ 0; 0 is argmax, the first maximum
   * @param uniforms (B), ≥ 0 and < 1; −1 for a row that draws no more: its symbol stays
   * @throws RangeError where the logits are not finite
   */
  draw(temperature: number, uniforms: ArrayLike<number>): Int32Array {
    const decoder = this.#enter();
    decoder.arena.doubles(decoder.uniforms, this.rows).set(uniforms);
    return this.#drawn(decoder, this.#engine.kernels.drawSymbols(decoder.table, temperature));
  }

  /** `feed` and `draw` in one call into the core. */
  write(indices: Int32Array, temperature: number, uniforms: ArrayLike<number>): Int32Array {
    const decoder = this.#enter();
    this.#isNew = false;
    decoder.arena.integers(decoder.symbols, this.rows).set(indices);
    decoder.arena.doubles(decoder.uniforms, this.rows).set(uniforms);
    return this.#drawn(decoder, this.#engine.kernels.writeSymbols(decoder.table, temperature));
  }

  /** Softmax of logits / temperature (> 0), (B, O) to (B, O), by the core: the same bits in every engine if reproducible. */
  probabilities(logits: Float32Array, temperature = 1): Float32Array {
    return this.#engine.softmax(logits, this.rows, temperature);
  }

  /** The state after what was read, undefined before the first symbol: zero. It is never changed afterwards. */
  get state(): State | undefined {
    return this.#decoder && !this.#isNew ? this.#readState(this.#decoder) : this.#state;
  }

  set state(state: State | undefined) {
    // What is in the memory is not worth keeping.
    this.#decoder = undefined;
    this.#logits = undefined;
    this.#state = state;
    this.#isNew = state === undefined;
  }

  /** Goes on from there. */
  set position({ state, logits }: Position) {
    this.state = state;
    this.#logits = logits;
  }

  #drawn({ arena, symbols, logits }: Decoder, failed: number): Int32Array {
    const O = this.#engine.config.outputSize;
    if (failed >= 0) requireFinite(arena.floats(logits + 4 * failed * padded(O), O));
    return arena.integers(symbols, this.rows).slice();
  }

  #enter(): Decoder {
    const engine = this.#engine;
    if (!this.#decoder) {
      const decoder = layDecoder(engine, this.rows, () => this.#leave());
      this.#writeState(decoder, this.#state);
      this.#writeLogits(decoder, this.#logits);
      this.#decoder = decoder;
    } else if (this.#version !== engine.version) {
      this.#decoder.refresh();
    }
    this.#version = engine.version;
    return this.#decoder;
  }

  #leave(): void {
    if (!this.#decoder) return;
    this.#state = this.state;
    this.#logits = this.#readLogits(this.#decoder);
    this.#decoder = undefined;
  }

  #writeState({ arena, states }: Decoder, state: State | undefined): void {
    const { hiddenSize: H, cell } = this.#engine.config;
    const B = this.rows;
    const ld = padded(H);
    const write = (offset: number, values: Tensor | undefined, l: number) => {
      const rows = arena.floats(offset, B * ld).fill(0);
      if (values) copyRows(rows, ld, values.data.subarray(l * B * H), H, B, H);
    };
    for (const [l, { h, c }] of states.entries()) {
      write(h, state?.h, l);
      if (cell === "lstm") write(c, state?.c, l);
    }
  }

  #readState({ arena, states }: Decoder): State {
    const { hiddenSize: H, cell } = this.#engine.config;
    const B = this.rows;
    const ld = padded(H);
    const read = (which: "h" | "c"): Tensor => {
      const data = new Float32Array(states.length * B * H);
      for (const [l, state] of states.entries()) {
        copyRows(data.subarray(l * B * H), H, arena.floats(state[which], B * ld), ld, B, H);
      }
      return { data, shape: [states.length, B, H] };
    };
    return cell === "lstm" ? { h: read("h"), c: read("c") } : { h: read("h") };
  }

  #writeLogits(decoder: Decoder, values: Float32Array | undefined): void {
    const rows = this.#logitsOf(decoder).fill(0);
    const O = this.#engine.config.outputSize;
    if (values) copyRows(rows, padded(O), values, O, this.rows, O);
  }

  #readLogits(decoder: Decoder): Float32Array {
    const O = this.#engine.config.outputSize;
    const values = new Float32Array(this.rows * O);
    copyRows(values, O, this.#logitsOf(decoder), padded(O), this.rows, O);
    return values;
  }

  /** (B, padded(O)) */
  #logitsOf({ arena, logits }: Decoder): Float32Array {
    return arena.floats(logits, this.rows * padded(this.#engine.config.outputSize));
  }
}

/** @throws RangeError where weights have gone to infinity */
export function requireFinite(logits: Float32Array): void {
  for (const logit of logits) {
    if (Math.abs(logit) < Infinity) continue;
    throw new RangeError(`expected finite logits from the network, got ${logit}: its weights are of no use`);
  }
}
