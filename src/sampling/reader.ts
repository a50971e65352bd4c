import type { Network, State } from "../network/network.js";
import { type Position, Stepper } from "../network/stepper.js";
import type { Vocabulary } from "../text/vocabulary.js";
import { takeRows } from "./state-rows.js";

/** What sampling and scoring need of a model. */
export interface TextModel {
  readonly network: Network;
  readonly vocabulary: Vocabulary;
}

/** Symbols that are read at a time; the state goes on from one chunk to the next. */
export const CHUNK = 512;

/**
 * Where a text ends after a position: chunk by chunk, so that it may have any length. Without a symbol there are no logits.
 */
export function readOn(network: Network, indices: Int32Array, state?: State): Position {
  let position: Position = { state, logits: new Float32Array() };
  for (let start = 0; start < indices.length; start += CHUNK) {
    const data = indices.subarray(start, start + CHUNK);
    const { logits, state } = network.forward({ data, shape: [1, data.length] }, position.state);
    position = { state, logits: logits.data.slice(-network.config.outputSize) };
  }
  return position;
}

/** What scores go on from: the last symbol of a prime, which is still to be read, and the state before it. */
export function readPrime(
  { network, vocabulary }: TextModel,
  prime: string,
): { last: number | undefined; state: State | undefined } {
  const indices = vocabulary.encode(prime);
  return { last: indices.at(-1), state: readOn(network, indices.subarray(0, -1)).state };
}

/**
 * Where a text begins, for whoever draws its first symbol: after "\n", or where the vocabulary has none in the zero state
 * with equal logits.
 */
export function beginning({ network, vocabulary }: TextModel): Position {
  const newline = vocabulary.symbols.indexOf("\n");
  if (newline >= 0) return readOn(network, Int32Array.of(newline));
  return { state: undefined, logits: new Float32Array(vocabulary.size) };
}

/** Where `rows` texts side by side go on after the same prime, which is read once. */
export function startRows(model: TextModel, prime: Int32Array, rows: number): Position {
  const { state, logits } = prime.length > 0 ? readOn(model.network, prime) : beginning(model);
  const repeated = new Float32Array(rows * logits.length);
  for (let row = 0; row < rows; row++) repeated.set(logits, row * logits.length);
  return { state: takeRows(state, new Array<number>(rows).fill(0)), logits: repeated };
}

/** Reads one text, in chunks or symbol by symbol. */
export class Reader {
  readonly #model: TextModel;
  readonly #stepper: Stepper;
  /** Undefined before the first symbol. */
  #logits: Float32Array | undefined;
  #beginning: Position | undefined;

  constructor(model: TextModel) {
    this.#model = model;
    this.#stepper = new Stepper(model.network);
  }

  /** Undefined before the first symbol. */
  get position(): Position | undefined {
    return this.#logits && { state: this.#stepper.state, logits: this.#logits };
  }

  set position(position: Position | undefined) {
    this.#stepper.state = position?.state;
    this.#logits = position?.logits;
  }

  /** (V) of the next symbol: not to be changed. */
  get logits(): Float32Array {
    return this.#logits ?? this.#begin().logits;
  }

  /** Softmax of a row of logits / temperature. */
  probabilities(logits: Float32Array, temperature: number): Float32Array {
    return this.#stepper.probabilities(logits, temperature);
  }

  /** Reads a text that was given. */
  read(indices: Int32Array): void {
    if (indices.length > 1) this.position = readOn(this.#model.network, indices, this.#stepper.state);
    else if (indices.length === 1) this.#logits = this.#stepper.feed(indices);
  }

  /** Reads a symbol that was drawn from `logits`: the first one follows the beginning. */
  step(index: number): void {
    if (!this.#logits) this.position = this.#begin();
    this.#logits = this.#stepper.feed(Int32Array.of(index));
  }

  #begin(): Position {
    this.#beginning ??= beginning(this.#model);
    return this.#beginning;
  }
}
