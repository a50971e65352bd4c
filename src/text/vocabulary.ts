import { UnknownSymbolError } from "../errors.js";
import { check, custom, describe, integer, optional, type Rule, readOptions, withDefault } from "../validate.js";
import {
  byCodePoint,
  Cutter,
  countSymbols,
  IndexTable,
  rulesOf,
  string,
  symbolOf,
  type Unit,
  type UnitRules,
  units,
  type Visit,
} from "./symbols.js";

/** How a text is cut into symbols, and which of them count. */
export interface VocabularyOptions {
  /**
   * What one symbol is, default "codePoint".
   * - "codePoint": one Unicode code point; half a surrogate pair on its own is a symbol too, so every string can be encoded.
   * - "grapheme": what a reader sees as one character, by Intl.Segmenter in no particular locale: "e" with a combining
   *   accent, an emoji of several joined ones, "\r\n". It follows the version of Unicode that the engine has.
   * - "byte": one byte of UTF-8, written as the one character "\x00" … "\xff".
   */
  unit?: Unit;
  /** Symbols that occur less often are left out, an integer ≥ 1, default 1. Only `Vocabulary.fromText` counts. */
  minCount?: number;
  /**
   * The symbol that stands for all that are not in the vocabulary; default none, and then encoding them throws. It need
   * not be one unit long: "<unk>" is the symbol "<unk>", and the text "<unk>" is still five symbols.
   */
  unknown?: string;
}

/** A vocabulary as JSON has it. */
export interface VocabularyJSON {
  unit: Unit;
  symbols: string[];
  unknown?: string;
}

/** Encodes a text that comes in pieces: a symbol may begin in one piece and end in another. */
export interface StreamEncoder {
  /**
   * The indices of the symbols that are complete. An UnknownSymbolError's offset counts from the start of the stream; the
   * piece that threw is dropped, the next ones can be pushed.
   */
  push(piece: string): Int32Array;
  /** The indices of what is left. The next push starts a new text. */
  end(): Int32Array;
}

/** The symbols of a text and their indices. It never changes. */
export class Vocabulary {
  readonly symbols: readonly string[];
  readonly unit: Unit;
  readonly unknown: string | undefined;
  readonly #rules: UnitRules;
  readonly #indices: IndexTable;
  /** The index of `unknown`, or −1. */
  readonly #unknownIndex: number;
  /** What each symbol adds to a decoded text. */
  readonly #spellings: readonly string[];

  /** The symbols are distinct, each is one unit or `unknown`, and `unknown` is one of them. */
  private constructor(symbols: readonly string[], unit: Unit, unknown: string | undefined, rules: UnitRules) {
    this.symbols = Object.freeze([...symbols]);
    this.unit = unit;
    this.unknown = unknown;
    this.#rules = rules;
    this.#indices = new IndexTable(symbols.map((symbol) => (rules.isOne(symbol) ? rules.keyOf(symbol) : undefined)));
    this.#unknownIndex = unknown === undefined ? -1 : symbols.indexOf(unknown);
    this.#spellings = symbols.map(rules.spell);
  }

  /**
   * The vocabulary of a text: its symbols sorted by code point, so that the same text has the same indices everywhere.
   * `unknown` stands in its sorted place if the text has it, otherwise last.
   *
   * @param text a string, or pieces that make one together: a symbol may be split between two
   * @throws TypeError for a wrong type or an unknown option, RangeError for a wrong value, a text without symbols, a
   * `minCount` that leaves none, half a surrogate pair with the unit "byte", or "grapheme" without Intl.Segmenter
   * @example
   * const vocabulary = Vocabulary.fromText("hello"); // symbols e h l o
   * vocabulary.decode(vocabulary.encode("hole")); // "hole"
   */
  static fromText(text: string | Iterable<string>, options?: VocabularyOptions): Vocabulary {
    const { unit, minCount, unknown } = readOptions("options", options, OPTIONS);
    const rules = rulesOf(unit);
    const counts = [...countSymbols(rules, text)].map(([key, count]) => ({ symbol: symbolOf(key), count }));
    if (counts.length === 0) throw new RangeError('"text": expected at least one symbol, got ""');
    const kept = counts.filter(({ symbol, count }) => count >= minCount || symbol === unknown);
    if (kept.length === 0) {
      const most = counts.reduce((maximum, { count }) => Math.max(maximum, count), 0);
      throw new RangeError(`"minCount": expected at most ${most}, the count of the commonest symbol, got ${minCount}`);
    }
    return new Vocabulary(
      withUnknown(kept.map(({ symbol }) => symbol).sort(byCodePoint), unknown),
      unit,
      unknown,
      rules,
    );
  }

