import { arrayOf, checkTensor, formatShape, type Tensor } from "../tensor/tensor.js";
import { check, integer } from "../validate.js";

/**
 * Every stretch of T symbols, and the same stretch one symbol later: what a network reads, and what it should say.
 * N = ⌊(n − T − 1) / stride⌋ + 1 for n symbols; what is left at the end and fills no window is not used.
 *
 * @param indices n symbols, as `Vocabulary.encode` gives them
 * @param sequenceLength T, an integer ≥ 1 and < n
 * @param stride from the start of one window to the start of the next, an integer ≥ 1, default 1
 * @returns inputs and targets, (N, T) each
 * @throws TypeError for a wrong type, RangeError for a wrong value or a text without one whole window
 * @example
 * const { inputs, targets } = slidingWindows(Int32Array.of(5, 6, 7, 8), 2); // inputs 5 6, 6 7; targets 6 7, 7 8
 */
export function slidingWindows(
  indices: Int32Array,
  sequenceLength: number,
  stride = 1,
): { inputs: Tensor<Int32Array>; targets: Tensor<Int32Array> } {
  check("indices", indices, arrayOf("Int32Array"));
  check("sequenceLength", sequenceLength, integer({ min: 1 }));
  check("stride", stride, integer({ min: 1 }));
  const spare = indices.length - (sequenceLength + 1);
  if (spare < 0) {
    const needed = `at least ${sequenceLength + 1} symbols for sequenceLength ${sequenceLength}`;
    throw new RangeError(`"indices": expected ${needed}, got ${indices.length}`);
  }
  const count = Math.floor(spare / stride) + 1;
  return { inputs: windowsFrom(0), targets: windowsFrom(1) };

  function windowsFrom(first: number): Tensor<Int32Array> {
    const windows = new Int32Array(count * sequenceLength);
    for (let n = 0; n < count; n++) {
      const start = first + n * stride;
      windows.set(indices.subarray(start, start + sequenceLength), n * sequenceLength);
    }
    return { data: windows, shape: [count, sequenceLength] };
  }
}

/**
 * Windows of stride 1 as the one sequence that they cover: all of window 0, then the last symbol of each later window,
 * which is the one that was predicted from the most.
 *
 * @param predictions (N, T), N and T ≥ 1
 * @returns N + T − 1 symbols
 * @throws TypeError for a wrong type, RangeError for another shape
 * @example
 * stitchWindows(tensor(Int32Array.of(6, 7, 7, 8), [2, 2])); // 6 7 8
 */
export function stitchWindows(predictions: Tensor<Int32Array>): Int32Array {
  const { data, shape } = checkTensor("predictions", predictions, "Int32Array");
  const [count = 0, length = 0] = shape;
  if (shape.length !== 2 || data.length === 0) {
    throw new RangeError(`"predictions": expected shape (N, T) with N and T ≥ 1, got ${formatShape(shape)}`);
  }
  const stitched = new Int32Array(count + length - 1);
  stitched.set(data.subarray(0, length));
  for (let n = 1; n < count; n++) stitched[length - 1 + n] = data[(n + 1) * length - 1] as number;
  return stitched;
}
