import { describe, expect, it } from "vitest";
import { tensor } from "../../src/tensor/tensor.js";
import { Vocabulary } from "../../src/text/vocabulary.js";
import { slidingWindows, stitchWindows } from "../../src/text/windows.js";
import { sentence } from "./sentence.js";

const count = (length: number) => Int32Array.from({ length }, (_, i) => i);
const integers = (shape: number[], ...data: number[]) => tensor(Int32Array.from(data), shape);

describe("slidingWindows", () => {
  it("the lab: 170 windows of 10, rebuilt by stitching", () => {
    const vocabulary = Vocabulary.fromText(sentence);
    const indices = vocabulary.encode(sentence);
    expect([sentence.length, vocabulary.size, indices.length]).toEqual([180, 25, 180]);
    const { inputs, targets } = slidingWindows(indices, 10);
    expect(inputs.shape).toEqual([170, 10]);
    expect(targets.shape).toEqual([170, 10]);
    expect(vocabulary.decode(inputs.data.subarray(20, 30))).toBe(sentence.slice(2, 12));
    expect(vocabulary.decode(stitchWindows(targets))).toBe(sentence.slice(1));
    expect(vocabulary.decode(stitchWindows(inputs))).toBe(sentence.slice(0, -1));
  });

  it("shifts the targets by one", () => {
    expect(slidingWindows(count(5), 2)).toEqual({
      inputs: integers([3, 2], 0, 1, 1, 2, 2, 3),
      targets: integers([3, 2], 1, 2, 2, 3, 3, 4),
    });
  });

  it.each([
    [11, 3, 4, 2],
    [12, 3, 4, 3],
    [13, 3, 4, 3],
    [16, 3, 4, 4],
    [4, 3, 100, 1],
    [20, 1, 1, 19],
    [20, 19, 1, 1],
  ])("%i symbols, T %i, stride %i: %i windows", (length, sequenceLength, stride, windows) => {
    const { inputs, targets } = slidingWindows(count(length), sequenceLength, stride);
    expect(inputs.shape).toEqual([windows, sequenceLength]);
    expect(targets.shape).toEqual([windows, sequenceLength]);
    // The symbols count from 0, so each is the place where it was.
    const places = Array.from(inputs.data, (_, i) => Math.floor(i / sequenceLength) * stride + (i % sequenceLength));
    expect([...inputs.data]).toEqual(places);
    expect([...targets.data]).toEqual(places.map((place) => place + 1));
  });

  it("copies: the windows do not change with the indices", () => {
    const indices = count(4);
    const { inputs } = slidingWindows(indices, 2);
    indices.fill(9);
    expect([...inputs.data]).toEqual([0, 1, 1, 2]);
  });

  it.each([
    [count(5), 10, 1, RangeError, '"indices": expected at least 11 symbols for sequenceLength 10, got 5'],
    [count(10), 10, 1, RangeError, '"indices": expected at least 11 symbols for sequenceLength 10, got 10'],
    [count(0), 1, 1, RangeError, '"indices": expected at least 2 symbols for sequenceLength 1, got 0'],
    [count(5), 0, 1, RangeError, '"sequenceLength": expected an integer ≥ 1, got 0'],
    [count(5), 2.5, 1, RangeError, '"sequenceLength": expected an integer ≥ 1, got 2.5'],
    [count(5), undefined, 1, TypeError, '"sequenceLength": expected an integer ≥ 1, got undefined'],
    [count(5), 2, 0, RangeError, '"stride": expected an integer ≥ 1, got 0'],
    [count(5), 2, Infinity, RangeError, '"stride": expected an integer ≥ 1, got Infinity'],
    [count(5), 2, "1", TypeError, '"stride": expected an integer ≥ 1, got "1"'],
    [[0, 1, 2], 2, 1, TypeError, '"indices": expected an Int32Array, got an Array'],
    ["abc", 2, 1, TypeError, '"indices": expected an Int32Array, got "abc"'],
    [undefined, 2, 1, TypeError, '"indices": expected an Int32Array, got undefined'],
  ])("refuses %o, %o, %o", (indices, sequenceLength, stride, type, message) => {
    expect(() => slidingWindows(indices as never, sequenceLength as never, stride as never)).toThrow(new type(message));
  });
});

describe("stitchWindows", () => {
  it("takes all of window 0, then the last of each later window", () => {
    expect([...stitchWindows(integers([3, 2], 1, 2, 3, 4, 5, 6))]).toEqual([1, 2, 4, 6]);
    expect([...stitchWindows(integers([1, 3], 1, 2, 3))]).toEqual([1, 2, 3]);
    expect([...stitchWindows(integers([3, 1], 1, 2, 3))]).toEqual([1, 2, 3]);
  });

  it.each([
    [integers([3], 1, 2, 3), RangeError, '"predictions": expected shape (N, T) with N and T ≥ 1, got (3)'],
    [integers([1, 1, 1], 1), RangeError, '"predictions": expected shape (N, T) with N and T ≥ 1, got (1, 1, 1)'],
    [integers([0, 3]), RangeError, '"predictions": expected shape (N, T) with N and T ≥ 1, got (0, 3)'],
    [integers([3, 0]), RangeError, '"predictions": expected shape (N, T) with N and T ≥ 1, got (3, 0)'],
    [tensor(new Float32Array(1), [1, 1]), TypeError, '"predictions.data": expected an Int32Array, got a Float32Array'],
    [new Int32Array(2), TypeError, '"predictions": expected a tensor { data, shape }, got an Int32Array'],
  ])("refuses %o", (predictions, type, message) => {
    expect(() => stitchWindows(predictions as never)).toThrow(new type(message));
  });
});
