import { describe, expect, test } from "vitest";
import { CharRNN, copiedText, UnknownSymbolError } from "../../src/index.js";
import { expectError } from "../api/expect-error.js";
import { forward } from "../reference/network.js";
import { generator } from "../reference/random.js";
import { copiedMarks } from "../reference/sampling.js";
import { dictToFloat64 } from "../reference/tensor.js";

describe("activations", () => {
  test.each(["rnn", "gru", "lstm"] as const)("%s: the states of a float64 network, in every layer", async (cell) => {
    const [L, H] = [3, 5];
    const model = await CharRNN.create({ vocabulary: "abcd", cell, hiddenSize: H, numLayers: L, seed: 3 });
    const text = "abcdabbacdcabd";
    const T = text.length;
    const { network, vocabulary } = model;
    const indices = vocabulary.encode(text);
    for (let layer = 0; layer < L; layer++) {
      const { symbols, hidden, cell: cells } = model.activations(text, { layer });
      expect(symbols.join("")).toBe(text);
      expect(hidden.shape).toEqual([T, H]);
      expect(cells?.shape).toEqual(cell === "lstm" ? [T, H] : undefined);
      for (let t = 0; t < T; t++) {
        const inputs = { data: indices.subarray(0, t + 1), shape: [1, t + 1] };
        const { state } = forward(network.config, dictToFloat64(network.stateDict()), inputs);
        for (let unit = 0; unit < H; unit++) {
          expect(hidden.data[t * H + unit]).toBeCloseTo(state.h.data[layer * H + unit] as number, 5);
          if (cells) expect(cells.data[t * H + unit]).toBeCloseTo(state.c?.data[layer * H + unit] as number, 5);
        }
      }
    }
    expect(model.activations(text)).toEqual(model.activations(text, { layer: L - 1 }));
    expect(model.activations("").hidden.shape).toEqual([0, H]);
  });

  test("bad input", async () => {
    const model = await CharRNN.create({ vocabulary: "abcd", hiddenSize: 3, numLayers: 2 });
    const layers = '"layer": expected an integer from 0 to 1';
    await expectError(() => model.activations("ab", { layer: 2 }), RangeError, `${layers}, got 2`);
    await expectError(() => model.activations("ab", { layer: -1 }), RangeError, `${layers}, got -1`);
    await expectError(() => model.activations("a?"), UnknownSymbolError, '"?" at offset 1 is not in the vocabulary');
    await expectError(() => model.activations(null as never), TypeError, '"text": expected a text, got null');
  });
});

describe("copiedText", () => {
  test("is what trying every piece finds", () => {
    const random = generator(3);
    const text = (length: number, letters: number) =>
      Array.from({ length }, () => "abcdé😀"[Math.floor(random() * letters)]).join("");
    for (let i = 0; i < 300; i++) {
      const letters = 1 + (i % 7);
      const training = text(Math.floor(random() * 60), letters);
      const generated =
        text(Math.floor(random() * 30), letters) + training.slice(7, 7 + (i % 13)) + text(i % 5, letters);
      for (const minLength of [1, 2, 3, 6]) {
        const { share, copied, longest } = copiedText(generated, training, { minLength });
        const expected = copiedMarks(generated, training, minLength);
        const count = expected.marks.filter(Boolean).length;
        expect(copied).toBe(count);
        expect(share).toBe(generated === "" ? 0 : count / generated.length);
        expect(longest.text).toHaveLength(expected.longest);
        expect(generated.indexOf(longest.text)).toBe(longest.offset);
        expect(training.indexOf(longest.text)).toBe(longest.trainingOffset);
      }
    }
  });

  test("says what a model recites", () => {
    const training = "if you want to build a ship, don't drum up people together to collect wood";
    expect(copiedText(training, training)).toEqual({
      share: 1,
      copied: training.length,
      longest: { text: training, offset: 0, trainingOffset: 0 },
    });
    expect(copiedText("the quick cat", "the quick brown fox", { minLength: 5 }).copied).toBe(10);
    const { share, longest } = copiedText("XXX don't drum up people XXX", training);
    expect(longest).toEqual({ text: " don't drum up people ", offset: 3, trainingOffset: 28 });
    expect(share).toBe(22 / 28);
    expect(copiedText("XXX drum up XXX", training).share).toBe(0); // 9 characters are too few
    expect(copiedText("", training).share).toBe(0);
    expect(copiedText("abc", "").longest).toEqual({ text: "", offset: 0, trainingOffset: 0 });
  });

  // 0.4 s on a quiet machine; what is not linear takes minutes.
  test("of a megabyte takes a moment, also of one letter", { timeout: 10_000 }, () => {
    const random = generator(1);
    const letters = (length: number) =>
      Array.from({ length }, () => String.fromCharCode(97 + Math.floor(26 * random() ** 2))).join("");
    const training = letters(1_000_000);
    const generated = letters(10_000) + training.slice(400_000, 401_000) + letters(10_000);
    const { longest, copied } = copiedText(generated, training);
    expect(longest).toMatchObject({ offset: 10_000, trainingOffset: 400_000 });
    expect(longest.text.length).toBeGreaterThanOrEqual(1000);
    expect(copied).toBe(longest.text.length);
    expect(copiedText("a".repeat(50_000), "a".repeat(500_000)).share).toBe(1);
  });

  test("bad input", async () => {
    const length = '"minLength": expected an integer ≥ 1, got 0';
    await expectError(() => copiedText("a", "b", { minLength: 0 }), RangeError, length);
    await expectError(() => copiedText(1 as never, "b"), TypeError, '"generated": expected a text, got 1');
    await expectError(() => copiedText("a", null as never), TypeError, '"trainingText": expected a text, got null');
  });
});
