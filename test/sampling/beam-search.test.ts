import { describe, expect, test } from "vitest";
import { type BeamSearchOptions, CharRNN, Vocabulary } from "../../src/index.js";
import { expectError } from "../api/expect-error.js";
import { exhaustive } from "../reference/sampling.js";

const SYMBOLS = "abcd";
const V = SYMBOLS.length;
const model = await CharRNN.create({
  vocabulary: SYMBOLS,
  cell: "gru",
  hiddenSize: 7,
  seed: 9,
  numerics: "reproducible",
  initialization: { range: 1.5 },
});

/** ln p of each next symbol after a prime and these indices. */
const logProbabilitiesAfter = (prime: string) => (before: readonly number[]) => {
  const session = model.session();
  session.feed(prime + before.map((index) => SYMBOLS[index]).join(""));
  const probabilities = new Map(session.probabilities().map(({ symbol, probability }) => [symbol, probability]));
  return [...SYMBOLS].map((symbol) => Math.log(probabilities.get(symbol) as number));
};
const spell = (indices: readonly number[]) => indices.map((index) => SYMBOLS[index]).join("");

describe("beam search", () => {
  test("wide enough finds what trying everything finds, in the same order", () => {
    const all = exhaustive(V, 4, logProbabilitiesAfter("ab"));
    const found = model.beamSearch({ prime: "ab", length: 4, beamWidth: V ** 4 });
    expect(found.map(({ text }) => text)).toEqual(all.map(({ indices }) => spell(indices)));
    for (const [i, { logProbability }] of found.entries()) {
      expect(logProbability).toBeCloseTo(all[i]?.logProbability as number, 5);
    }
    expect(found.reduce((sum, { logProbability }) => sum + Math.exp(logProbability), 0)).toBeCloseTo(1, 5);
    // One of four steps less than everything is wide enough for the likeliest.
    expect(model.beamSearch({ prime: "ab", length: 4, beamWidth: V ** 3 })[0]).toEqual(found[0]);
  });

  test("of width 1 is argmax, and wider ones are never less likely", () => {
    const options = { prime: "ba", length: 25 };
    const [greedy] = model.beamSearch({ ...options, beamWidth: 1 });
    expect(greedy?.text).toBe(model.generate({ ...options, temperature: 0 }));
    const [wide] = model.beamSearch({ ...options, beamWidth: 200 });
    expect(wide?.logProbability).toBeGreaterThanOrEqual(greedy?.logProbability as number);
  });

  test("log-probabilities are those of the scores, also where the product is no float any more", () => {
    const options = { prime: "c", length: 2500 };
    const greedy = model.generate({ ...options, temperature: 0 });
    const found = model.beamSearch({ ...options, beamWidth: 3 });
    expect(Math.exp(found[0]?.logProbability as number)).toBe(0);
    expect(found[0]?.logProbability).toBeGreaterThan(-2500 * model.evaluate(greedy, { prime: "c" }).loss);
    for (const { text, logProbability } of found) {
      expect(text).toHaveLength(2500);
      const bits = model.score(text, { prime: "c" }).reduce((sum, { surprisal }) => sum + surprisal, 0);
      expect(Math.abs(logProbability + bits * Math.LN2)).toBeLessThan(1e-3);
    }
  });

  test("a text that a stop string ended stays beside the others, without it", () => {
    const length = 4;
    const stop = "cb";
    // Everything that does not go on after the stop string, by brute force.
    const expected = exhaustive(V, length, logProbabilitiesAfter("a"))
      .map(({ indices }) => spell(indices))
      .map((text) => (text.includes(stop) ? text.slice(0, text.indexOf(stop) + stop.length) : text));
    const distinct = [...new Set(expected)].map((written) => {
      const bits = model.score(written, { prime: "a" }).reduce((sum, { surprisal }) => sum + surprisal, 0);
      const text = written.endsWith(stop) ? written.slice(0, -stop.length) : written;
      return { text, logProbability: -bits * Math.LN2 };
    });
    distinct.sort((a, b) => b.logProbability - a.logProbability);
    const found = model.beamSearch({ prime: "a", length, stop, beamWidth: 300 });
    expect(found.map(({ text }) => text)).toEqual(distinct.map(({ text }) => text));
    for (const [i, { logProbability }] of found.entries()) {
      expect(logProbability).toBeCloseTo(distinct[i]?.logProbability as number, 4);
    }
    expect(model.beamSearch({ length: 100, stop: [...SYMBOLS] }).every(({ text }) => text === "")).toBe(true);
  });

  test("without a prime begins with any symbol alike", () => {
    const found = model.beamSearch({ length: 1, beamWidth: 9 });
    expect(found.map(({ text }) => text)).toEqual([...SYMBOLS]);
    expect(found[2]?.logProbability).toBeCloseTo(-Math.log(V), 6);
    expect(model.beamSearch({ length: 0 })).toEqual([{ text: "", logProbability: 0 }]);
  });

  test("of bytes: whole characters, and stop strings in them", async () => {
    const vocabulary = Vocabulary.fromText("é€", { unit: "byte" });
    const writer = await CharRNN.create({ vocabulary, cell: "rnn", hiddenSize: 24, numLayers: 1, seed: 2 });
    const text = "é€".repeat(20);
    await writer.fit(text, { epochs: 120 });
    const [likeliest] = writer.beamSearch({ prime: "é€é", length: 8 });
    expect(likeliest?.text).toBe("€é€");
    const [stopped] = writer.beamSearch({ prime: "é€", length: 30, stop: "€é" });
    expect(stopped?.text).toBe("é");
  });

  test.each<[object, string]>([
    [{ beamWidth: 0 }, '"beamWidth": expected an integer ≥ 1, got 0'],
    [{ length: -1 }, '"length": expected an integer ≥ 0, got -1'],
    [{ stop: ["a", ""] }, '"stop[1]": expected a text of at least one character, got ""'],
  ])("%o", async (bad, message) => {
    await expectError(() => model.beamSearch({ length: 3, ...bad } as BeamSearchOptions), RangeError, message);
  });
});
