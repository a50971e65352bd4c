import { expect, test } from "vitest";
import { crossEntropy } from "../reference/loss.js";
import { Matrix } from "../reference/matrix.js";
import { generator, randomIndices } from "../reference/random.js";
import { at } from "../reference/tensor.js";
import {
  describeEachBuild,
  expectWithin,
  expectZeroPadding,
  mapMatrix,
  randomMatrix,
  type Sandbox,
  SMALLEST,
  UNIT_ROUNDOFF,
} from "./core.js";

/** One class to more than sixty vectors of them, with every remainder of four. */
const CLASSES = [1, 2, 3, 4, 5, 7, 8, 65, 259];
const ROWS = 13;
/** No power of two, so that its product rounds. */
const SCALE = Math.fround(0.37);

describeEachBuild((sandbox) => {
  for (const range of [1, 20, 1e4]) {
    test(`crossEntropy of logits within ±${range}`, () => {
      for (const O of CLASSES) {
        const random = generator(O + range);
        const logits = randomMatrix(random, ROWS, O, range);
        checkAgainstOracle(sandbox, logits, randomIndices(random, [ROWS], O).data);
      }
    });
  }

  test("targets at both ends, on the highest and on the lowest logit", () => {
    for (const O of CLASSES) {
      for (const direction of [1, -1]) {
        const logits = mapMatrix(new Matrix(2, O), (_, i) => direction * Math.fround(0.3 * (i % O)));
        checkAgainstOracle(sandbox, logits, [0, O - 1]);
      }
    }
  });

  test("one logit of ±10,000 gives certainty or a loss of its size, and no overflow", () => {
    const logits = new Matrix(3, 5, [1e4, 0, 0, 0, 0, 0, 0, 1e4, 0, 0, 0, 0, 0, -1e4, 0]);
    const { loss, dLogits } = run(sandbox, logits, [0, 4, 3]);
    expect(loss).toBeCloseTo(0 + 1e4 + (1e4 + Math.log(4)), 9);
    const quarter = Math.fround(SCALE / 4);
    const certain = [0, 0, 0, 0, 0, 0, 0, SCALE, 0, -SCALE, quarter, quarter, quarter, -SCALE, quarter];
    expect([...dLogits.data]).toEqual(certain);
  });

  test("a row's logits may all be far from 0", () => {
    for (const shift of [1e4, -1e4]) {
      const logits = mapMatrix(new Matrix(1, 6), (_, i) => shift + i / 4); // exact in float32
      checkAgainstOracle(sandbox, logits, [2]);
    }
  });

  test("NaN in a row gives NaN for the row and the loss, and leaves the other rows alone", () => {
    for (const O of CLASSES) {
      for (const column of [0, O - 1]) {
        const logits = randomMatrix(generator(O), 3, O);
        const targets = [0, O - 1, 0];
        const clean = run(sandbox, logits, targets).dLogits;
        logits.set(1, column, NaN);
        const { loss, dLogits } = run(sandbox, logits, targets, false);
        expect(loss).toBeNaN();
        expect([...dLogits.data.subarray(O, 2 * O)].every(Number.isNaN), `O ${O}, column ${column}`).toBe(true);
        for (const row of [0, 2]) {
          expect(dLogits.data.subarray(row * O, (row + 1) * O)).toEqual(clean.data.subarray(row * O, (row + 1) * O));
        }
      }
    }
  });
});

function checkAgainstOracle(sandbox: Sandbox, logits: Matrix, targets: ArrayLike<number>): void {
  const { rows: N, columns: O } = logits;
  const what = `O ${O}`;
  const { loss, dLogits } = run(sandbox, logits, targets);
  const oracle = crossEntropy(logits, targets);
  const bound = errorBound(logits, targets);
  const total = new Matrix(1, 1, [oracle.loss * N]);
  expectWithin(new Matrix(1, 1, [loss]), total, new Matrix(1, 1, [bound.loss]), `loss, ${what}`);
  expectWithin(
    dLogits,
    mapMatrix(oracle.dLogits, (d) => d * N * SCALE),
    bound.dLogits,
    `dLogits, ${what}`,
  );
}

/** Padding is NaN before: the kernel may not look at it, and must leave zeros. */
function run(sandbox: Sandbox, logits: Matrix, targets: ArrayLike<number>, zeroPadding = true) {
  sandbox.reset();
  const x = sandbox.place(logits, { padding: NaN });
  const t = sandbox.placeIndices(targets);
  const losses = sandbox.reserveDoubles(logits.rows);
  sandbox.kernels.crossEntropy(x.offset, t.offset, losses.offset, logits.rows, logits.columns, SCALE);
  sandbox.expectOnlyWritten(x, losses);
  const loss = sandbox.readDoubles(losses).reduce((sum, row) => sum + row, 0);
  if (zeroPadding) expectZeroPadding(sandbox, x, `O ${logits.columns}`);
  return { loss, dLogits: sandbox.read(x) };
}

/**
 * First-order error of e[j] = exp(x[j] − max), relative: the difference rounds by u·|x[j] − max|, exp by 1.02 units in the
 * last place, 2.04 u. The sum of ⌈O/4⌉ terms per lane adds as many u, and its terms' errors weighted by p; that is the
 * loss's error, in nats. A gradient adds the factor's and the product's rounding, and p − 1 one more at the target.
 * Terms of second order are below one u of these.
 */
function errorBound(logits: Matrix, targets: ArrayLike<number>): { loss: number; dLogits: Matrix } {
  const dLogits = new Matrix(logits.rows, logits.columns);
  let loss = 0;
  for (let r = 0; r < logits.rows; r++) {
    const row = Array.from({ length: logits.columns }, (_, j) => logits.at(r, j));
    const max = Math.max(...row);
    const sum = row.reduce((total, x) => total + Math.exp(x - max), 0);
    const relative = (x: number) => (max - x + 2.04) * UNIT_ROUNDOFF;
    const weighted = row.reduce((total, x) => total + (Math.exp(x - max) / sum) * relative(x), 0);
    const ofSum = weighted + (Math.ceil(row.length / 4) + 1) * UNIT_ROUNDOFF;
    loss += ofSum + 4 * Number.EPSILON * (max - Math.min(...row) + 1);
    for (const [j, x] of row.entries()) {
      const p = Math.exp(x - max) / sum;
      const atTarget = j === at(targets, r) ? UNIT_ROUNDOFF : 0;
      dLogits.set(r, j, SCALE * (p * (relative(x) + ofSum + 3 * UNIT_ROUNDOFF) + atTarget) + 2 * SMALLEST);
    }
  }
  return { loss, dLogits };
}
