import { describe, expect, test } from "vitest";
import { Adam, Network, oneHot, type Tensor, tensor } from "../../src/index.js";
import { bitsOf } from "../lab.js";

/*
 * Class indices are gathered, one-hot vectors multiplied: both roads give the same numbers, in reproducible mode bit for
 * bit. A product with 0 and 1 is exact, and the sums have the same order.
 */

const D = 7;

/** Symbols without a pattern: multiples of an odd number, taken modulo a prime. */
function classes(B: number, T: number, count: number, factor: number): Tensor<Int32Array> {
  return tensor(
    Int32Array.from({ length: B * T }, (_, i) => ((i * factor + ((i * i) % 11)) % 101) % count),
    [B, T],
  );
}

describe.each(["rnn", "gru", "lstm"] as const)("%s", (cell) => {
  // The last one has more rows, B · T, than a weight gradient packs at a time.
  test.each([
    [1, 1],
    [3, 5],
    [17, 10],
    [1, 300],
    [53, 11],
  ])("class indices and one-hot vectors, B = %i, T = %i", async (B, T) => {
    const create = () =>
      Network.create({ cell, inputSize: D, hiddenSize: 5, numLayers: 2, outputSize: 6, numerics: "reproducible" });
    const [byIndex, byVector] = [await create(), await create()];
    const inputs = classes(B, T, D, 37);
    const vectors = oneHot(inputs, D);
    const targets = classes(B, T, 6, 53);
    const optimizers = [new Adam(byIndex), new Adam(byVector)];
    for (let step = 0; step < 3; step++) {
      const one = byIndex.backward(inputs, targets, { logits: true });
      const other = byVector.backward(vectors, targets, { logits: true });
      expect(other.loss).toBe(one.loss);
      expect(other.logits?.data).toEqual(one.logits?.data);
      expect(other.state).toEqual(one.state);
      expect(bitsOf(byVector.gradients())).toEqual(bitsOf(byIndex.gradients()));
      for (const optimizer of optimizers) optimizer.step();
    }
    expect(bitsOf(byVector.stateDict())).toEqual(bitsOf(byIndex.stateDict()));
  });
});
