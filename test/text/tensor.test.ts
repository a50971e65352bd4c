import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import { argmax } from "../../src/tensor/argmax.js";
import { oneHot } from "../../src/tensor/one-hot.js";
import { checkTensor, coordinatesOf, formatShape, sizeOf, tensor } from "../../src/tensor/tensor.js";
import { generator, randomIndices } from "../reference/random.js";

const reals = (shape: number[], ...data: number[]) => tensor(Float32Array.from(data), shape);
const integers = (shape: number[], ...data: number[]) => tensor(Int32Array.from(data), shape);

describe("tensor", () => {
  it("keeps the data and copies the shape", () => {
    const data = new Float32Array(6);
    const shape = [2, 3];
    const t = tensor(data, shape);
    shape[0] = 7;
    expect(t.data).toBe(data);
    expect(t.shape).toEqual([2, 3]);
  });

  it("has rank 0 and empty dimensions", () => {
    expect(reals([], 5).shape).toEqual([]);
    expect(reals([4, 0]).data).toHaveLength(0);
  });

  it("takes an array of another realm", () => {
    expect(tensor(runInNewContext("new Int32Array(2)"), [2]).shape).toEqual([2]);
  });

  it.each([
    [[1, 2], [2], TypeError, '"data": expected a Float32Array or an Int32Array, got an Array'],
    [new Float64Array(2), [2], TypeError, '"data": expected a Float32Array or an Int32Array, got a Float64Array'],
    [new Float32Array(2), 2, TypeError, '"shape": expected an array of integers ≥ 0, got 2'],
    [new Float32Array(2), ["2"], TypeError, '"shape": expected an array of integers ≥ 0, got an Array'],
    [new Float32Array(2), Array(1).concat(2), TypeError, '"shape": expected an array of integers ≥ 0, got an Array'],
    [new Float32Array(2), [-1, -2], RangeError, '"shape": expected an array of integers ≥ 0, got an Array'],
    [new Float32Array(2), [0.5, 4], RangeError, '"shape": expected an array of integers ≥ 0, got an Array'],
    [new Float32Array(5), [2, 3], RangeError, '"data": expected 6 numbers for shape (2, 3), got 5'],
    [new Float32Array(0), [], RangeError, '"data": expected 1 numbers for shape (), got 0'],
  ])("refuses %o, %o", (data, shape, type, message) => {
    expect(() => tensor(data as never, shape as never)).toThrow(new type(message));
  });

  it.each([
    [undefined, TypeError, '"x": expected a tensor { data, shape }, got undefined'],
    [new Int32Array(2), TypeError, '"x": expected a tensor { data, shape }, got an Int32Array'],
    [{ data: new Float32Array(2), shape: [2] }, TypeError, '"x.data": expected an Int32Array, got a Float32Array'],
    [{ data: new Int32Array(2), shape: "2" }, TypeError, '"x.shape": expected an array of integers ≥ 0, got "2"'],
    [{ data: new Int32Array(2), shape: [3] }, RangeError, '"x.data": expected 3 numbers for shape (3), got 2'],
  ])("checkTensor refuses %o", (value, type, message) => {
    expect(() => checkTensor("x", value, "Int32Array")).toThrow(new type(message));
  });

  it("knows shapes", () => {
    expect([sizeOf([170, 10]), sizeOf([]), sizeOf([3, 0])]).toEqual([1700, 1, 0]);
    expect([formatShape([170, 10]), formatShape([5]), formatShape([])]).toEqual(["(170, 10)", "(5)", "()"]);
    expect([coordinatesOf(0, [2, 3, 5]), coordinatesOf(23, [2, 3, 5])]).toEqual([
      [0, 0, 0],
      [1, 1, 3],
    ]);
  });
});

describe("oneHot", () => {
  it("puts a 1 at each class", () => {
    const { data, shape } = oneHot(integers([2, 2], 2, 0, 1, 2), 3);
    expect(shape).toEqual([2, 2, 3]);
    expect([...data]).toEqual([0, 0, 1, 1, 0, 0, 0, 1, 0, 0, 0, 1]);
  });

  it("takes any rank", () => {
    expect(oneHot(integers([], 1), 2)).toEqual(reals([2], 0, 1));
    expect(oneHot(integers([0]), 2)).toEqual(reals([0, 2]));
  });

  it("is undone by argmax", () => {
    const { data, shape } = randomIndices(generator(1), [4, 5, 3], 7);
    const indices = tensor(data, shape);
    expect(argmax(oneHot(indices, 7), -1)).toEqual(indices);
  });

  it.each([
    [integers([2, 3], 0, 1, 2, 0, 3, 4), 3, RangeError, '"indices": expected integers from 0 to 2, got 3 at (1, 1)'],
    [integers([3], 0, -1, 5), 3, RangeError, '"indices": expected integers from 0 to 2, got -1 at (1)'],
    [integers([], 3), 3, RangeError, '"indices": expected integers from 0 to 2, got 3 at ()'],
    [integers([1], 0), 0, RangeError, '"numClasses": expected an integer ≥ 1, got 0'],
    [integers([1], 0), 1.5, RangeError, '"numClasses": expected an integer ≥ 1, got 1.5'],
    [integers([1], 0), "3", TypeError, '"numClasses": expected an integer ≥ 1, got "3"'],
    [reals([1], 0), 3, TypeError, '"indices.data": expected an Int32Array, got a Float32Array'],
    [[0], 3, TypeError, '"indices": expected a tensor { data, shape }, got an Array'],
  ])("refuses %o, %o", (indices, numClasses, type, message) => {
    expect(() => oneHot(indices as never, numClasses as never)).toThrow(new type(message));
  });
});

