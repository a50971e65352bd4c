import { check, integer } from "../validate.js";
import { checkTensor, formatShape, sizeOf, type Tensor } from "./tensor.js";

/**
 * Where the maximum along one dimension stands, as torch.argmax: of equal maxima the first, and NaN is above every number.
 *
 * @param t any rank ≥ 1
 * @param dim the dimension to search, from −rank to rank − 1; −1 is the last
 * @returns indices along `dim`, in the shape of `t` without `dim`
 * @throws TypeError for a wrong type, RangeError for a wrong value or when there is nothing along `dim`
 * @see https://docs.pytorch.org/docs/stable/generated/torch.argmax.html
 * @example
 * argmax(tensor(Float32Array.of(1, 9, 3, 7, 5, 6), [2, 3]), 1); // data 1 0, shape (2)
 */
export function argmax(t: Tensor | Tensor<Int32Array>, dim: number): Tensor<Int32Array> {
  const { data, shape } = checkTensor("t", t, "Float32Array", "Int32Array");
  const rank = shape.length;
  if (rank === 0) throw new RangeError(`"t": expected at least one dimension, got shape ()`);
  const axis = (check("dim", dim, integer({ min: -rank, max: rank - 1 })) + rank) % rank;
  const length = shape[axis] as number;
  if (length === 0)
    throw new RangeError(`"t": expected dimension ${axis} not to be 0, got shape ${formatShape(shape)}`);

  // t is (outer, length, inner), the result (outer, inner).
  const inner = sizeOf(shape.slice(axis + 1));
  const rest = shape.toSpliced(axis, 1);
  const result = new Int32Array(sizeOf(rest));
  for (let i = 0; i < result.length; i++) {
    const column = i % inner;
    result[i] = firstMaximum(data, (i - column) * length + column, inner, length);
  }
  return { data: result, shape: rest };
}

function firstMaximum(data: Float32Array | Int32Array, start: number, step: number, length: number): number {
  let best = 0;
  let maximum = data[start] as number;
  for (let k = 1; k < length && !Number.isNaN(maximum); k++) {
    const value = data[start + k * step] as number;
    if (value > maximum || Number.isNaN(value)) {
      best = k;
      maximum = value;
    }
  }
  return best;
}
