import type { Position } from "../network/stepper.js";
import { anyText, byteArray, check, integer, optional, readOptions, withDefault } from "../validate.js";
import { Context } from "./context.js";
import { totalOf } from "./filters.js";
import { type DrawOptions, drawTable, seedRule } from "./options.js";
import { RandomStream } from "./random-stream.js";
import { Reader, type TextModel } from "./reader.js";
import { Sampler } from "./sampler.js";
import { decodeSession, encodeSession } from "./session-file.js";
import { Spelling } from "./spelling.js";

/** What a session draws with, and how much it remembers. */
export interface SessionOptions {
  /** The seed of what is drawn, an integer from 0 to 2³² − 1. Default 0. */
  readonly seed?: number;
  /** How many symbols back `undo` goes at most, an integer from 0 to 4096. Default 64. Each keeps a state and V logits. */
  readonly undoLimit?: number;
}

/** A symbol and how likely it comes next. */
export interface SymbolProbability {
  readonly symbol: string;
  readonly probability: number;
}

const sessionTable = {
  seed: withDefault(seedRule, 0),
  undoLimit: withDefault(integer({ min: 0, max: 4096 }), 64),
};
const forkTable = { seed: optional(seedRule) };

interface Parts {
  readonly undoLimit: number;
  readonly random: RandomStream;
  readonly context: Context;
  readonly position: Position | undefined;
  readonly history: readonly (Position | undefined)[];
}

/**
 * A text that is read and written by turns: `CharRNN.session` opens one. It reads with the weights that the model has at
 * the time, and disturbs neither the model nor other sessions.
 *
 * Before anything was fed, `probabilities` and `draw` are those of GenerateOptions.prime "": at the start of a line, or
 * equal. The first text that is fed is read from a zero state.
 *
 * @example
 * const session = model.session({ seed: 1 });
 * session.feed("to be or not to ");
 * const [likeliest] = session.probabilities();
 * const other = session.fork({ seed: 2 });
 * const symbols = [session.draw({ temperature: 0.5 }), other.draw({ temperature: 0.5 })];
 * session.undo(); // the symbol just drawn
 */
export class Session {
  readonly #model: TextModel;
  readonly #reader: Reader;
  readonly #undoLimit: number;
  readonly #random: RandomStream;
  readonly #context: Context;
  /** Where the reader stood before each of the last symbols. */
  readonly #history: (Position | undefined)[];

  /** @internal */
  static open(model: TextModel, options: SessionOptions): Session {
    const { seed, undoLimit } = readOptions("options", options, sessionTable);
    const context = new Context(new Spelling(model.vocabulary), undoLimit);
    return new Session(model, { undoLimit, random: new RandomStream(seed), context, position: undefined, history: [] });
  }

  private constructor(model: TextModel, { undoLimit, random, context, position, history }: Parts) {
    this.#model = model;
    this.#undoLimit = undoLimit;
    this.#random = random;
    this.#context = context;
    this.#history = [...history];
    this.#reader = new Reader(model);
    this.#reader.position = position;
  }

  /** What was fed and drawn, of which the last 4,096 symbols are kept; of bytes, what makes whole characters. */
  get text(): string {
    return this.#context.text;
  }