  /**
   * The vocabulary of these symbols in this order. `unknown` is added at the end if it is not among them; `minCount` has
   * no effect, nothing is counted.
   *
   * @param symbols at least one, no duplicates, each exactly one unit long
   * @throws TypeError for a wrong type or an unknown option, RangeError for a wrong value: it names the symbol's place
   * @example
   * Vocabulary.fromSymbols(["b", "a"]).encode("ab"); // 1 0
   */
  static fromSymbols(symbols: readonly string[], options?: VocabularyOptions): Vocabulary {
    const { unit, unknown } = readOptions("options", options, OPTIONS);
    const rules = rulesOf(unit);
    check("symbols", symbols, array);
    if (symbols.length === 0) throw new RangeError('"symbols": expected at least one symbol, got []');
    const seen = new Set<string>();
    for (const [index, symbol] of symbols.entries()) {
      check(`symbols[${index}]`, symbol, unitOr(unknown, rules));
      check(`symbols[${index}]`, symbol, notIn(seen));
      seen.add(symbol);
    }
    return new Vocabulary(withUnknown(symbols, unknown), unit, unknown, rules);
  }

  /**
   * The vocabulary that `toJSON` described, with the same indices.
   *
   * @param value what JSON.parse gave
   * @throws TypeError for a wrong type or an unknown key, RangeError for a wrong value
   * @example
   * const copy = Vocabulary.fromJSON(JSON.parse(JSON.stringify(Vocabulary.fromText("hello"))));
   */
  static fromJSON(value: unknown): Vocabulary {
    const { unit, symbols, unknown } = readOptions("vocabulary", value, JSON_KEYS);
    const vocabulary = Vocabulary.fromSymbols(symbols, { unit, ...(unknown !== undefined && { unknown }) });
    if (vocabulary.size !== symbols.length) {
      throw new RangeError(`"unknown": expected one of the symbols, got ${describe(unknown)}`);
    }
    return vocabulary;
  }

  /** How many symbols there are. */
  get size(): number {
    return this.symbols.length;
  }

