import { setImmediate } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import * as library from "../../src/index.js";
import {
  CharRNN,
  type CharRNNOptions,
  type GenerateManyOptions,
  type GenerateOptions,
  UnknownSymbolError,
  Vocabulary,
} from "../../src/index.js";
import { expectError } from "../api/expect-error.js";
import { textOf, WRITINGS } from "./text-of.js";

const ALPHABET = "abcdefg \n";

/** Untrained, with weights large enough for some symbols to be likelier than others. */
const lively = (options: Partial<CharRNNOptions> = {}) =>
  CharRNN.create({
    vocabulary: ALPHABET,
    cell: "lstm",
    hiddenSize: 11,
    seed: 1,
    numerics: "reproducible",
    initialization: { range: 0.9 },
    ...options,
  });
const model = await lively();

async function collect(texts: AsyncIterable<string>): Promise<string[]> {
  const all: string[] = [];
  for await (const text of texts) all.push(text);
  return all;
}

describe("options", () => {
  test.each<[object, abstract new (...args: never[]) => Error, string]>([
    [{ temperature: -1 }, RangeError, '"temperature": expected a finite number ≥ 0, got -1'],
    [{ temperature: Number.NaN }, RangeError, '"temperature": expected a finite number ≥ 0, got NaN'],
    [{ temperature: "1" }, TypeError, '"temperature": expected a finite number ≥ 0, got "1"'],
    [{ topP: 0 }, RangeError, '"topP": expected a finite number > 0 and ≤ 1, got 0'],
    [{ topP: 2 }, RangeError, '"topP": expected a finite number > 0 and ≤ 1, got 2'],
    [{ topK: 0 }, RangeError, '"topK": expected an integer ≥ 1, got 0'],
    [{ topK: 1.5 }, RangeError, '"topK": expected an integer ≥ 1, got 1.5'],
    [{ minP: -0.1 }, RangeError, '"minP": expected a finite number from 0 to 1, got -0.1'],
    [{ minP: 1.1 }, RangeError, '"minP": expected a finite number from 0 to 1, got 1.1'],
    [{ repetitionPenalty: 0 }, RangeError, '"repetitionPenalty": expected a finite number > 0, got 0'],
    [{ repetitionWindow: 4097 }, RangeError, '"repetitionWindow": expected an integer from 1 to 4096, got 4097'],
    [{ length: -1 }, RangeError, '"length": expected an integer ≥ 0, got -1'],
    [{ length: 2.5 }, RangeError, '"length": expected an integer ≥ 0, got 2.5'],
    [{ length: Number.POSITIVE_INFINITY }, RangeError, '"length": expected an integer ≥ 0, got Infinity'],
    [{ length: undefined }, TypeError, '"length": expected an integer ≥ 0, got undefined'],
    [{ seed: -1 }, RangeError, '"seed": expected an integer from 0 to 4294967295, got -1'],
    [{ prime: 3 }, TypeError, '"prime": expected a text, got 3'],
    [{ stop: "" }, RangeError, '"stop": expected a text of at least one character or an array of them, got ""'],
    [{ stop: 1 }, TypeError, '"stop": expected a text of at least one character or an array of them, got 1'],
    [{ stop: ["a", ""] }, RangeError, '"stop[1]": expected a text of at least one character, got ""'],
    [{ stop: [2] }, TypeError, '"stop[0]": expected a text of at least one character, got 2'],
    [{ signal: {} }, TypeError, '"signal": expected an AbortSignal, got an object'],
    [{ allowed: "abc" }, TypeError, '"allowed": expected an array of symbols, a RegExp or a function, got "abc"'],
    [{ allowed: [] }, RangeError, '"allowed": expected at least one symbol, got []'],
    [{ allowed: ["a", "z"] }, RangeError, '"allowed[1]": expected a symbol of the vocabulary, got "z"'],
    [{ allowed: ["a", 1] }, TypeError, '"allowed[1]": expected a symbol, got 1'],
    [
      { allowed: /\d/g },
      RangeError,
      '"allowed": expected a RegExp that matches some symbol of the vocabulary, got /\\d/g',
    ],
    [{ allowed: () => 1 }, TypeError, '"allowed": expected a function that returns true or false, got 1'],
    [
      { allowed: async () => true },
      TypeError,
      '"allowed": expected a function that returns true or false, got a Promise',
    ],
    [
      {
        prime: "abc",
        seed: 3,
        temperature: 0,
        allowed: (symbol: string, soFar: string) => symbol === "d" && soFar.length < 5,
      },
      RangeError,
      '"allowed": expected a function that allows at least one symbol, got none for symbol 5, after "abcdd"',
    ],
    [
      { allowed: () => false },
      RangeError,
      '"allowed": expected a function that allows at least one symbol, got none for symbol 0',
    ],
  ])("%o", async (bad, Class, message) => {
    const options = { length: 9, ...bad } as GenerateOptions;
    await expectError(() => model.generate(options), Class, message);
    await expectError(() => model.generateMany({ ...options, count: 2 }), Class, message);
  });

  test("an unknown option, a count, an endless text, and errors of a stream at once", async () => {
    const keys = ["temperature", "topK", "topP", "minP", "repetitionPenalty", "repetitionWindow", "allowed", "prime"];
    const list = [...keys, "length", "stop", "seed"].map((key) => `"${key}"`).join(", ");
    const unknown = { length: 1, topk: 3 } as unknown as GenerateOptions;
    await expectError(
      () => model.generate(unknown),
      TypeError,
      `options: unknown option "topk", expected ${list} or "signal"`,
    );
    const count = (count: unknown) => () => model.generateMany({ length: 1, count } as GenerateManyOptions);
    await expectError(count(0), RangeError, '"count": expected an integer ≥ 1, got 0');
    await expectError(count(undefined), TypeError, '"count": expected an integer ≥ 1, got undefined');
    // Thrown by the call itself: no promise, nothing awaited.
    expect(() => model.stream({ length: -3 })).toThrow('"length": expected an integer ≥ 0 or Infinity, got -3');
    expect(() => model.stream({ length: 1, prime: "abcz" })).toThrow(UnknownSymbolError);
  });

  test("a prime with a symbol that is not in the vocabulary: which, and where", async () => {
    const error = await expectError(
      () => model.generate({ prime: "ab\nz", length: 1 }),
      UnknownSymbolError,
      '"z" at offset 3 is not in the vocabulary',
    );
    expect(error.offset).toBe(3);
  });

  test("weights that are no numbers", async () => {
    const broken = await lively();
    const dict = broken.network.stateDict();
    dict["fc.bias"]?.data.fill(Number.NaN);
    broken.network.loadStateDict(dict);
    const message = "expected finite logits from the network, got NaN: its weights are of no use";
    await expectError(() => broken.generate({ length: 1 }), RangeError, message);
    await expectError(() => broken.beamSearch({ length: 1 }), RangeError, message);
  });
});

