import { describe, expect, test } from "vitest";
import { CharRNN, type SymbolScore, UnknownSymbolError, Vocabulary } from "../../src/index.js";
import { expectError } from "../api/expect-error.js";
import { forward } from "../reference/network.js";
import { dictToFloat64 } from "../reference/tensor.js";
import { ALPHABET, collect, lively } from "./lively.js";

const model = await lively({ numerics: "fast" });
const TEXT = model.generate({ length: 1700, seed: 1 });

/** Natural log-probabilities (T, V) after each symbol of a text, in float64. */
function referenceLogs(writer: CharRNN, text: string): number[][] {
  const { network, vocabulary } = writer;
  const indices = vocabulary.encode(text);
  const { logits } = forward(network.config, dictToFloat64(network.stateDict()), {
    data: indices,
    shape: [1, indices.length],
  });
  const V = vocabulary.size;
  return Array.from(indices, (_, t) => {
    const row = [...logits.data.subarray(t * V, (t + 1) * V)];
    const highest = Math.max(...row);
    const sum = row.reduce((total, x) => total + Math.exp(x - highest), 0);
    return row.map((x) => x - highest - Math.log(sum));
  });
}

describe("score", () => {
  test("is what a float64 network says of each symbol", () => {
    const text = TEXT.slice(0, 700); // more than a chunk
    const scores = model.score(text);
    const logs = referenceLogs(model, text);
    expect(scores.map(({ symbol }) => symbol).join("")).toBe(text.slice(1));
    expect(scores.map(({ offset }) => offset)).toEqual(Array.from({ length: 699 }, (_, i) => i + 1));
    for (const [i, { symbol, probability, surprisal, alternatives }] of scores.entries()) {
      const row = logs[i] as number[];
      const log = row[model.vocabulary.symbols.indexOf(symbol)] as number;
      expect(probability).toBeCloseTo(Math.exp(log), 5);
      expect(surprisal).toBeCloseTo(-log / Math.LN2, 4);
      const likeliest = row.map((_, index) => index).sort((a, b) => (row[b] as number) - (row[a] as number));
      expect(alternatives).toHaveLength(3);
      for (const [rank, alternative] of alternatives.entries()) {
        const index = likeliest[rank] as number;
        expect(alternative.probability).toBeCloseTo(Math.exp(row[index] as number), 5);
      }
    }
  });

  test("agrees with evaluate, with and without a prime", () => {
    const mean = (scores: SymbolScore[]) => scores.reduce((sum, each) => sum + each.surprisal, 0) / scores.length;
    expect(mean(model.score(TEXT))).toBeCloseTo(model.evaluate(TEXT).bitsPerSymbol, 5);
    for (const prime of ["\n", "ab", TEXT]) {
      expect(mean(model.score(TEXT, { prime }))).toBeCloseTo(model.evaluate(TEXT, { prime }).bitsPerSymbol, 5);
      expect(model.score(TEXT, { prime })).toHaveLength(TEXT.length);
      expect(model.score("cab", { prime }).slice(1)).toEqual(
        model
          .score(`${prime}cab`)
          .slice(-2)
          .map((each, i) => ({ ...each, offset: i + 1 })),
      );
    }
  });

  test("lists as many alternatives as are asked for", () => {
    const counts = (alternatives: number) =>
      model.score("abc", { alternatives }).map((each) => each.alternatives.length);
    expect(counts(0)).toEqual([0, 0]);
    expect(counts(1)).toEqual([1, 1]);
    expect(counts(100)).toEqual([ALPHABET.length, ALPHABET.length]);
    const [all] = model.score("ab", { alternatives: 100 });
    const own = all?.alternatives.find(({ symbol }) => symbol === "b");
    expect(own?.probability).toBe(all?.probability);
    const [none] = model.score("ab", { alternatives: 0 });
    expect(none?.surprisal).toBe(all?.surprisal);
  });

  test("a surprisal is right where the probability is no float any more", async () => {
    const certain = await CharRNN.create({ vocabulary: "ab", cell: "rnn", hiddenSize: 2, numLayers: 1 });
    const dict = certain.network.stateDict();
    for (const [name, { data }] of Object.entries(dict)) data.fill(0).set(name === "fc.bias" ? [0, 400] : []);
    certain.network.loadStateDict(dict);
    const [unlikely, likely] = certain.score("bab");
    expect(unlikely?.probability).toBe(0);
    expect(unlikely?.surprisal).toBeCloseTo(400 / Math.LN2, 3);
    expect(likely?.surprisal).toBe(0);
  });

  test("short texts", () => {
    expect(model.score("")).toEqual([]);
    expect(model.score("a")).toEqual([]);
    expect(model.score("", { prime: "ab" })).toEqual([]);
    expect(model.score("a", { prime: "ab" })).toHaveLength(1);
  });

  test("offsets count code units, whatever a symbol is", async () => {
    const text = "a😀e\u0301\r\na€";
    const offsets = async (unit: "codePoint" | "grapheme" | "byte") => {
      const writer = await CharRNN.create({ vocabulary: Vocabulary.fromText(text, { unit }), hiddenSize: 3 });
      return writer
        .score(text.repeat(1500), { prime: "a" })
        .slice(-11)
        .map(({ offset }) => offset - 1499 * text.length);
    };
    expect((await offsets("codePoint")).slice(-8)).toEqual([0, 1, 3, 4, 5, 6, 7, 8]);
    expect((await offsets("grapheme")).slice(-6)).toEqual([0, 1, 3, 5, 7, 8]);
    expect(await offsets("byte")).toEqual([1, 1, 3, 4, 4, 5, 6, 7, 8, 8, 8]);
    const vocabulary = Vocabulary.fromSymbols(["a", "b"], { unknown: "<unk>" });
    const writer = await CharRNN.create({ vocabulary, hiddenSize: 3 });
    expect(writer.score("a😀b?").map(({ symbol, offset }) => [symbol, offset])).toEqual([
      ["<unk>", 1],
      ["b", 3],
      ["<unk>", 4],
    ]);
  });
});

