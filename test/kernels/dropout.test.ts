import { expect, test } from "vitest";
import { Matrix } from "../reference/matrix.js";
import { generator } from "../reference/random.js";
import { describeEachBuild, expectSame, mapMatrix, randomMatrix, type Sandbox } from "./core.js";

const KEYS = [0, 1, 0x9e3779b1, 0xfffffffd];
const SHARES = [0.1, 0.25, 0.5, 0.9];

describeEachBuild((sandbox) => {
  test("kept numbers are x / (1 − p), dropped ones 0, and nothing behind them is touched", () => {
    for (const n of [4, 8, 12, 52, 256]) {
      for (const p of SHARES) {
        const x = randomMatrix(generator(n), 1, n);
        const { y, mask } = drop(sandbox, x, p, 7 * n);
        // The kernel's own operations in single precision: p, 1 − p, its inverse, the product.
        const scale = Math.fround(1 / Math.fround(1 - Math.fround(p)));
        const expected = mapMatrix(x, (value, i) => (mask[i] ? Math.fround(value * scale) : 0));
        expectSame(y, expected, `n ${n}, p ${p}`);
      }
    }
  });

  test("the share that is dropped, in all and in each lane", () => {
    const n = 1 << 16;
    for (const p of SHARES) {
      for (const key of KEYS) {
        const mask = maskOf(sandbox, n, p, key);
        // Five standard deviations of a binomial distribution.
        for (const [what, kept] of [
          ["all", mask] as const,
          ...lanes(mask).map((lane, i) => [`lane ${i}`, lane] as const),
        ]) {
          const dropped = kept.filter((keep) => !keep).length;
          const deviation = Math.sqrt(kept.length * p * (1 - p));
          const off = Math.abs(dropped - kept.length * p) / deviation;
          expect(off, `p ${p}, key ${key}, ${what}: standard deviations from the mean`).toBeLessThan(5);
        }
      }
    }
  });

  test("neighbours are dropped independently of each other", () => {
    const mask = maskOf(sandbox, 1 << 16, 0.5, 5);
    for (const distance of [1, 2, 3, 4, 8, 64, 1000]) {
      const pairs = mask.length - distance;
      let equal = 0;
      for (let i = 0; i < pairs; i++) equal += Number(mask[i] === mask[i + distance]);
      expect(Math.abs(equal - pairs / 2) / Math.sqrt(pairs / 4), `distance ${distance}`).toBeLessThan(5);
    }
  });

  test("the same key drops the same places of a gradient", () => {
    const n = 512;
    const dy = randomMatrix(generator(2), 1, n);
    for (const key of KEYS) {
      const { mask } = drop(sandbox, randomMatrix(generator(1), 1, n), 0.5, key);
      expect(drop(sandbox, dy, 0.5, key).mask).toEqual(mask);
    }
  });

  test("another key drops others: two masks agree as two coins do", () => {
    const n = 1 << 14;
    const masks = KEYS.map((key) => maskOf(sandbox, n, 0.5, key));
    for (const [a, first] of masks.entries()) {
      for (const second of masks.slice(a + 1)) {
        const equal = first.filter((keep, i) => keep === second[i]).length;
        expect(Math.abs(equal - n / 2) / Math.sqrt(n / 4)).toBeLessThan(5);
      }
    }
  });

  test("element i is drawn from i + key, past 2³² too", () => {
    const late = maskOf(sandbox, 64, 0.5, 2 ** 32 - 3);
    expect(late.slice(3)).toEqual(maskOf(sandbox, 64, 0.5, 0).slice(0, 61));
  });

  test("p = 0 changes no bit", () => {
    const x = new Matrix(1, 8, [-0, 0, NaN, Infinity, -Infinity, 2 ** -149, -3.4028234663852886e38, 1]);
    expectSame(drop(sandbox, x, 0, 3).y, x, "p 0");
  });

  test("in place", () => {
    const x = randomMatrix(generator(3), 1, 52);
    const { y } = drop(sandbox, x, 0.5, 11);
    sandbox.reset();
    const block = sandbox.place(x);
    sandbox.kernels.dropout(block.offset, block.offset, 52, 0.5, 11);
    sandbox.expectOnlyWritten(block);
    expectSame(sandbox.read(block), y, "in place");
  });
});

/** mask: whether an element was kept; no element of x is 0. */
function drop(sandbox: Sandbox, x: Matrix, p: number, key: number): { y: Matrix; mask: boolean[] } {
  sandbox.reset();
  const [from, to] = [sandbox.place(x), sandbox.reserve(x.columns)];
  sandbox.kernels.dropout(to.offset, from.offset, x.columns, p, key);
  sandbox.expectOnlyWritten(to);
  const y = sandbox.read(to);
  return { y, mask: [...y.data].map((value) => value !== 0) };
}

function maskOf(sandbox: Sandbox, n: number, p: number, key: number): boolean[] {
  return drop(
    sandbox,
    mapMatrix(new Matrix(1, n), () => 1),
    p,
    key,
  ).mask;
}

function lanes(mask: readonly boolean[]): boolean[][] {
  return [0, 1, 2, 3].map((lane) => mask.filter((_, i) => i % 4 === lane));
}