describe("the text", () => {
  test("has the length that was asked for, without the prime", () => {
    for (const length of [0, 1, 2, 77]) {
      expect(model.generate({ length })).toHaveLength(length);
      expect(model.generate({ length, prime: "abc" })).toHaveLength(length);
    }
  });

  test("is the same for the same seed, and another for another", () => {
    const write = (seed?: number) => model.generate({ length: 60, ...(seed !== undefined && { seed }) });
    expect(write(5)).toBe(write(5));
    expect(write()).toBe(write(0));
    expect(new Set([0, 1, 2, 3].map(write)).size).toBe(4);
  });

  test("does not depend on what the model does in between", async () => {
    const alone = await collect(model.stream({ length: 50, seed: 2 }));
    const beside: string[] = [];
    for await (const symbol of model.stream({ length: 50, seed: 2 })) {
      beside.push(symbol);
      model.evaluate("abcabc");
      model.generate({ length: 3, temperature: 0 });
    }
    expect(beside).toEqual(alone);
  });

  test("temperature 0 takes the first maximum, whatever the seed", () => {
    const greedy = model.generate({ length: 30, prime: "a", temperature: 0 });
    expect(model.generate({ length: 30, prime: "a", temperature: 0, seed: 9 })).toBe(greedy);
    expect(model.generate({ length: 30, prime: "a", topK: 1 })).toBe(greedy);
    expect(model.generate({ length: 30, prime: "a", temperature: 1e-30, seed: 4 })).toBe(greedy);
    const session = model.session();
    session.feed("a");
    let stepwise = "";
    for (let i = 0; i < 30; i++) {
      const [likeliest] = session.probabilities();
      stepwise += likeliest?.symbol;
      session.feed(likeliest?.symbol as string);
    }
    expect(stepwise).toBe(greedy);
  });

  test("without a prime begins as after a line's end, which is no part of it", () => {
    expect(model.generate({ length: 40 })).toBe(model.generate({ length: 40, prime: "\n" }));
    expect(model.generate({ length: 40, prime: "" })).toBe(model.generate({ length: 40 }));
  });

  test("without a prime and without a line's end begins with any symbol alike", async () => {
    const other = await lively({ vocabulary: "abcde" });
    const counts = new Map<string, number>();
    for (const text of other.generateMany({ length: 1, count: 5000, seed: 1 })) {
      counts.set(text, (counts.get(text) ?? 0) + 1);
    }
    expect([...counts.keys()].sort().join("")).toBe("abcde");
    for (const count of counts.values()) expect(Math.abs(count - 1000)).toBeLessThan(4 * Math.sqrt(800));
    expect(other.generate({ length: 1, temperature: 0 })).toBe("a");
    const rest = other.generate({ length: 20, temperature: 0, prime: "a" });
    expect(other.generate({ length: 21, temperature: 0 })).toBe(`a${rest}`);
  });

  test("a prime is read in chunks, with the bits of one symbol after another", () => {
    const prime = model.generate({ length: 1300, seed: 8 });
    const session = model.session();
    for (const symbol of prime) session.feed(symbol);
    const stepwise = Array.from({ length: 25 }, () => session.draw()).join("");
    expect(model.generate({ length: 25, prime })).toBe(stepwise);
  });

  test.each(WRITINGS)("of an untrained model: the same each time, %o", async (options) => {
    const texts = await textOf(library, options);
    expect(await textOf(library, options)).toEqual(texts);
    expect(texts[1]).toBe(texts[0]?.slice(0, 100));
    for (const text of texts.slice(0, 4)) expect(new Set(text).size).toBeGreaterThan(7);
  });
});

