import { expect } from "vitest";
import type { CellState, StepFunction, StepGradients } from "../reference/cells.js";
import { layerForward } from "../reference/layer.js";
import { Matrix } from "../reference/matrix.js";
import { generator } from "../reference/random.js";
import { at } from "../reference/tensor.js";
import { type Bounded, exact } from "./bounded.js";
import { type Block, expectWithin, mapMatrix, padded, randomMatrix, type Sandbox } from "./core.js";

/*
 * What the tests of the three cells share: a problem, the oracle's answer to it, and matrices as they lie in the arena.
 * W_ih is the identity there and b_ih is zero, so that the layer's inputs are what the kernel finds in its slots, exactly,
 * and their gradients what it leaves.
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

export interface Problem {
  /** "T 1, B 2, H 3" */
  readonly what: string;
  readonly T: number;
  readonly B: number;
  readonly H: number;
  readonly ld: number;
  readonly hasState: boolean;
  /** W_hhᵀ (H, G·H): as it lies in the arena, but for padding. */
  readonly W: Matrix;
  /** b_hh (1, G·H) */
  readonly biasHh: Matrix;
  /** Before the first step. */
  readonly initial: CellState;
  /** W_ih x + b_ih of each step, (B, G·H). */
  readonly X: readonly Matrix[];
  /** The gradients that the layer above gives to h[t]. */
  readonly dOutputs: readonly Matrix[];
  readonly answer: Answer;
}

/** What the oracle says of each step. */
interface Answer {
  readonly states: readonly CellState[];
  /** W_hh h + b_hh (B, G·H) */
  readonly R: readonly Matrix[];
  /** The whole gradients of h[t]. */
  readonly dh: readonly Matrix[];
  readonly gradients: readonly StepGradients[];
}

/** Calls back with a problem of each shape. `hasBias`: b_hh of the last gate is not zero. */
export function eachProblem(
  {
    cell,
    gates,
    hasState,
    hasBias = false,
  }: { cell: StepFunction; gates: number; hasState: boolean; hasBias?: boolean },
  check: (problem: Problem) => void,
): void {
  for (const [T, B, H] of SHAPES) {
    const random = generator(1e4 * T + 100 * B + H);
    const columns = gates * H;
    const W = randomMatrix(random, H, columns, 1 / Math.sqrt(H));
    const X = Array.from({ length: T }, () => randomMatrix(random, B, columns, 1.5));
    const dOutputs = Array.from({ length: T }, () => randomMatrix(random, B, H));
    const start = () => (hasState ? randomMatrix(random, B, H) : new Matrix(B, H));
    const initial = { h: start(), c: start() };
    const lastGate = randomMatrix(random, 1, columns);
    const biasHh = mapMatrix(lastGate, (value, j) => (hasBias && j >= columns - H ? value : 0));
    const answer = ask(cell, W, biasHh, X, initial, dOutputs);
    const what = `T ${T}, B ${B}, H ${H}`;
    check({ what, T, B, H, ld: padded(H), hasState, W, biasHh, initial, X, dOutputs, answer });
  }
}

function ask(
  cell: StepFunction,
  W: Matrix,
  biasHh: Matrix,
  X: readonly Matrix[],
  initial: CellState,
  dOutputs: readonly Matrix[],
): Answer {
  const states: CellState[] = [];
  const R: Matrix[] = [];
  const dh: Matrix[] = [];
  const gradients: StepGradients[] = [];
  const recording: StepFunction = (x, r, previous) => {
    const step = cell(x, r, previous);
    R.push(r);
    states.push(step.state);
    return {
      ...step,
      backward(dState) {
        const result = step.backward(dState);
        dh.unshift(dState.h);
        gradients.unshift(result);
        return result;
      },
    };
  };
  const identity = mapMatrix(new Matrix(W.columns, W.columns), (_, i) => (i % (W.columns + 1) === 0 ? 1 : 0));
  const parameters = { weightIh: identity, weightHh: transposed(W), biasIh: new Matrix(1, W.columns), biasHh };
  layerForward(recording, parameters, X, initial).backward(dOutputs);
  return { states, R, dh, gradients };
}

/**
 * W_hh packed for the forward pass, (H, G·ld), and for the backward pass, (G·ld, H); a single gate goes without padding.
 * Of `apart` gates, the last ones, the forward panels are a product's of their own.
 */
