import { engineOf, type State } from "../network/network.js";
import { nextTask } from "../next-task.js";
import { Cutter, rulesOf } from "../text/symbols.js";
import type { StreamEncoder } from "../text/vocabulary.js";
import { abortSignal, anyText, check, integer, optional, readOptions, textOrPieces, withDefault } from "../validate.js";
import { CHUNK, readPrime, type TextModel } from "./reader.js";
import type { SymbolProbability } from "./session.js";

/** What scores start from, and what each of them lists. */
export interface ScoreOptions {
  /**
   * What the model reads before the text, of any length: "\n" for a text that starts a line. Default "": then the first
   * symbol has no score, because nothing foretells it, and the scores begin with the second, as `evaluate` does.
   */
  readonly prime?: string;
  /** How many of the likeliest symbols each score lists, an integer ≥ 0; more than V are V. Default 3. */
  readonly alternatives?: number;
}

/** Of scores that come one after another. */
export interface ScoreStreamOptions extends ScoreOptions {
  /** Ends the scores between two chunks of the text, without an error. */
  readonly signal?: AbortSignal;
}

/** How well one symbol of a text was foreseen. */
export interface SymbolScore {
  /** As the vocabulary has it: its `unknown`, where that stands for the text's. */
  readonly symbol: string;
  /** Where it starts in the text, in UTF-16 code units; with the unit "byte", where its character does. */
  readonly offset: number;
  /** From 0 to 1, after all that came before it. */
  readonly probability: number;
  /** −log₂ p, in bits: right also where the probability is too small for a float. */
  readonly surprisal: number;
  /** What the model expected, likeliest first, equal ones in the vocabulary's order. */
  readonly alternatives: readonly SymbolProbability[];
}

const scoreTable = {
  prime: withDefault(anyText(), ""),
  alternatives: withDefault(integer({ min: 0 }), 3),
};
const streamTable = { ...scoreTable, signal: optional(abortSignal()) };
const textRule = textOrPieces();

/** Characters that are encoded at a time. */
const PIECE = 4096;

export function score(model: TextModel, text: string, options: ScoreOptions): SymbolScore[] {
  check("text", text, anyText());
  const { prime, alternatives } = readOptions("options", options, scoreTable);
  const scorer = new Scorer(model, prime, alternatives);
  const scores: SymbolScore[] = [];
  for (const piece of pieces(text)) for (const each of scorer.push(piece)) scores.push(each);
  for (const each of scorer.end()) scores.push(each);
  return scores;
}

/** Bad options throw here, not when the first score is awaited. */
export function scoreStream(
  model: TextModel,
  text: string | AsyncIterable<string>,
  options: ScoreStreamOptions,
): AsyncGenerator<SymbolScore, void, undefined> {
  check("text", text, textRule);
  const { prime, alternatives, signal } = readOptions("options", options, streamTable);
  const scorer = new Scorer(model, prime, alternatives);
  return (async function* () {
    for await (const piece of typeof text === "string" ? pieces(text) : text) {
      for (const part of pieces(check("piece", piece, anyText()))) {
        await nextTask();
        if (signal?.aborted) return;
        yield* scorer.push(part);
      }
    }
    if (!signal?.aborted) yield* scorer.end();
  })();
}

function* pieces(text: string): Generator<string> {
  for (let start = 0; start < text.length; start += PIECE) yield text.slice(start, start + PIECE);
}

/** Scores a text that comes in pieces, in the memory of one chunk. */
class Scorer {
  readonly #model: TextModel;
  readonly #alternatives: number;
  readonly #encoder: StreamEncoder;
  readonly #cutter: Cutter;
  /** The symbol before the next one, which the network has not read yet; −1 where there is none. */
  #last: number;
  /** After all symbols before the last. */
  #state: State | undefined;

  constructor(model: TextModel, prime: string, alternatives: number) {
    const { vocabulary } = model;
    this.#model = model;
    this.#alternatives = Math.min(alternatives, vocabulary.size);
    this.#encoder = vocabulary.encoder();
    this.#cutter = new Cutter(rulesOf(vocabulary.unit));
    const { last, state } = readPrime(model, prime);
    this.#last = last ?? -1;
    this.#state = state;
  }

  *push(piece: string): Generator<SymbolScore> {
    const offsets: number[] = [];
    const indices = this.#encoder.push(piece);
    this.#cutter.push(piece, (_, offset) => void offsets.push(offset));
    yield* this.#score(indices, offsets);
  }

  *end(): Generator<SymbolScore> {
    const offsets: number[] = [];
    const indices = this.#encoder.end();
    this.#cutter.end("", (_, offset) => void offsets.push(offset));
    yield* this.#score(indices, offsets);
  }

  *#score(indices: Int32Array, offsets: readonly number[]): Generator<SymbolScore> {
    for (let start = 0; start < indices.length; ) {
      if (this.#last < 0) this.#last = indices[start++] as number;
      const end = Math.min(start + CHUNK, indices.length);
      if (start === end) return;
      yield* this.#scoreChunk(indices.subarray(start, end), offsets.slice(start, end));
      start = end;
    }
  }

  *#scoreChunk(targets: Int32Array, offsets: readonly number[]): Generator<SymbolScore> {
    const { network, vocabulary } = this.#model;
    const T = targets.length;
    const V = vocabulary.size;
    const inputs = new Int32Array(T);
    inputs[0] = this.#last;
    inputs.set(targets.subarray(0, -1), 1);
    const { logits, state } = network.forward({ data: inputs, shape: [1, T] }, this.#state);
    this.#last = targets[T - 1] as number;
    this.#state = state;
    const probabilities = engineOf(network).softmax(logits.data, T, 1);
    for (let t = 0; t < T; t++) {
      const target = targets[t] as number;
      const row = probabilities.subarray(t * V, (t + 1) * V);
      const logitsRow = logits.data.subarray(t * V, (t + 1) * V);
      const [first = 0, ...others] = likeliest(row, Math.max(1, this.#alternatives));
      yield {
        symbol: vocabulary.symbols[target] as string,
        offset: offsets[t] as number,
        probability: row[target] as number,
        // log p = x − x_max + log p_max, where p_max ≥ 1 / V is never too small for a float
        surprisal:
          ((logitsRow[first] as number) - (logitsRow[target] as number)) / Math.LN2 - Math.log2(row[first] as number),
        alternatives: [first, ...others].slice(0, this.#alternatives).map((index) => ({
          symbol: vocabulary.symbols[index] as string,
          probability: row[index] as number,
        })),
      };
    }
  }
}

/** The indices of the `count` largest numbers of a row, largest first, equal ones by index. */
function likeliest(row: Float32Array, count: number): number[] {
  const best: number[] = [];
  for (let i = 0; i < row.length; i++) {
    const p = row[i] as number;
    if (best.length === count && p <= (row[best[count - 1] as number] as number)) continue;
    let rank = best.length;
    while (rank > 0 && p > (row[best[rank - 1] as number] as number)) rank--;
    best.splice(rank, 0, i);
    if (best.length > count) best.pop();
  }
  return best;
}