  /**
   * Reads a text of any length. A symbol does not go on from one text to the next.
   *
   * @throws TypeError, RangeError as `Vocabulary.encode`; UnknownSymbolError. Nothing of the text is read then.
   */
  feed(text: string): void {
    const indices = this.#model.vocabulary.encode(check("text", text, anyText()));
    // Only the symbols that can be undone need a state of their own.
    const rest = Math.max(0, indices.length - this.#undoLimit);
    this.#reader.read(indices.subarray(0, rest));
    for (let i = 0; i < indices.length; i++) {
      const index = indices[i] as number;
      if (i >= rest) {
        this.#remember();
        this.#reader.read(Int32Array.of(index));
      }
      this.#context.push(index);
    }
  }

  /**
   * The distribution that `draw` with these options draws from, likeliest first, equal ones in the vocabulary's order;
   * symbols that cannot come have probability 0.
   *
   * @returns all V symbols
   * @throws TypeError, RangeError for a bad option
   */
  probabilities(options: DrawOptions = {}): SymbolProbability[] {
    const { sampler, row } = this.#weights(options);
    sampler.weigh(row);
    const total = totalOf(row);
    const { symbols } = this.#model.vocabulary;
    return symbols
      .map((symbol, index) => ({ symbol, probability: (row[index] as number) / total }))
      .sort((a, b) => b.probability - a.probability);
  }

  /**
   * Draws the next symbol, and reads it.
   *
   * @returns the symbol as the vocabulary has it: with the unit "byte" one byte
   * @throws TypeError, RangeError for a bad option
   */
  draw(options: DrawOptions = {}): string {
    const { sampler, row } = this.#weights(options);
    const index = sampler.choose(row, () => this.#random.next());
    this.#remember();
    this.#reader.step(index);
    this.#context.push(index);
    return this.#model.vocabulary.symbols[index] as string;
  }

  /**
   * Takes the last symbol back, fed or drawn, as if it had not been read; but the random numbers go on, so that another
   * symbol can be drawn in its place.
   *
   * @returns the symbol; undefined where there is none left, or none that `undoLimit` remembers
   */
  undo(): string | undefined {
    if (this.#history.length === 0) return undefined;
    const index = this.#context.at(1);
    this.#reader.position = this.#history.pop();
    this.#context.pop();
    return this.#model.vocabulary.symbols[index];
  }

  /**
   * A session of its own at the same place, with the same text and history. It draws the same symbols as this one would,
   * or with a seed others.
   *
   * @throws TypeError, RangeError for a bad option
   */
  fork(options: { readonly seed?: number } = {}): Session {
    const { seed } = readOptions("options", options, forkTable);
    return new Session(this.#model, {
      undoLimit: this.#undoLimit,
      random: seed === undefined ? new RandomStream(this.#random.seed, this.#random.drawn) : new RandomStream(seed),
      context: this.#context.copy(),
      position: this.#reader.position,
      history: this.#history,
    });
  }

  /**
   * Where the session stands, as bytes of a safetensors file: `Session.restore` goes on with the same bits. The history
   * of `undo` is not in it, nor are the model's weights.
   */
  save(): Uint8Array<ArrayBuffer> {
    const { seed, drawn } = this.#random;
    return encodeSession(this.#model, {
      undoLimit: this.#undoLimit,
      seed,
      drawn,
      count: this.#context.count,
      recent: this.#context.indices(),
      position: this.#reader.position,
    });
  }

  /**
   * The session that `save` wrote, for the same model.
   *
   * @throws TypeError for anything but bytes; CheckpointError for bytes that are no session, or one of a model with
   * another vocabulary or of another shape
   */
  static restore(model: TextModel, bytes: Uint8Array): Session {
    const saved = decodeSession(model, check("bytes", bytes, byteArray()));
    const { undoLimit, seed, drawn, count, recent, position } = saved;
    const context = new Context(new Spelling(model.vocabulary), undoLimit);
    for (const index of recent) context.push(index);
    context.count = count;
    return new Session(model, { undoLimit, random: new RandomStream(seed, drawn), context, position, history: [] });
  }

  #weights(options: DrawOptions): { sampler: Sampler; row: Float32Array } {
    const sampler = new Sampler(readOptions("options", options, drawTable), this.#model.vocabulary);
    const row = this.#reader.logits.slice();
    sampler.prepare(row, this.#context);
    const { temperature } = sampler;
    return { sampler, row: temperature === undefined ? row : this.#reader.probabilities(row, temperature) };
  }

  #remember(): void {
    if (this.#undoLimit === 0) return;
    this.#history.push(this.#reader.position);
    if (this.#history.length > this.#undoLimit) this.#history.shift();
  }
}
