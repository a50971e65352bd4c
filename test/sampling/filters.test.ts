import { describe, expect, test } from "vitest";
import type { DrawOptions } from "../../src/index.js";
import { RandomStream } from "../../src/sampling/random-stream.js";
import { generator } from "../reference/random.js";
import { chiSquared, chiSquaredLimit, distribution, type DrawOptions as Plain } from "../reference/sampling.js";
import { Drawing, symbolsOf } from "./draw.js";

const V = 23;
const SYMBOLS = symbolsOf(V);
const drawing = await Drawing.create(V);

/** The same constraint as the sampler and the reference take it. */
function bothWays({ allowed, ...options }: Plain): DrawOptions {
  return { ...options, ...(allowed && { allowed: allowed.map((index) => SYMBOLS[index] as string) }) };
}

/** Logits on a grid, each once or more: ties are exact, and what is none is none in float32 either. */
function logitsOf(random: () => number, levels: number): number[] {
  return Array.from({ length: V }, () => Math.floor(random() * levels) / 4 - levels / 8);
}

const CASES: Plain[] = [
  {},
  { temperature: 0 },
  { temperature: 0.3 },
  { temperature: 1e-300 },
  { temperature: 2.5 },
  { temperature: 1e300 },
  { topK: 1 },
  { topK: 5 },
  { topK: V },
  { topK: 1000 },
  { topP: 1e-9 },
  { topP: 0.61803 },
  { topP: 0.95331 },
  { topP: 1 },
  { minP: 0 },
  { minP: 0.123 },
  { minP: 1 },
  { repetitionPenalty: 1.7 },
  { repetitionPenalty: 1.7, repetitionWindow: 2 },
  { repetitionPenalty: 0.5, repetitionWindow: 4096 },
  { repetitionPenalty: 1e308 },
  { repetitionPenalty: 1e-30 },
  { topK: 7, minP: 1 },
  { allowed: [3] },
  { allowed: [22, 4, 11, 5] },
  { allowed: [22, 4, 11, 5], temperature: 0 },
  { allowed: [22, 4, 11, 5], temperature: 1e300 },
  { temperature: 0.7, topK: 9, topP: 0.77777, minP: 0.0987 },
  { temperature: 1.3, topP: 0.88888, repetitionPenalty: 1.2, allowed: [0, 1, 2, 3, 4, 5, 6, 7, 20, 21] },
  { temperature: 1.1, topK: 6, minP: 0.2, repetitionPenalty: 3 },
];

describe("filters are the reference's", () => {
  test.each(CASES)("%o", (options) => {
    const random = generator(5);
    for (const levels of [3, 12, 40]) {
      for (let i = 0; i < 40; i++) {
        const logits = logitsOf(random, levels);
        const history = Array.from({ length: i }, () => Math.floor(random() * V));
        const expected = distribution(logits, history, options);
        const actual = drawing.distribution(logits, history, bothWays(options));
        expect(actual.map((p) => p > 0)).toEqual(expected.map((p) => p > 1e-44)); // below, a float is 0
        for (const [index, p] of expected.entries()) expect(actual[index]).toBeCloseTo(p, 6);
      }
    }
  });

  test("of equal ones the first stay, whatever the order of the others", () => {
    const logits = [0, 2, 1, 2, 1, 2, 1, 1].concat(new Array(V - 8).fill(-1));
    const kept = (options: DrawOptions) =>
      drawing.distribution(logits, [], options).flatMap((p, index) => (p > 0 ? [index] : []));
    expect(kept({ topK: 2 })).toEqual([1, 3]);
    expect(kept({ topK: 5 })).toEqual([1, 2, 3, 4, 5]);
    expect(kept({ topP: 1e-3 })).toEqual([1]);
    expect(kept({ temperature: 0 })).toEqual([1]);
    expect(kept({ minP: 1 })).toEqual([1, 3, 5]);
  });

  test("a filter that keeps everything changes no draw", () => {
    const logits = logitsOf(generator(9), 40);
    const counts = (options: DrawOptions) => drawing.count(2000, 3, logits, [], options);
    expect(counts({ topK: V })).toEqual(counts({}));
    expect(counts({ topP: 1, minP: 0, repetitionPenalty: 1 })).toEqual(counts({}));
    expect(counts({ allowed: () => true })).toEqual(counts({}));
  });
});

describe("100,000 draws follow the exact probabilities", () => {
  // Pearson's test at a significance of 0.001: with these seeds it passes or fails for good.
  const DRAWS = 100_000;
  test.each<[number, Plain]>([
    [1, {}],
    [2, { temperature: 0.6 }],
    [3, { temperature: 1.8, topK: 11 }],
    [4, { topP: 0.912 }],
    [5, { minP: 0.06 }],
    [6, { repetitionPenalty: 1.4 }],
    [7, { allowed: [1, 2, 3, 5, 8, 13, 21], topP: 0.967 }],
    [8, { temperature: 1.2, topK: 14, topP: 0.951, minP: 0.03, repetitionPenalty: 1.1 }],
  ])("seed %i: %o", (seed, options) => {
    const logits = logitsOf(generator(seed), 16);
    const history = [1, 1, 4, 9, 16];
    const expected = distribution(logits, history, options);
    const possible = expected.filter((p) => p > 0).length;
    expect(possible).toBeGreaterThanOrEqual(4);
    const counts = drawing.count(DRAWS, seed, logits, history, bothWays(options));
    expect(counts.filter((count, index) => count > 0 && expected[index] === 0)).toEqual([]);
    expect(chiSquared(counts, expected)).toBeLessThan(chiSquaredLimit(possible - 1));
    // The test can fail: a probability that is off by 5 % of itself is seen.
    const [likeliest] = expected.toSorted((a, b) => b - a);
    const wrong = expected.map((p) => (p === likeliest ? p * 1.05 : p));
    expect(chiSquared(counts, wrong)).toBeGreaterThan(chiSquaredLimit(possible - 1));
  });
});

describe("the uniform numbers", () => {
  test("are Python's random.random() for init_genrand's seed", () => {
    // numpy.random.RandomState(5489).random_sample(3): MT19937's default seed by init_genrand
    const random = new RandomStream(5489);
    expect([random.next(), random.next(), random.next()]).toEqual([
      0.8147236863931789, 0.9057919370756192, 0.12698681629350606,
    ]);
  });

  test("any place is found again, also where one generator follows another", () => {
    for (const place of [0, 1, 777, 65_535, 65_536, 65_537, 200_000]) {
      const run = new RandomStream(7);
      for (let i = 0; i < place; i++) run.next();
      const there = new RandomStream(7, place);
      expect(there.drawn).toBe(place);
      for (let i = 0; i < 3; i++) expect(there.next()).toBe(run.next());
    }
  });
});