describe("argmax", () => {
  const example = reals(
    [3, 2, 3],
    0.1,
    0.3,
    0.5,
    0.3,
    0.5,
    0.1,
    0.5,
    0.1,
    0.3,
    0.1,
    0.3,
    0.5,
    0.3,
    0.5,
    0.1,
    0.5,
    0.1,
    0.3,
  );

  it.each([
    [0, integers([2, 3], 1, 2, 0, 2, 0, 1)],
    [1, integers([3, 3], 1, 1, 0, 0, 1, 1, 1, 0, 1)],
    [2, integers([3, 2], 2, 1, 0, 2, 1, 0)],
  ])("the 3-D example along dim %i, counted from either end", (dim, expected) => {
    expect(argmax(example, dim)).toEqual(expected);
    expect(argmax(example, dim - 3)).toEqual(expected);
  });

  it("agrees with a search by coordinates in five dimensions", () => {
    const random = generator(2);
    const shape = [2, 3, 1, 5, 4];
    // Few distinct values: most maxima are ties.
    const data = Float32Array.from({ length: sizeOf(shape) }, () => Math.floor(random() * 3));
    const at = (coordinates: number[]) => data[coordinates.reduce((flat, c, d) => flat * (shape[d] as number) + c, 0)];
    for (let dim = 0; dim < shape.length; dim++) {
      const result = argmax(tensor(data, shape), dim);
      expect(result.shape).toEqual(shape.toSpliced(dim, 1));
      for (const [position, found] of result.data.entries()) {
        const rest = coordinatesOf(position, result.shape);
        const line = Array.from({ length: shape[dim] as number }, (_, k) => at(rest.toSpliced(dim, 0, k)) as number);
        expect(found).toBe(line.indexOf(Math.max(...line)));
      }
    }
  });

  it.each([
    [[1, 3, 3], 1],
    [[NaN, 1, 2], 0],
    [[1, NaN, Infinity, NaN], 1],
    [[Infinity, NaN], 1],
    [[-Infinity, -Infinity], 0],
    [[-0, 0], 0],
    [[-3, -2, -5], 1],
  ])("of %o is %i", (line, expected) => {
    expect(argmax(reals([line.length], ...line), 0)).toEqual(integers([], expected));
  });

  it("takes integers", () => {
    expect(argmax(integers([2, 2], -5, -4, 2 ** 31 - 1, -(2 ** 31)), 1)).toEqual(integers([2], 1, 0));
  });

  it("may have an empty dimension that is not searched", () => {
    expect(argmax(reals([0, 2]), 1)).toEqual(integers([0]));
  });

  it.each([
    [reals([2, 0, 3]), 1, RangeError, '"t": expected dimension 1 not to be 0, got shape (2, 0, 3)'],
    [reals([2, 0, 3]), -2, RangeError, '"t": expected dimension 1 not to be 0, got shape (2, 0, 3)'],
    [reals([], 1), 0, RangeError, '"t": expected at least one dimension, got shape ()'],
    [example, 3, RangeError, '"dim": expected an integer from -3 to 2, got 3'],
    [example, -4, RangeError, '"dim": expected an integer from -3 to 2, got -4'],
    [example, 0.5, RangeError, '"dim": expected an integer from -3 to 2, got 0.5'],
    [example, undefined, TypeError, '"dim": expected an integer from -3 to 2, got undefined'],
    [[[1]], 0, TypeError, '"t": expected a tensor { data, shape }, got an Array'],
    [{ data: [1], shape: [1] }, 0, TypeError, '"t.data": expected a Float32Array or an Int32Array, got an Array'],
  ])("refuses %o, %o", (t, dim, type, message) => {
    expect(() => argmax(t as never, dim as never)).toThrow(new type(message));
  });
});
