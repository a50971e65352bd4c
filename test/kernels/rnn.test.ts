import { test } from "vitest";
import { rnnStep } from "../reference/cells.js";
import { type LayerParameters, layerForward } from "../reference/layer.js";
import { Matrix, productNN, productNT, sum } from "../reference/matrix.js";
import { generator } from "../reference/random.js";
import { at } from "../reference/tensor.js";
import {
  type Block,
  describeEachBuild,
  expectWithin,
  expectZeroPadding,
  mapMatrix,
  randomMatrix,
  type Sandbox,
  UNIT_ROUNDOFF,
} from "./core.js";

/*
 * The recurrence against the oracle's layer. W_ih is the identity and the biases are zero there, so that the layer's
 * inputs are what the kernel finds in its slots, exactly, and their gradients what it leaves.
 */

/** T, B, H: ones, lanes ± 1, rows over a block of 48, and primes. */
const SHAPES = [
  [1, 2, 3],
  [2, 1, 4],
  [3, 2, 1],
  [5, 4, 3],
  [3, 7, 5],
  [4, 6, 8],
  [7, 13, 9],
  [3, 49, 12],
  [11, 5, 17],
  [2, 3, 65],
] as const;

/** Units in the last place, at most 2 u of the value itself, by which the core's tanh may be off: assembly/math.ts. */
const TANH_ERROR = 2 * 6.6 * UNIT_ROUNDOFF;

/** Backward errors below are of first order; products of two of them are less than this part of the bound. */
const SECOND_ORDER = 1.001;

describeEachBuild((sandbox) => {
  for (const nonlinearity of ["tanh", "relu"] as const) {
    for (const hasState of [true, false]) {
      test(`${nonlinearity}, ${hasState ? "with" : "without"} an initial state`, () => {
        for (const [T, B, H] of SHAPES) check(sandbox, nonlinearity, hasState, T, B, H);
      });
    }
  }
});

function check(sandbox: Sandbox, nonlinearity: "tanh" | "relu", hasState: boolean, T: number, B: number, H: number) {
  const random = generator(1e4 * T + 100 * B + H);
  const W = randomMatrix(random, H, H, 1 / Math.sqrt(H));
  const X = Array.from({ length: T }, () => randomMatrix(random, B, H, 1.5));
  const dOutputs = Array.from({ length: T }, () => randomMatrix(random, B, H));
  const initial = hasState ? randomMatrix(random, B, H) : new Matrix(B, H);

  const parameters: LayerParameters = {
    weightIh: mapMatrix(new Matrix(H, H), (_, i) => (i % (H + 1) === 0 ? 1 : 0)),
    weightHh: W,
    biasIh: new Matrix(1, H),
    biasHh: new Matrix(1, H),
  };
  const pass = layerForward(rnnStep(nonlinearity), parameters, X, { h: initial, c: new Matrix(B, H) });
  const { dInputs } = pass.backward(dOutputs);
  const outputBounds = forwardBounds(nonlinearity, W, X, [initial, ...pass.outputs]);
  const gradientBounds = backwardBounds(nonlinearity, W, pass.outputs, outputBounds, dOutputs, dInputs);

  sandbox.reset();
  const w = sandbox.place(W);
  const [panelsForward, panelsBackward] = [w, w].map(() => sandbox.reserve(sandbox.kernels.packedSize(H, H)));
  if (panelsForward === undefined || panelsBackward === undefined) throw new Error("no panels");
  sandbox.kernels.packTransposed(panelsForward.offset, w.offset, w.ld, H, H);
  sandbox.kernels.pack(panelsBackward.offset, w.offset, w.ld, H, H);
  const h = sandbox.place(stacked([initial, ...X]));
  const dh = sandbox.place(stacked(dOutputs));
  sandbox.expectOnlyWritten(panelsForward, panelsBackward);
  const relu = nonlinearity === "relu";
  const what = `T ${T}, B ${B}, H ${H}`;

  sandbox.kernels.rnnForward(h.offset, panelsForward.offset, T, B, H, relu, hasState);
  sandbox.expectOnlyWritten(h);
  expectZeroPadding(sandbox, h, `h, ${what}`);
  const exact = new Matrix(B, H); // slot 0 is not the kernel's to write
  compare(sandbox, h, [initial, ...pass.outputs], [exact, ...outputBounds], `h, ${what}`);

  sandbox.kernels.rnnBackward(dh.offset, h.offset, panelsBackward.offset, T, B, H, relu);
  sandbox.expectOnlyWritten(dh);
  expectZeroPadding(sandbox, dh, `dh, ${what}`);
  compare(sandbox, dh, dInputs, gradientBounds, `dh, ${what}`);
}

