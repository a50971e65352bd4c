import { expect, test } from "vitest";
import type { Abi } from "../../src/core/generated/abi.js";
import { clipGradNorm, clipGradValue } from "../reference/clip.js";
import { Matrix } from "../reference/matrix.js";
import { Adam, AdamW, RMSprop, SGD } from "../reference/optimizers.js";
import { generator } from "../reference/random.js";
import { at, type StateDict } from "../reference/tensor.js";
import {
  type Block,
  describeEachBuild,
  expectSame,
  expectWithin,
  expectZeroPadding,
  mapMatrix,
  padded,
  randomMatrix,
  UNIT_ROUNDOFF,
} from "./core.js";

/** One vector, two and a half with padding, and a prime. */
const SIZES = [3, 4, 10, 53];
const STEPS = 10;

/**
 * Ten steps on weights within ±1 with gradients from 1e-7 to 10. The largest deviation from double precision over the
 * cases below is 4.1e-7, in all builds: the optimizers do not fuse. A step counted one too high moves Adam by 2.5e-4.
 */
const TOLERANCE = 8e-7;

const BETAS = [0.71, 0.953] as const;
const ODD_ADAM = { learningRate: 0.037, betas: BETAS, epsilon: 1e-4, weightDecay: 0.13 };
const PLAIN_ADAM = { learningRate: 1e-3, betas: [0.9, 0.999] as const, epsilon: 1e-8, weightDecay: 0 };

interface Case {
  name: string;
  oracle(weights: StateDict): { step(gradients: StateDict): void };
  /** The pointers are those of weights, gradients and two blocks of state; `count` is the step's number, from 1. */
  step(kernels: Abi, w: number, g: number, s: number, s2: number, n: number, count: number): void;
}

const CASES: Case[] = [
  {
    name: "adamStep with PyTorch's defaults",
    oracle: (weights) => new Adam(weights, PLAIN_ADAM),
    step: (kernels, w, g, m, v, n, count) => kernels.adamStep(w, g, m, v, n, count, 1e-3, 0.9, 0.999, 1e-8, 0, false),
  },
  {
    name: "adamStep with weight decay and odd betas",
    oracle: (weights) => new Adam(weights, ODD_ADAM),
    step: (kernels, w, g, m, v, n, count) => kernels.adamStep(w, g, m, v, n, count, 0.037, ...BETAS, 1e-4, 0.13, false),
  },
  {
    name: "adamStep, decoupled",
    oracle: (weights) => new AdamW(weights, ODD_ADAM),
    step: (kernels, w, g, m, v, n, count) => kernels.adamStep(w, g, m, v, n, count, 0.037, ...BETAS, 1e-4, 0.13, true),
  },
  {
    name: "rmspropStep",
    oracle: (weights) => new RMSprop(weights, { learningRate: 2e-3, alpha: 0.95, epsilon: 1e-5, weightDecay: 0.13 }),
    step: (kernels, w, g, v, b, n) => kernels.rmspropStep(w, g, v, b, n, 2e-3, 0.95, 1e-5, 0.13, 0),
  },
  {
    name: "rmspropStep with momentum",
    oracle: (weights) => new RMSprop(weights, { learningRate: 2e-3, alpha: 0.77, epsilon: 1e-5, momentum: 0.6 }),
    step: (kernels, w, g, v, b, n) => kernels.rmspropStep(w, g, v, b, n, 2e-3, 0.77, 1e-5, 0, 0.6),
  },
  {
    name: "sgdStep with weight decay",
    oracle: (weights) => new SGD(weights, { learningRate: 0.037, weightDecay: 0.13 }),
    step: (kernels, w, g, b, _, n) => kernels.sgdStep(w, g, b, n, 0.037, 0, 0.13, false),
  },
  ...[false, true].map((nesterov) => ({
    name: `sgdStep with momentum${nesterov ? " of Nesterov" : ""}`,
    oracle: (weights: StateDict) => new SGD(weights, { learningRate: 0.037, momentum: 0.6, nesterov }),
    step: (kernels: Abi, w: number, g: number, b: number, _: number, n: number) =>
      kernels.sgdStep(w, g, b, n, 0.037, 0.6, 0, nesterov),
  })),
];

