/** A row-major tensor in double precision. */
export interface Tensor {
  readonly data: Float64Array;
  readonly shape: readonly number[];
}

/** PyTorch's names and layouts: rnn.weight_ih_l0 (G·H, D), …, fc.bias (O). */
export type StateDict = Record<string, Tensor>;

/** Any tensor of numbers: float32 parameters, class indices, or a double precision tensor. */
export interface AnyTensor {
  readonly data: ArrayLike<number>;
  readonly shape: readonly number[];
}

/** values[index], checked: an oracle that reads past the end would agree with a kernel that does. */
export function at(values: ArrayLike<number>, index: number): number {
  const value = values[index];
  if (value === undefined) throw new RangeError(`index ${index} of ${values.length} values`);
  return value;
}

export function size(shape: readonly number[]): number {
  return shape.reduce((product, dimension) => product * dimension, 1);
}

export function zeros(shape: readonly number[]): Tensor {
  return { data: new Float64Array(size(shape)), shape };
}

/** A copy in double precision, exact for float32 values and indices. */
export function toFloat64(tensor: AnyTensor): Tensor {
  if (tensor.data.length !== size(tensor.shape)) {
    throw new RangeError(`${tensor.data.length} values do not fill (${tensor.shape.join(", ")})`);
  }
  return { data: new Float64Array(tensor.data), shape: tensor.shape };
}

/** A copy of every tensor in double precision. */
export function dictToFloat64(dict: Readonly<Record<string, AnyTensor>>): StateDict {
  return Object.fromEntries(Object.entries(dict).map(([name, tensor]) => [name, toFloat64(tensor)]));
}

/** The tensor of that name. */
export function get(dict: StateDict, name: string): Tensor {
  const tensor = dict[name];
  if (tensor === undefined) throw new RangeError(`there is no tensor ${name}`);
  return tensor;
}
