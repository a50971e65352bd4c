import type { Engine } from "./engine.js";
import { engineOf, type Network, type State } from "./network.js";

/**
 * A network that reads one symbol at a time, in B rows side by side: what sampling and scoring run on. The state is the
 * stepper's own, so that passes of the network in between do not disturb it.
 */
export class Stepper {
  readonly rows: number;
  readonly #network: Network;
  readonly #engine: Engine;
  #state: State | undefined;

  /** rows: B, an integer ≥ 1. The state is zero. */
  constructor(network: Network, rows = 1) {
    this.rows = rows;
    this.#network = network;
    this.#engine = engineOf(network);
  }

  /** Reads one class index per row, (B), and returns the logits of the next symbol, (B, O): a copy. */
  feed(indices: Int32Array): Float32Array {
    const { logits, state } = this.#network.forward({ data: indices, shape: [this.rows, 1] }, this.#state);
    this.#state = state;
    return logits.data;
  }

  /** Softmax of logits / temperature (> 0), (B, O) to (B, O), by the core: the same bits in every engine if reproducible. */
  probabilities(logits: Float32Array, temperature = 1): Float32Array {
    return this.#engine.softmax(logits, this.rows, temperature);
  }

  /** The state after what was read, undefined before the first symbol: zero. It is never changed afterwards. */
  get state(): State | undefined {
    return this.#state;
  }

  set state(state: State | undefined) {
    this.#state = state;
  }
}
