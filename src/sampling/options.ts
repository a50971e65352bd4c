import {
  abortSignal,
  anyText,
  check,
  custom,
  either,
  integer,
  optional,
  type Resolved,
  type Rule,
  real,
  withDefault,
} from "../validate.js";
import { CONTEXT } from "./context.js";

/**
 * Which symbols may come next: these ones; those that a RegExp matches, each on its own; or those that a function says
 * true for, which is asked for every symbol of the vocabulary each time. textSoFar: the text before the symbol, the prime
 * included, of which the last 4,096 symbols are kept.
 */
export type Allowed = readonly string[] | RegExp | ((symbol: string, textSoFar: string) => boolean);

/**
 * How the next symbol is chosen. In this order, which is that of Hugging Face's `generate` (llama.cpp tempers last):
 *
 * 1. `allowed`: no other symbol takes part in anything that follows.
 * 2. `repetitionPenalty`, on the logits.
 * 3. `temperature`: p = softmax(logits / temperature), computed by the core.
 * 4. `topK`, then `topP`, then `minP`, each of what the ones before it left, with probabilities that sum to 1 again.
 * 5. One draw from what is left, renormalised: symbols in the order of their indices, against one uniform number.
 *
 * Equal probabilities rank by index, the lower one first. With `numerics: "reproducible"` every engine draws the same
 * symbols: after the core's softmax there are only comparisons, sums, products and quotients in a fixed order.
 */
export interface DrawOptions {
  /** A finite number ≥ 0, default 1. Below 1 likely symbols become likelier; 0 is argmax, the first maximum wins. */
  readonly temperature?: number;
  /** Only the k likeliest symbols, an integer ≥ 1 (exactly k, as llama.cpp; Hugging Face keeps ties). Default: all. */
  readonly topK?: number;
  /**
   * The nucleus: the fewest likeliest symbols whose probabilities sum to p or more, > 0 and ≤ 1. Default 1, all.
   * Holtzman et al., https://arxiv.org/abs/1904.09751
   */
  readonly topP?: number;
  /**
   * Only symbols with at least this share of the likeliest one's probability, from 0 to 1. Default 0, all.
   * Nguyen et al., https://arxiv.org/abs/2407.01082
   */
  readonly minP?: number;
  /**
   * θ > 0, default 1: of every symbol that stands in the last `repetitionWindow` ones, once, a logit above zero is divided
   * by θ and one below multiplied with it. Keskar et al. (CTRL), https://arxiv.org/abs/1909.05858; the sign as in
   * Hugging Face's RepetitionPenaltyLogitsProcessor.
   */
  readonly repetitionPenalty?: number;
  /** How far the penalty looks back over prime and text, from 1 to 4096 symbols. Default 64, as llama.cpp. */
  readonly repetitionWindow?: number;
  /** A constraint on the next symbol. Default: none. */
  readonly allowed?: Allowed;
}

/** What is written, and how. */
export interface GenerateOptions extends DrawOptions {
  /**
   * What the model reads first, of any length; it is no part of the result. Default "": then a model whose vocabulary has
   * "\n" reads one, as if at the start of a line, and any other draws its first symbol with equal probabilities (as
   * char-rnn), since a recurrent network foretells nothing before it has read something.
   */
  readonly prime?: string;
  /** How many symbols at most, an integer ≥ 0; bytes, where those are the vocabulary's unit. `stream` takes Infinity. */
  readonly length: number;
  /** The text ends before the first place where one of these occurs in it, none of them empty. The prime does not count. */
  readonly stop?: string | readonly string[];
  /**
   * An integer from 0 to 2³² − 1, default 0: the same seed gives the same text, so without one every call writes the
   * same.
   */
  readonly seed?: number;
  /** Ends the text between two symbols, without an error and without what may be the beginning of a stop string. */
  readonly signal?: AbortSignal;
}

export interface GenerateManyOptions extends GenerateOptions {
  /** How many texts, an integer ≥ 1. Text i is the one that `generate` writes with the seed (seed + i) mod 2³². */
  readonly count: number;
}

/** What is searched for, and how widely. */
export interface BeamSearchOptions extends Pick<GenerateOptions, "prime" | "length" | "stop"> {
  /** How many texts are followed at a time, an integer ≥ 1. Default 4. */
  readonly beamWidth?: number;
}

const SEEDS = 2 ** 32;
export const seedRule = integer({ min: 0, max: SEEDS - 1 });

/** The seed of the i-th stream. */
export function seedOf(seed: number, i: number): number {
  return (seed + i) % SEEDS;
}

const allowedRule = custom<Allowed>(
  "an array of symbols, a RegExp or a function",
  (value) => Array.isArray(value) || value instanceof RegExp || typeof value === "function",
);

const text: Rule<string> = {
  expected: "a text of at least one character",
  fault: (value) => (typeof value !== "string" ? "type" : value === "" ? "value" : undefined),
};
const stopRule = either(
  text,
  custom<readonly string[]>("an array of them", (value) => Array.isArray(value)),
);

export const drawTable = {
  temperature: withDefault(real({ min: 0 }), 1),
  topK: optional(integer({ min: 1 })),
  topP: withDefault(real({ above: 0, max: 1 }), 1),
  minP: withDefault(real({ min: 0, max: 1 }), 0),
  repetitionPenalty: withDefault(real({ above: 0 }), 1),
  repetitionWindow: withDefault(integer({ min: 1, max: CONTEXT }), 64),
  allowed: optional(allowedRule),
};
export type ResolvedDraw = Resolved<typeof drawTable>;

export const generateTable = {
  ...drawTable,
  prime: withDefault(anyText(), ""),
  length: integer({ min: 0 }),
  stop: withDefault(stopRule, [] as readonly string[]),
  seed: withDefault(seedRule, 0),
  signal: optional(abortSignal()),
};
export type ResolvedGenerate = Resolved<typeof generateTable>;

const endless: Rule<number> = {
  expected: "Infinity",
  fault: (value) => (typeof value !== "number" ? "type" : value === Infinity ? undefined : "value"),
};
export const streamTable = { ...generateTable, length: either(generateTable.length, endless) };
export const generateManyTable = { ...generateTable, count: integer({ min: 1 }) };

export const beamSearchTable = {
  prime: generateTable.prime,
  length: generateTable.length,
  stop: generateTable.stop,
  beamWidth: withDefault(integer({ min: 1 }), 4),
};

/** Stop strings as a list. @throws TypeError, RangeError naming the bad one */
export function stopList(stop: string | readonly string[]): readonly string[] {
  if (typeof stop === "string") return [stop];
  for (const [i, value] of stop.entries()) check(`stop[${i}]`, value, text);
  return stop;
}