/**
 * h[t] = act(x + W h[t−1]) and e[t], the bound of its error: the product with its H additions errs by (H + 2)·u·(|x| +
 * |W||h|), as in gemm.test.ts, the error of h[t−1] comes through |W|, both through the activation's slope, and tanh adds
 * its own.
 */
function forwardBounds(nonlinearity: string, W: Matrix, X: Matrix[], states: Matrix[]): Matrix[] {
  let previous = new Matrix(step(X, 0).rows, W.rows);
  return X.map((x, t) => {
    const h = step(states, t + 1);
    const preactivation = sum(x, productNT(step(states, t), W));
    const magnitude = sum(absolute(x), productNT(absolute(step(states, t)), absolute(W)));
    const carried = productNT(previous, absolute(W));
    const bound = mapMatrix(magnitude, (value, i) => {
      const error = (W.rows + 2) * UNIT_ROUNDOFF * value + at(carried.data, i);
      const y = at(h.data, i);
      if (nonlinearity === "tanh") return (1 - y * y + error) * error + TANH_ERROR * Math.abs(y);
      requireClearSign(at(preactivation.data, i), error);
      return y > 0 ? error : 0;
    });
    previous = bound;
    return bound;
  });
}

/**
 * d[t] = (dh[t] + d[t+1] W) · (1 − h²): the sum's error as above, the slope's 2|h|·e + 2 u, and the product's u. With relu
 * the slope is exact.
 */
function backwardBounds(
  nonlinearity: string,
  W: Matrix,
  outputs: readonly Matrix[],
  outputBounds: Matrix[],
  dOutputs: Matrix[],
  dInputs: Matrix[],
): Matrix[] {
  const bounds: Matrix[] = [];
  let carriedBound = new Matrix(step(outputs, 0).rows, W.rows);
  for (let t = outputs.length - 1; t >= 0; t--) {
    const [h, e, dh] = [step(outputs, t), step(outputBounds, t), step(dOutputs, t)];
    const next = t + 1 < outputs.length ? step(dInputs, t + 1) : new Matrix(h.rows, h.columns);
    const magnitude = sum(absolute(dh), productNN(absolute(next), absolute(W)));
    const carried = productNN(carriedBound, absolute(W));
    const bound = mapMatrix(magnitude, (value, i) => {
      const y = at(h.data, i);
      const ofSum = (W.rows + 2) * UNIT_ROUNDOFF * value + at(carried.data, i);
      if (nonlinearity === "relu") return SECOND_ORDER * (y > 0 ? ofSum : 0);
      const slope = 1 - y * y;
      const ofSlope = 2 * Math.abs(y) * at(e.data, i) + 2 * UNIT_ROUNDOFF;
      return SECOND_ORDER * (slope * ofSum + value * (ofSlope + slope * UNIT_ROUNDOFF));
    });
    bounds.unshift(bound);
    carriedBound = bound;
  }
  return bounds;
}

/** Where relu's input is nearer to 0 than its error, the slope may be either: the seed has to be another one. */
function requireClearSign(x: number, error: number): void {
  if (Math.abs(x) <= error) throw new RangeError(`relu at ${x}, within ${error} of the kink: take another seed`);
}

function compare(sandbox: Sandbox, block: Block, expected: readonly Matrix[], bounds: Matrix[], what: string): void {
  expectWithin(sandbox.read(block), stacked(expected), stacked(bounds), what);
}

/** Time steps of (B, H) under one another. */
function stacked(steps: readonly Matrix[]): Matrix {
  const first = step(steps, 0);
  const values = steps.flatMap((step) => [...step.data]);
  return new Matrix(steps.length * first.rows, first.columns, values);
}

function absolute(matrix: Matrix): Matrix {
  return mapMatrix(matrix, Math.abs);
}

function step(matrices: readonly Matrix[], index: number): Matrix {
  const matrix = matrices[index];
  if (matrix === undefined) throw new RangeError(`no matrix ${index} of ${matrices.length}`);
  return matrix;
}