describeEachBuild((sandbox) => {
  const { kernels } = sandbox;

  for (const { name, oracle, step } of CASES) {
    test(name, () => {
      for (const n of SIZES) {
        const random = generator(n);
        const W = randomMatrix(random, 1, n);
        const expected = asDict(W);
        const optimizer = oracle(expected);
        sandbox.reset();
        const g = sandbox.place(new Matrix(1, n));
        const w = sandbox.place(W);
        const [s, s2] = [sandbox.place(new Matrix(1, n)), sandbox.place(new Matrix(1, n))];
        for (let count = 1; count <= STEPS; count++) {
          // Each weight's gradients have a scale of their own.
          const G = mapMatrix(randomMatrix(random, 1, n), (x, i) => Math.fround(x * 10 ** ((i % 9) - 7)));
          sandbox.view(g).set(G.data);
          sandbox.expectOnlyWritten(g); // and from here on it may not change
          step(kernels, w.offset, g.offset, s.offset, s2.offset, padded(n), count);
          sandbox.expectOnlyWritten(w, s, s2);
          optimizer.step(asDict(G));

          const what = `n ${n}, step ${count}`;
          for (const block of [w, s, s2]) expectZeroPadding(sandbox, block, what);
          const weights = fromDict(expected);
          expectWithin(
            sandbox.read(w),
            weights,
            mapMatrix(weights, () => TOLERANCE),
            what,
          );
        }
      }
    });
  }

  test("sumOfSquares, in double precision", () => {
    for (const n of SIZES) {
      // 1e30 squared overflows in single precision and 1e-30 squared is 0 there.
      for (const range of [1, 1e30, 1e-30]) {
        const G = randomMatrix(generator(n), 1, n, range);
        sandbox.reset();
        const g = sandbox.place(G);
        const sum = kernels.sumOfSquares(g.offset, g.width);
        sandbox.expectOnlyWritten();
        const expected = G.data.reduce((total, x) => total + x * x, 0);
        // Squares of floats are exact in double precision; both sums round once per term.
        expect(Math.abs(sum / expected - 1), `n ${n}, range ${range}`).toBeLessThanOrEqual(2 * n * 2 ** -53);
      }
    }
  });

  test("clipNorm above the limit", () => {
    for (const n of SIZES) {
      for (const range of [1, 1e30]) {
        const { before, after, norm, expected, g } = clip(n, range, range / 8);
        const what = `n ${n}, range ${range}`;
        expect(norm, what).toBeGreaterThan(range / 8);
        expect(Math.abs(norm / expected.norm - 1), what).toBeLessThan(1e-14);
        expectZeroPadding(sandbox, g, what);
        // The factor is rounded to single precision, and so is each product.
        const bound = mapMatrix(expected.after, (x) => 2.01 * UNIT_ROUNDOFF * Math.abs(x));
        expectWithin(after, expected.after, bound, what);
        expect(
          after.data.every((x, i) => Math.abs(x) < Math.abs(at(before.data, i))),
          what,
        ).toBe(true);
      }
    }
  });

  test("clipNorm below the limit changes no bit and returns the norm", () => {
    for (const n of SIZES) {
      for (const limit of [n, Infinity]) {
        const { before, after, norm, expected } = clip(n, 1, limit);
        expect(Math.abs(norm / expected.norm - 1)).toBeLessThan(1e-14);
        expectSame(after, before, `n ${n}, limit ${limit}`);
      }
    }
  });

  test("clipNorm of zeros", () => {
    const { before, after, norm } = clip(10, 0, 1);
    expect(norm).toBe(0);
    expectSame(after, before, "zeros");
  });

  test("clipNorm with NaN makes all NaN, with Infinity zeros and NaN, as PyTorch does", () => {
    for (const bad of [NaN, Infinity, -Infinity]) {
      for (const position of [0, 5, 9]) {
        const { after, norm, expected } = clip(10, 1, 0.5, (G) => G.set(0, position, bad));
        const what = `${bad} at ${position}`;
        expect(norm, what).toBe(expected.norm);
        expectWithin(after, expected.after, new Matrix(1, 10), what);
      }
    }
  });

  test("clipValue", () => {
    for (const n of SIZES) {
      const limit = Math.fround(0.3);
      const G = randomMatrix(generator(n), 1, n);
      for (const [i, special] of [limit, -limit, NaN, -Infinity, Infinity, -0].entries())
        if (i < n) G.set(0, i, special);
      sandbox.reset();
      const g = sandbox.place(G);
      kernels.clipValue(g.offset, g.width, limit);
      sandbox.expectOnlyWritten(g);
      expectZeroPadding(sandbox, g, `n ${n}`);
      const expected = asDict(G);
      clipGradValue(expected, limit);
      expectSame(sandbox.read(g), fromDict(expected), `n ${n}`);
    }
  });

  function clip(n: number, range: number, maxNorm: number, spoil?: (G: Matrix) => void) {
    const before = randomMatrix(generator(n), 1, n, range);
    spoil?.(before);
    sandbox.reset();
    const g: Block = sandbox.place(before);
    const norm = kernels.clipNorm(g.offset, g.width, maxNorm);
    sandbox.expectOnlyWritten(g);
    const dict = asDict(before);
    const expectedNorm = clipGradNorm(dict, maxNorm);
    return { before, after: sandbox.read(g), norm, expected: { norm: expectedNorm, after: fromDict(dict) }, g };
  }
});

/** A copy, under one name. */
function asDict(row: Matrix): StateDict {
  return { w: { data: row.data.slice(), shape: [row.columns] } };
}

function fromDict({ w }: StateDict): Matrix {
  return w === undefined ? expect.fail("no tensor") : new Matrix(1, w.data.length, w.data);
}