describe("constraints", () => {
  test("a list, a RegExp and a function that say the same write the same", () => {
    const text = model.generate({ length: 200, allowed: ["a", "b", "g"] });
    expect(new Set(text)).toEqual(new Set("abg"));
    expect(model.generate({ length: 200, allowed: /^[abg]/ })).toBe(text);
    expect(model.generate({ length: 200, allowed: /[abg]/gy })).toBe(text);
    expect(model.generate({ length: 200, allowed: (symbol) => "abg".includes(symbol) })).toBe(text);
  });

  test("a function sees the text so far, the prime with it, and shapes the text", () => {
    const seen = new Set<string>();
    const text = model.generate({
      prime: "ab",
      length: 30,
      allowed: (symbol, soFar) => {
        seen.add(soFar);
        return soFar.length % 3 === 2 ? symbol === " " : symbol !== " ";
      },
    });
    expect(text).toMatch(/^( [^ ]{2}){10}$/);
    expect([...seen]).toEqual(Array.from({ length: 30 }, (_, i) => `ab${text.slice(0, i)}`));
  });

  test("of a long text it sees the last 4,096 symbols", () => {
    const prime = "ab".repeat(2100);
    let seen = "";
    model.generate({
      prime,
      length: 1,
      allowed: (_, soFar) => {
        seen = soFar;
        return true;
      },
    });
    expect(seen).toBe(prime.slice(-4096));
  });

  test("a penalty makes a text repeat itself less", () => {
    const repeated = (text: string) => [...text].filter((symbol, i) => symbol === text[i - 1]).length;
    const plain = model.generate({ length: 3000 });
    const penalized = model.generate({ length: 3000, repetitionPenalty: 5, repetitionWindow: 1 });
    expect(repeated(penalized)).toBeLessThan(0.75 * repeated(plain));
  });
});

