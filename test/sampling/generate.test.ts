import { describe, expect, test } from "vitest";
import * as library from "../../src/index.js";
import { collect, lively } from "./lively.js";
import { textOf, WRITINGS } from "./text-of.js";

const model = await lively();

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
