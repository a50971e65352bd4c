import { describe, expect, test } from "vitest";
import { permutation, windowBatches } from "../../src/training/batches.js";

const order = (n: number, seed: number, epoch: number) =>
  Array.from({ length: n }, (_, i) => permutation(n, seed, epoch)(i));
const ascending = (n: number) => Array.from({ length: n }, (_, i) => i);

describe("permutation", () => {
  test("of 0 … n − 1 for every n up to 300", () => {
    for (let n = 1; n <= 300; n++) {
      for (const [seed, epoch] of [
        [0, 0],
        [7, 3],
      ] as const) {
        const values = order(n, seed, epoch).sort((a, b) => a - b);
        expect(values, `n = ${n}, seed ${seed}, epoch ${epoch}`).toEqual(ascending(n));
      }
    }
  });

  // Primes, and powers of four with their neighbours: where the square that is permuted fits, and where it just does not.
  test.each([1009, 4095, 4096, 4097, 10_007, 65_536, 65_537])("of 0 … n − 1 for n = %i", (n) => {
    const seen = new Uint8Array(n);
    const at = permutation(n, 2 ** 32 - 1, 1_000_000);
    for (let i = 0; i < n; i++) {
      const j = at(i);
      if (!(Number.isInteger(j) && j >= 0 && j < n)) expect.fail(`${i} goes to ${j}`);
      seen[j] = 1;
    }
    expect(seen.every(Boolean)).toBe(true);
  });

  test("is the same for the same seed and epoch", () => {
    expect(order(170, 5, 9)).toEqual(order(170, 5, 9));
    // These numbers are part of what a saved run means: another shuffle would not go on where it stopped.
    expect(order(10, 0, 0)).toEqual([2, 5, 3, 4, 7, 6, 0, 9, 8, 1]);
  });

  test("differs between epochs and between seeds, and from the order of the text", () => {
    const orders = [ascending(170).join()];
    for (let epoch = 0; epoch < 50; epoch++) orders.push(order(170, 0, epoch).join());
    for (const seed of [1, 2, 3, 2 ** 31, 2 ** 32 - 1]) orders.push(order(170, seed, 0).join());
    expect(new Set(orders).size).toBe(orders.length);
  });

  test("brings every window to every part of an epoch", () => {
    // 1,600 epochs put window 0 into 16 stretches alike: 100 times each, with a standard deviation of √94.
    const n = 160;
    const counts = new Array<number>(16).fill(0);
    for (let epoch = 0; epoch < 1600; epoch++) {
      const place = order(n, 0, epoch).indexOf(0);
      counts[Math.floor(place / 10)] = (counts[Math.floor(place / 10)] as number) + 1;
    }
    for (const count of counts) expect(Math.abs(count - 100)).toBeLessThan(5 * Math.sqrt(94));
  });
});

describe("shuffled windows", () => {
  // Symbol i is i, so that a window's first symbol says where it starts.
  const corpus = Uint8Array.from({ length: 60 }, (_, i) => i);
  const options = { sequenceLength: 4, batchSize: 8, stride: 2, shuffle: true, seed: 1 };
  const T = 4;

  function starts(epoch: number, shuffle: boolean): number[] {
    const batches = windowBatches(corpus, { ...options, shuffle });
    return Array.from({ length: batches.stepsPerEpoch }, (_, step) => {
      const { inputs, targets } = batches.batch(epoch, step);
      expect([...targets.data]).toEqual([...inputs.data].map((symbol) => symbol + 1));
      return [...inputs.data].filter((_, i) => i % T === 0);
    }).flat();
  }

  test("an epoch has each window once, and each epoch another order", () => {
    const inOrder = starts(0, false);
    expect(inOrder).toEqual(Array.from({ length: 28 }, (_, i) => 2 * i)); // ⌊(60 − 4 − 1) / 2⌋ + 1
    expect(starts(1, false)).toEqual(inOrder);
    const orders = [0, 1, 2, 3].map((epoch) => starts(epoch, true));
    for (const order of orders) expect(order.toSorted((a, b) => a - b)).toEqual(inOrder);
    expect(new Set([inOrder, ...orders].map((order) => order.join())).size).toBe(5);
    expect(starts(3, true)).toEqual(orders[3]);
  });
});