describe("many at once", () => {
  test.each(["rnn", "gru", "lstm"] as const)(
    "%s: text i is that of the seed plus i, whatever the count",
    async (cell) => {
      const writer = await lively({ cell, hiddenSize: 13 });
      const options = { prime: "abc", length: 70, topP: 0.95, repetitionPenalty: 1.1, stop: "ee", seed: 40 };
      const alone = Array.from({ length: 7 }, (_, i) => writer.generate({ ...options, seed: 40 + i }));
      expect(new Set(alone.map(({ length }) => length)).size).toBeGreaterThan(1); // some stop earlier
      for (const count of [1, 2, 5, 7])
        expect(writer.generateMany({ ...options, count })).toEqual(alone.slice(0, count));
    },
  );

  test("seeds go round at 2³²", () => {
    const [, second] = model.generateMany({ length: 20, seed: 2 ** 32 - 1, count: 2 });
    expect(second).toBe(model.generate({ length: 20, seed: 0 }));
  });
});

describe("stop strings", () => {
  const text = model.generate({ length: 400, seed: 3 });

  test("a text ends before the first of them, wherever that is", async () => {
    for (const at of [0, 1, 17, 150, 300]) {
      for (const length of [1, 2, 5, 9]) {
        const stop = text.slice(at, at + length);
        const expected = text.slice(0, text.indexOf(stop));
        expect(model.generate({ length: 400, seed: 3, stop })).toBe(expected);
        expect((await collect(model.stream({ length: 400, seed: 3, stop: ["?", stop] }))).join("")).toBe(expected);
      }
    }
  });

  test("one that does not come, or does not come to its end, changes nothing", async () => {
    const stops = ["zzz", `${text.slice(-3)}z`, `${text.slice(10, 20)}z`];
    expect(model.generate({ length: 400, seed: 3, stop: stops })).toBe(text);
    expect((await collect(model.stream({ length: 400, seed: 3, stop: stops }))).join("")).toBe(text);
    expect(model.generate({ length: 400, seed: 3, stop: [] })).toBe(text);
  });

  test("one that overlaps itself, and one that the prime began", async () => {
    const only = (...symbols: string[]) => ({ length: 12, allowed: symbols });
    expect(model.generate({ ...only("a"), stop: "aaa" })).toBe("");
    expect(model.generate({ ...only("a"), prime: "aa", stop: "aaa", length: 2 })).toBe("aa");
    const scripted = (script: string, stop: string | string[]) =>
      model.generate({ length: script.length, stop, allowed: (symbol, soFar) => symbol === script[soFar.length] });
    expect(scripted("aabaabaac", "aabaac")).toBe("aab");
    expect(scripted("abcabd", "abd")).toBe("abc");
    expect(scripted("abcdef", ["de", "bcde", "e"])).toBe("a"); // all of them end here
  });
});

describe("a stream", () => {
  test("yields the text of generate symbol by symbol", async () => {
    const symbols = await collect(model.stream({ length: 40, seed: 6 }));
    expect(symbols).toHaveLength(40);
    expect(symbols.join("")).toBe(model.generate({ length: 40, seed: 6 }));
  });

  test("ends at the signal between two symbols, without an error", async () => {
    const controller = new AbortController();
    const symbols: string[] = [];
    for await (const symbol of model.stream({ length: Infinity, signal: controller.signal })) {
      symbols.push(symbol);
      if (symbols.length === 25) controller.abort();
    }
    expect(symbols).toHaveLength(25);
    expect(await collect(model.stream({ length: 5, signal: AbortSignal.abort() }))).toEqual([]);
    expect(model.generate({ length: 5, signal: AbortSignal.abort() })).toBe("");
  });

  test("lets timers and input come: an endless one that nobody waits for is ended by a timer", async () => {
    let turns = 0;
    let ended = false;
    const controller = new AbortController();
    const counting = (async () => {
      for (; !ended; turns++) await setImmediate();
    })();
    setTimeout(() => controller.abort(), 60);
    for await (const _ of model.stream({ length: Infinity, signal: controller.signal }));
    ended = true;
    await counting;
    expect(turns).toBeGreaterThan(2);
  });

  test("can be left, and goes on with nothing", async () => {
    const text = model.stream({ length: Infinity })[Symbol.asyncIterator]();
    await text.next();
    expect(await text.return?.()).toEqual({ done: true, value: undefined });
    expect(await text.next()).toEqual({ done: true, value: undefined });
  });

  test("of 200,000 symbols does not grow", async () => {
    const small = await CharRNN.create({ vocabulary: ALPHABET, cell: "rnn", hiddenSize: 4, numLayers: 1 });
    const options: GenerateOptions = { length: 200_000, stop: "abcdefgabcdefg", repetitionPenalty: 1.1 };
    let bytes = 0;
    let count = 0;
    for await (const symbol of small.stream(options)) {
      count += symbol.length;
      if (count === 1000) bytes = small.network.byteLength;
    }
    expect(count).toBe(200_000);
    expect(small.network.byteLength).toBe(bytes);
  });
});