  /**
   * The index of each symbol of a text.
   *
   * @throws TypeError for anything but a string; UnknownSymbolError for a symbol that is not in the vocabulary, unless
   * `unknown` is set; RangeError for half a surrogate pair with the unit "byte"
   * @example
   * Vocabulary.fromText("hello").encode("hole"); // 1 3 2 0
   */
  encode(text: string): Int32Array {
    check("text", text, string);
    const cutter = new Cutter(this.#rules);
    return this.#collect(cutter.most(text), (visit) => cutter.end(text, visit));
  }

  /**
   * An encoder for a text that comes in pieces.
   *
   * @example
   * const encoder = Vocabulary.fromText("a😀").encoder();
   * encoder.push("a\ud83d"); // 0
   * encoder.push("\ude00"); // 1
   * encoder.end(); // nothing is left
   */
  encoder(): StreamEncoder {
    const cutter = new Cutter(this.#rules);
    return {
      push: (piece) => {
        check("piece", piece, string);
        return this.#collect(cutter.most(piece), (visit) => cutter.push(piece, visit));
      },
      end: () => this.#collect(cutter.most(""), (visit) => cutter.end("", visit)),
    };
  }

  /**
   * The text of these indices, the inverse of `encode`. With the unit "byte", bytes that are not UTF-8 become U+FFFD, as
   * TextDecoder has it.
   *
   * @param indices each an integer from 0 to size − 1
   * @throws TypeError for a wrong type, RangeError for a wrong index: it names the first one and its position
   * @example
   * Vocabulary.fromText("hello").decode([1, 3, 2, 0]); // "hole"
   */
  decode(indices: ArrayLike<number>): string {
    check("indices", indices, arrayLike);
    let spelled = "";
    for (let start = 0; start < indices.length; start += BLOCK) {
      spelled += this.#spell(indices, start, Math.min(start + BLOCK, indices.length)).join("");
    }
    return this.#rules.textOf(spelled);
  }

  /**
   * A vocabulary for more text: the same symbols with the same indices, then the new ones of this text, sorted by code
   * point. A model that was trained on the old one goes on from there.
   *
   * @param text a string, or pieces that make one together; one without new symbols gives an equal vocabulary
   * @throws TypeError for a wrong type, RangeError for half a surrogate pair with the unit "byte"
   * @example
   * Vocabulary.fromText("hello").extend("halo, bird").symbols; // e h l o, then space , a b d i r
   */
  extend(text: string | Iterable<string>): Vocabulary {
    const fresh = [...countSymbols(this.#rules, text).keys()].filter((key) => this.#indices.find(key) < 0);
    const symbols = [...this.symbols, ...fresh.map(symbolOf).sort(byCodePoint)];
    return new Vocabulary(symbols, this.unit, this.unknown, this.#rules);
  }

  /** What `fromJSON` reads. JSON.stringify calls this. */
  toJSON(): VocabularyJSON {
    const { unit, symbols, unknown } = this;
    return { unit, symbols: [...symbols], ...(unknown !== undefined && { unknown }) };
  }

  #spell(indices: ArrayLike<number>, start: number, end: number): string[] {
    const spellings = new Array<string>(end - start);
    for (let i = start; i < end; i++) {
      const index = indices[i] as number;
      const spelling = Number.isInteger(index) ? this.#spellings[index] : undefined;
      if (spelling === undefined) check(`indices[${i}]`, index, integer({ min: 0, max: this.size - 1 }));
      spellings[i - start] = spelling as string;
    }
    return spellings;
  }

  /** The indices of the symbols that a cut visits, of which there are at most so many. */
  #collect(most: number, cut: (visit: Visit) => void): Int32Array {
    const indices = new Int32Array(most);
    let count = 0;
    cut((key, offset) => {
      let index = this.#indices.find(key);
      if (index < 0) index = this.#unknownIndex;
      if (index < 0) throw new UnknownSymbolError(symbolOf(key), offset);
      indices[count++] = index;
    });
    return count === most ? indices : indices.slice(0, count);
  }
}

/** How many symbols are joined at once: ten times faster than all of a long text at once in V8 (Node 20, x86-64). */
const BLOCK = 4096;

function withUnknown(symbols: readonly string[], unknown: string | undefined): readonly string[] {
  return unknown === undefined || symbols.includes(unknown) ? symbols : [...symbols, unknown];
}

const nonEmpty: Rule<string> = {
  expected: "a string of at least one character",
  fault: (value) => (typeof value !== "string" ? "type" : value === "" ? "value" : undefined),
};

function unitOr(unknown: string | undefined, { expected, isOne }: UnitRules): Rule<string> {
  return {
    expected,
    fault: (value) => (typeof value !== "string" ? "type" : value === unknown || isOne(value) ? undefined : "value"),
  };
}

function notIn(seen: ReadonlySet<unknown>): Rule<string> {
  return {
    expected: "a symbol other than those before it",
    fault: (value) => (seen.has(value) ? "value" : undefined),
  };
}

const array = custom<readonly string[]>("an array of strings", Array.isArray);
const arrayLike = custom<ArrayLike<number>>(
  "an array of indices",
  (value) => typeof value === "object" && value !== null && Number.isInteger((value as ArrayLike<number>).length),
);

const OPTIONS = {
  unit: withDefault(units, "codePoint"),
  minCount: withDefault(integer({ min: 1 }), 1),
  unknown: optional(nonEmpty),
};

const JSON_KEYS = { unit: units, symbols: array, unknown: optional(nonEmpty) };
