import { sigmoid, tanh } from "../reference/math.js";
import { Matrix, productNN } from "../reference/matrix.js";
import { at } from "../reference/tensor.js";
import { mapMatrix, SMALLEST, UNIT_ROUNDOFF } from "./core.js";

/*
 * A running error analysis: every operation of a kernel carries the errors of its operands on and adds its own, so that a
 * test's bound follows from the operations. Higham, "Accuracy and Stability of Numerical Algorithms", 3.3. A multiply-add
 * counts as two roundings, which a fused one never exceeds.
 */

/** Values in double precision, and how far a kernel that computes them in single precision may be off. */
export interface Bounded {
  readonly value: Matrix;
  readonly error: Matrix;
}

/** Errors in units in the last place: assembly/math.ts. Such a unit is at most 2 u of the value. */
const SIGMOID_ERROR = 2 * 2.5 * UNIT_ROUNDOFF;
const TANH_ERROR = 2 * 6.6 * UNIT_ROUNDOFF;

export function exact(value: Matrix): Bounded {
  return { value, error: new Matrix(value.rows, value.columns) };
}

export function plus(a: Bounded, b: Bounded): Bounded {
  return operation(a, b, (x, y, ex, ey) => [x + y, rounded(x + y, ex + ey)]);
}

export function minus(a: Bounded, b: Bounded): Bounded {
  return operation(a, b, (x, y, ex, ey) => [x - y, rounded(x - y, ex + ey)]);
}

/** Element by element. */
export function times(a: Bounded, b: Bounded): Bounded {
  return operation(a, b, (x, y, ex, ey) => [
    x * y,
    rounded(x * y, Math.abs(x) * ey + Math.abs(y) * ex + ex * ey) + SMALLEST,
  ]);
}

export function oneMinus(a: Bounded): Bounded {
  return minus(exact(mapMatrix(a.value, () => 1)), a);
}

/** y (1 − y): the slope of y = sigmoid x. */
export function sigmoidSlope(y: Bounded): Bounded {
  return times(y, oneMinus(y));
}

/** 1 − y²: the slope of y = tanh x. */
export function tanhSlope(y: Bounded): Bounded {
  return oneMinus(times(y, y));
}

export function sigmoidOf(a: Bounded): Bounded {
  return activation(a, sigmoid, (y) => y * (1 - y), SIGMOID_ERROR);
}

export function tanhOf(a: Bounded): Bounded {
  return activation(a, tanh, (y) => 1 - y * y, TANH_ERROR);
}

/** Where x is nearer to 0 than its error, the slope may be either: the seed has to be another one. */
export function reluOf(a: Bounded): Bounded {
  return operation(a, a, (x, _, error) => {
    if (Math.abs(x) <= error) throw new RangeError(`relu at ${x}, within ${error} of the kink: take another seed`);
    return x > 0 ? [x, error] : [0, 0];
  });
}

/** init + a · W, W (K, N) exact: K products and sums in any order, fused or not. */
export function plusProduct(init: Bounded, a: Bounded, W: Matrix): Bounded {
  const product = productNN(a.value, W);
  const magnitude = productNN(largest(a), mapMatrix(W, Math.abs));
  const carried = productNN(a.error, mapMatrix(W, Math.abs));
  return operation(init, exact(product), (x, y, ex, _, i) => {
    const sizes = Math.abs(x) + ex + at(magnitude.data, i);
    return [x + y, ex + at(carried.data, i) + (W.rows + 2) * UNIT_ROUNDOFF * sizes];
  });
}

function activation(a: Bounded, f: (x: number) => number, slope: (y: number) => number, own: number): Bounded {
  return operation(a, a, (x, _, error) => {
    const y = f(x);
    const carried = (slope(y) + error) * error; // the second derivative is less than 2
    return [y, carried + own * (Math.abs(y) + carried)];
  });
}

/** The error of a result with one rounding more. */
function rounded(value: number, error: number): number {
  return error + UNIT_ROUNDOFF * (Math.abs(value) + error);
}

function largest({ value, error }: Bounded): Matrix {
  return mapMatrix(value, (x, i) => Math.abs(x) + at(error.data, i));
}

function operation(
  a: Bounded,
  b: Bounded,
  f: (x: number, y: number, ex: number, ey: number, index: number) => [value: number, error: number],
): Bounded {
  const error = new Matrix(a.value.rows, a.value.columns);
  const value = mapMatrix(a.value, (x, i) => {
    const [result, bound] = f(x, at(b.value.data, i), at(a.error.data, i), at(b.error.data, i), i);
    error.data[i] = bound;
    return result;
  });
  return { value, error };
}