describe("units", () => {
  const bytesOf = (text: string) => [...new TextEncoder().encode(text)].map((byte) => String.fromCharCode(byte));

  /** Writes these bytes, whatever the model. */
  const scripted = (writer: CharRNN, script: string[], options: Partial<GenerateOptions> = {}) => {
    let asked = 0;
    const { size } = writer.vocabulary;
    // Asked for every symbol each time: the script goes on when all were asked.
    const allowed = (symbol: string) => symbol === script[Math.floor(asked++ / size)];
    return writer.stream({ length: script.length, allowed, ...options });
  };

  test("bytes: a character comes once it is whole", async () => {
    const writer = await lively({ vocabulary: Vocabulary.fromText("aé€😀", { unit: "byte" }) });
    expect(await collect(scripted(writer, bytesOf("aé€😀a")))).toEqual(["a", "é", "€", "😀", "a"]);
    // Cut short, as Vocabulary.decode has it
    expect(await collect(scripted(writer, bytesOf("a€").slice(0, 3)))).toEqual(["a", "\ufffd"]);
    expect((await collect(scripted(writer, bytesOf("😀é€a"), { stop: "€" }))).join("")).toBe("😀é");
    expect((await collect(scripted(writer, bytesOf("😀é€a"), { stop: "é€😀" }))).join("")).toBe("😀é€a");
  });

  test("bytes: what a session and a constraint see are whole characters", async () => {
    const writer = await lively({ vocabulary: Vocabulary.fromText("aé€😀", { unit: "byte" }) });
    const session = writer.session();
    session.feed("é€");
    expect(session.undo()).toBe("\xac");
    expect(session.text).toBe("é");
    expect(session.draw({ allowed: ["\xac"] })).toBe("\xac");
    expect(session.text).toBe("é€");
    const text = writer.generate({ length: 500, seed: 2 });
    expect((await collect(writer.stream({ length: 500, seed: 2 }))).join("")).toBe(text);
    expect(text).toContain("\ufffd"); // untrained, it knows nothing of UTF-8
    await expectError(
      () => writer.generate({ length: 1, stop: "\ud800" }),
      RangeError,
      'unit "byte": expected text that UTF-8 can say, got half a pair "\\ud800" at offset 0',
    );
  });

  test("graphemes, each whole", async () => {
    const symbols = ["e\u0301", "👩‍👩‍👧", "\r\n", "x"];
    const writer = await lively({ vocabulary: Vocabulary.fromSymbols(symbols, { unit: "grapheme" }) });
    const pieces = await collect(writer.stream({ length: 100, prime: "x👩‍👩‍👧" }));
    expect(pieces).toHaveLength(100);
    expect(new Set(pieces)).toEqual(new Set(symbols));
    expect(writer.generate({ length: 100, prime: "x👩‍👩‍👧" })).toBe(pieces.join(""));
    expect(writer.generate({ length: 100, prime: "x👩‍👩‍👧", stop: "\r\n" })).toBe(pieces.join("").split("\r\n")[0]);
  });

  test("a symbol for the unknown is written as it is spelled", async () => {
    const vocabulary = Vocabulary.fromSymbols(["a", "b"], { unknown: "<unk>" });
    const writer = await lively({ vocabulary });
    const text = writer.generate({ length: 50, prime: "aXb" });
    expect(text).toMatch(/^(a|b|<unk>){50}$/);
    expect(writer.generate({ length: 50, prime: "aXb", stop: "nk>a" })).toBe(text.split("nk>a")[0]);
    expect(writer.generate({ length: 50, allowed: ["a", "b"] })).toMatch(/^[ab]{50}$/);
  });
});
