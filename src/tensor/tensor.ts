import { check, custom, type Rule } from "../validate.js";

/** Numbers in row-major order and the shape that they fill: `data.length` is the product of `shape`. */
export interface Tensor<A extends Float32Array | Int32Array = Float32Array> {
  readonly data: A;
  readonly shape: readonly number[];
}

/** The arrays that a tensor can hold, by name. */
interface Arrays {
  Float32Array: Float32Array;
  Int32Array: Int32Array;
}

/**
 * A tensor of these numbers and this shape. The numbers are not copied, the shape is.
 *
 * @param data row-major
 * @param shape any rank, each dimension an integer ≥ 0; `[]` is one number
 * @throws TypeError for a wrong type, RangeError when `data.length` is not the product of `shape`
 * @example
 * const t = tensor(Float32Array.of(1, 2, 3, 4, 5, 6), [2, 3]); // t.data[1 * 3 + 2] is row 1, column 2: 6
 */
export function tensor<A extends Float32Array | Int32Array>(data: A, shape: readonly number[]): Tensor<A> {
  check("data", data, arrayOf("Float32Array", "Int32Array"));
  checkFit("data", data, check("shape", shape, dimensions));
  return { data, shape: [...shape] };
}

/**
 * Checks that an argument is a tensor of one of these arrays and that its shape fits its data.
 *
 * @throws TypeError for a wrong type, RangeError for a shape that does not fit: both name the argument
 */
export function checkTensor<K extends keyof Arrays>(name: string, value: unknown, ...kinds: K[]): Tensor<Arrays[K]> {
  const { data, shape } = check(name, value, anyTensor);
  checkFit(`${name}.data`, check(`${name}.data`, data, arrayOf(...kinds)), check(`${name}.shape`, shape, dimensions));
  return value as Tensor<Arrays[K]>;
}

/** @throws RangeError naming the argument, where a tensor has another shape */
export function checkTensorShape(
  name: string,
  { shape }: Tensor<Float32Array | Int32Array>,
  expected: readonly number[],
): void {
  if (shape.length !== expected.length || shape.some((dimension, i) => dimension !== expected[i])) {
    throw new RangeError(`"${name}": expected shape ${formatShape(expected)}, got ${formatShape(shape)}`);
  }
}

/** How many numbers a shape holds: 1 for rank 0. */
export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, dimension) => product * dimension, 1);
}

/** A shape, or coordinates, as a message says it: "(170, 10)". */
export function formatShape(shape: readonly number[]): string {
  return `(${shape.join(", ")})`;
}

/** Where in a tensor of this shape the number at a flat, row-major position stands. */
export function coordinatesOf(position: number, shape: readonly number[]): number[] {
  const coordinates: number[] = [];
  let rest = position;
  for (const dimension of shape.toReversed()) {
    coordinates.unshift(rest % dimension);
    rest = Math.floor(rest / dimension);
  }
  return coordinates;
}

function checkFit(name: string, data: Float32Array | Int32Array, shape: readonly number[]): void {
  const size = sizeOf(shape);
  if (data.length !== size) {
    throw new RangeError(`"${name}": expected ${size} numbers for shape ${formatShape(shape)}, got ${data.length}`);
  }
}

const anyTensor = custom<{ data: unknown; shape: unknown }>(
  "a tensor { data, shape }",
  (value) => typeof value === "object" && value !== null && "data" in value && "shape" in value,
);

/** A typed array of one of these kinds: by its tag, because one from another frame or vm context is as good. */
export function arrayOf<K extends keyof Arrays>(...kinds: K[]): Rule<Arrays[K]> {
  const tags: readonly unknown[] = kinds;
  return custom(
    kinds.map((kind) => (kind === "Int32Array" ? "an Int32Array" : "a Float32Array")).join(" or "),
    (value) =>
      ArrayBuffer.isView(value) && tags.includes((value as { [Symbol.toStringTag]?: string })[Symbol.toStringTag]),
  );
}

const dimensions: Rule<readonly number[]> = {
  expected: "an array of integers ≥ 0",
  fault(value) {
    if (!Array.isArray(value)) return "type";
    const shape: unknown[] = [...value]; // a hole of a sparse array is undefined, which every() would skip
    if (!shape.every((dimension) => typeof dimension === "number")) return "type";
    return shape.every((dimension) => Number.isSafeInteger(dimension) && Number(dimension) >= 0) ? undefined : "value";
  },
};
