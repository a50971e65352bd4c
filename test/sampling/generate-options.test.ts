import { describe, expect, test } from "vitest";
import { type GenerateManyOptions, type GenerateOptions, UnknownSymbolError } from "../../src/index.js";
import { expectError } from "../api/expect-error.js";
import { lively } from "./lively.js";

const model = await lively();

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
