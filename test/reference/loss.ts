import { Matrix } from "./matrix.js";
import { at } from "./tensor.js";

/**
 * Mean cross-entropy of the rows of logits (N, O) against N class indices, in nats:
 * loss = 1/N Σ −log p[target], p = softmax(logits); dLogits = (p − onehot(target)) / N.
 */
export function crossEntropy(logits: Matrix, targets: ArrayLike<number>): { loss: number; dLogits: Matrix } {
  const { rows: N, columns: O } = logits;
  if (targets.length !== N) throw new RangeError(`${targets.length} targets for ${N} rows`);
  const dLogits = new Matrix(N, O);
  let total = 0;
  for (let n = 0; n < N; n++) {
    // exp(x − max) cannot overflow, and the shift cancels
    let max = -Infinity;
    for (let o = 0; o < O; o++) max = Math.max(max, logits.at(n, o));
    let sum = 0;
    for (let o = 0; o < O; o++) sum += Math.exp(logits.at(n, o) - max);
    const target = at(targets, n);
    total += Math.log(sum) + max - logits.at(n, target);
    for (let o = 0; o < O; o++) {
      const p = Math.exp(logits.at(n, o) - max) / sum;
      dLogits.set(n, o, (p - (o === target ? 1 : 0)) / N);
    }
  }
  return { loss: total / N, dLogits };
}
