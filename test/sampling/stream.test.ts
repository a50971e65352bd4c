import { setImmediate } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, test } from "vitest";
import { CharRNN, type GenerateOptions, Vocabulary } from "../../src/index.js";
import { expectError } from "../api/expect-error.js";
import { ALPHABET, collect, lively } from "./lively.js";

setFlagsFromString("--expose-gc");
const collectGarbage: () => void = runInNewContext("gc");
const model = await lively();

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

  test("ends where generate does, without what was held back because a stop string may have begun", async () => {
    const written = model.generate({ length: 10, seed: 6 });
    const abortedAfter = (count: number): GenerateOptions => {
      const controller = new AbortController();
      const allowed = (_: string, text: string) => {
        if (text.length === count - 1) controller.abort();
        return true;
      };
      const stop = `${written.slice(0, 5)}${written[5] === "a" ? "b" : "a"}`;
      return { length: 10, seed: 6, stop, allowed, signal: controller.signal };
    };
    for (const [count, text] of [
      [5, ""],
      [7, written.slice(0, 7)],
    ] as const) {
      expect(model.generate(abortedAfter(count))).toBe(text);
      expect((await collect(model.stream(abortedAfter(count)))).join("")).toBe(text);
    }
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

  test.each<Partial<GenerateOptions>>([{}, { stop: "abcdefgabcdefg", repetitionPenalty: 1.1, topP: 0.99 }])(
    "of a million symbols does not grow: %j",
    async (options) => {
      const small = await CharRNN.create({ vocabulary: ALPHABET, cell: "rnn", hiddenSize: 8, numLayers: 1 });
      const wasm: number[] = [];
      const heap: number[] = [];
      let count = 0;
      for await (const symbol of small.stream({ length: 1_000_000, ...options })) {
        count += symbol.length;
        if (count < 100_000 * (heap.length + 1)) continue;
        collectGarbage();
        wasm.push(small.network.byteLength);
        const { heapUsed, external } = process.memoryUsage(); // external has the array buffers in it
        heap.push(heapUsed + external);
      }
      expect(count).toBe(1_000_000);
      expect(new Set(wasm).size).toBe(1);
      // Seen: 25 kB at most, and 10 MB for one who keeps the symbols. A byte of each would be 900 kB.
      const [first, ...others] = heap as [number, ...number[]];
      expect(others).toHaveLength(9);
      expect(Math.max(...others) - first).toBeLessThan(200_000);
    },
  );
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