describe("scoreStream", () => {
  test("gives the scores of the whole text, however it comes", async () => {
    const expected = model.score(TEXT, { alternatives: 1 });
    expect(await collect(model.scoreStream(TEXT, { alternatives: 1 }))).toEqual(expected);
    const inPieces = async function* () {
      for (let start = 0, size = 1; start < TEXT.length; start += size++) yield TEXT.slice(start, start + size);
    };
    const scores = await collect(model.scoreStream(inPieces(), { alternatives: 1 }));
    expect(scores.map(({ offset }) => offset)).toEqual(expected.map(({ offset }) => offset));
    for (const [i, { probability }] of scores.entries()) {
      expect(probability).toBeCloseTo(expected[i]?.probability as number, 6);
    }
  });

  test("takes texts of any length in the memory of a chunk, and ends at the signal", async () => {
    const controller = new AbortController();
    const endless = async function* () {
      for (;;) yield TEXT;
    };
    let count = 0;
    let bytes = 0;
    for await (const _ of model.scoreStream(endless(), { alternatives: 0, signal: controller.signal })) {
      if (++count === 5000) bytes = model.network.byteLength;
      if (count === 40_000) controller.abort();
    }
    expect(count).toBeLessThan(40_000 + TEXT.length);
    expect(model.network.byteLength).toBe(bytes);
  });
});

describe("rank", () => {
  test("puts the likeliest first, by bits per symbol", () => {
    const texts = ["abcabc", TEXT.slice(0, 300), "ggggggg", "ab", "abcabc"];
    for (const options of [{}, { prime: "\n" }]) {
      const ranked = model.rank(texts, options);
      expect(ranked.map(({ index }) => index).sort()).toEqual([0, 1, 2, 3, 4]);
      for (const { text, index, bitsPerSymbol, bits } of ranked) {
        expect(text).toBe(texts[index]);
        expect(bitsPerSymbol).toBe(model.evaluate(text, options).bitsPerSymbol);
        expect(bits).toBeCloseTo(bitsPerSymbol * (text.length - (options.prime ? 0 : 1)), 9);
      }
      const order = ranked.map(({ bitsPerSymbol }) => bitsPerSymbol);
      expect(order).toEqual(order.toSorted((a, b) => a - b));
      expect(ranked.findIndex(({ index }) => index === 4)).toBe(ranked.findIndex(({ index }) => index === 0) + 1);
    }
    expect(model.rank([])).toEqual([]);
  });
});

describe("bad input", () => {
  test("names what is wrong", async () => {
    await expectError(() => model.score(1 as never), TypeError, '"text": expected a text, got 1');
    await expectError(
      () => model.score("ab", { alternatives: -1 }),
      RangeError,
      '"alternatives": expected an integer ≥ 0, got -1',
    );
    await expectError(
      () => model.score("ab", { top: 3 } as never),
      TypeError,
      'options: unknown option "top", expected "prime" or "alternatives"',
    );
    const late = `${TEXT}${TEXT}${TEXT}?`;
    const message = `"?" at offset ${3 * TEXT.length} is not in the vocabulary`;
    await expectError(() => model.score(late), UnknownSymbolError, message);
    await expectError(() => collect(model.scoreStream(late)), UnknownSymbolError, message);
    await expectError(
      () => model.score("ab", { prime: "?" }),
      UnknownSymbolError,
      '"?" at offset 0 is not in the vocabulary',
    );
    expect(() => model.scoreStream(["ab"] as never)).toThrow(
      '"text": expected a text or an async iterable of texts, got an Array',
    );
    const numbers = (async function* () {
      yield 1 as unknown as string;
    })();
    await expectError(() => collect(model.scoreStream(numbers)), TypeError, '"piece": expected a text, got 1');
    await expectError(() => model.rank("ab" as never), TypeError, '"texts": expected an array of texts, got "ab"');
    await expectError(() => model.rank(["ab", 3 as never]), TypeError, '"texts[1]": expected a text, got 3');
    await expectError(
      () => model.rank(["ab", "a"]),
      RangeError,
      '"texts[1]": expected at least 2 symbols for a rank, got 1',
    );
    await expectError(
      () => model.rank(["a", ""], { prime: "\n" }),
      RangeError,
      '"texts[1]": expected at least 1 symbol for a rank, got 0',
    );
  });
});
