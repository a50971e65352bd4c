import { exp, sigmoid, tanh } from "./math";
import { FLOAT } from "./simd";

/*
 * What test/kernels/math.test.ts calls to measure math.ts: a build of its own, since no core has a use for it.
 */
export { crossEntropy } from "./loss";

/** y = e^x over `n` floats, n a multiple of 4. In place is allowed. */
export function expVector(y: usize, x: usize, n: i32): void {
  for (let i: usize = 0, end = <usize>n * FLOAT; i < end; i += 16) v128.store(y + i, exp(v128.load(x + i)));
}

/** y = sigmoid x over `n` floats, n a multiple of 4. In place is allowed. */
export function sigmoidVector(y: usize, x: usize, n: i32): void {
  for (let i: usize = 0, end = <usize>n * FLOAT; i < end; i += 16) v128.store(y + i, sigmoid(v128.load(x + i)));
}

/** y = tanh x over `n` floats, n a multiple of 4. In place is allowed. */
export function tanhVector(y: usize, x: usize, n: i32): void {
  for (let i: usize = 0, end = <usize>n * FLOAT; i < end; i += 16) v128.store(y + i, tanh(v128.load(x + i)));
}