export function packRecurrent(sandbox: Sandbox, { W, H, ld }: Problem, apart = 0): { forward: Block; backward: Block } {
  const { kernels } = sandbox;
  const w = sandbox.place(widened(W, H));
  const width = W.columns === H ? H : (W.columns / H) * ld;
  const forward = sandbox.reserve(kernels.packedSize(H, width));
  const backward = sandbox.reserve(kernels.packedSize(width, H));
  const first = width - apart * ld;
  kernels.pack(forward.offset, w.offset, w.ld, H, first);
  if (apart > 0) kernels.pack(forward.offset + 4 * H * first, w.offset + 4 * first, w.ld, H, apart * ld);
  kernels.packTransposed(backward.offset, w.offset, w.ld, width, H);
  sandbox.expectOnlyWritten(forward, backward);
  return { forward, backward };
}

/** (rows, G·H) → (rows, G·ld): each gate with zeros behind it. */
export function widened(matrix: Matrix, H: number): Matrix {
  const ld = padded(H);
  const wide = new Matrix(matrix.rows, (matrix.columns / H) * ld);
  for (let r = 0; r < matrix.rows; r++) {
    for (let j = 0; j < matrix.columns; j++) wide.set(r, Math.floor(j / H) * ld + (j % H), matrix.at(r, j));
  }
  return wide;
}

/** A matrix that nobody has written yet: what reads it gets NaN. */
export function unwritten(rows: number, columns: number): Matrix {
  return mapMatrix(new Matrix(rows, columns), () => NaN);
}

/** Time steps under one another. */
export function stacked(steps: readonly Matrix[]): Matrix {
  const first = item(steps, 0);
  return new Matrix(
    steps.reduce((rows, step) => rows + step.rows, 0),
    first.columns,
    steps.flatMap((step) => [...step.data]),
  );
}

/** Columns of one gate, without its padding. */
export function gate(matrix: Matrix, index: number, H: number, stride = H): Matrix {
  const part = new Matrix(matrix.rows, H);
  for (let r = 0; r < part.rows; r++) {
    for (let j = 0; j < H; j++) part.set(r, j, matrix.at(r, index * stride + j));
  }
  return part;
}

/** Rows of one slot after another with the padding of each gate: gates, h, c and dh as they lie in the arena. */
export class Slots {
  readonly block: Block;
  readonly #sandbox: Sandbox;
  readonly #problem: Problem;

  /** The values, a multiple of ld wide. */
  constructor(sandbox: Sandbox, problem: Problem, values: Matrix) {
    this.block = sandbox.place(values);
    this.#sandbox = sandbox;
    this.#problem = problem;
  }

  get offset(): number {
    return this.block.offset;
  }

  /**
   * Compares one gate of all steps with the oracle, within bounds of a running error analysis, which has to come to the
   * same values as the oracle.
   */
  compare(index: number, expected: readonly Matrix[], bounds: readonly Bounded[], name: string): void {
    const { H, ld, what } = this.#problem;
    const oracle = stacked(expected);
    const analysed = stacked(bounds.map(({ value }) => value));
    const close = mapMatrix(oracle, (value) => 1e-12 * (1 + Math.abs(value)));
    expectWithin(analysed, oracle, close, `the error analysis of ${name}, ${what}`);
    const actual = gate(this.#sandbox.read(this.block), index, H, ld);
    expectWithin(actual, oracle, stacked(bounds.map(({ error }) => error)), `${name}, ${what}`);
  }

  /** Behind each gate's H columns there is nothing but zeros. */
  expectZeroPadding(name: string): void {
    const values = this.#sandbox.read(this.block);
    const { H, ld, what } = this.#problem;
    const wrong = values.data.findIndex((value, i) => i % ld >= H && value !== 0);
    if (wrong >= 0) expect.fail(`${name}, ${what}: the padding has ${at(values.data, wrong)}`);
  }
}

/** The bounds of each step, the last step first, as back-propagation goes. */
export function backwards<T>(steps: number, bound: (t: number) => T): T[] {
  const bounds: T[] = [];
  for (let t = steps - 1; t >= 0; t--) bounds.unshift(bound(t));
  return bounds;
}

export function exactZeros({ B, H }: Problem): Bounded {
  return exact(new Matrix(B, H));
}

export function transposed(matrix: Matrix): Matrix {
  return mapMatrix(new Matrix(matrix.columns, matrix.rows), (_, i) =>
    matrix.at(i % matrix.rows, Math.floor(i / matrix.rows)),
  );
}

export function item<T>(items: readonly T[], index: number): T {
  const found = items[index];
  if (found === undefined) throw new RangeError(`no item ${index} of ${items.length}`);
  return found;
}
