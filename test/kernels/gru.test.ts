import { test } from "vitest";
import { gruStep } from "../reference/cells.js";
import { Matrix } from "../reference/matrix.js";
import {
  type Bounded,
  exact,
  minus,
  oneMinus,
  plus,
  plusProduct,
  sigmoidOf,
  sigmoidSlope,
  tanhOf,
  tanhSlope,
  times,
} from "./bounded.js";
import { describeEachBuild, padded, type Sandbox } from "./core.js";
import {
  backwards,
  eachProblem,
  gate,
  item,
  type Problem,
  packRecurrent,
  Slots,
  stacked,
  transposed,
  unwritten,
  widened,
} from "./recurrence.js";

/*
 * The oracle has the gates in PyTorch's order r, z, n; a row of the kernel's has n, r, z, q with q = W_hn h + b_hn.
 */

describeEachBuild((sandbox) => {
  for (const hasState of [true, false]) {
    test(`${hasState ? "with" : "without"} an initial state`, () => {
      eachProblem({ cell: gruStep, gates: 3, hasState, hasBias: true }, (problem) => check(sandbox, problem));
    });
  }
});

function check(sandbox: Sandbox, problem: Problem): void {
  const { T, B, H, ld, hasState, initial, X, biasHh, dOutputs, answer } = problem;
  sandbox.reset();
  const panels = packRecurrent(sandbox, problem, 1);
  const biasHn = sandbox.place(widened(gate(biasHh, 2, H), H));
  const h = new Slots(sandbox, problem, stacked([widened(initial.h, H), unwritten(T * B, ld)]));
  const gates = new Slots(sandbox, problem, stacked(X.map((x) => gateRows(x, H))));
  const dh = new Slots(sandbox, problem, widened(stacked(dOutputs), H));

  sandbox.kernels.gruForward(h.offset, gates.offset, biasHn.offset, panels.forward.offset, T, B, B, H, hasState);
  sandbox.expectOnlyWritten(h.block, gates.block);
  const steps = forwardBounds(problem);
  const states = answer.states.map((state) => state.h);
  h.compare(0, [initial.h, ...states], [exact(initial.h), ...steps.map((step) => step.h)], "h");
  h.expectZeroPadding("h");
  // n, r and z have no other oracle than the backward pass, which reads them.
  const q = answer.R.map((R) => gate(R, 2, H));
  gates.compare(3, q, pick(steps, "q"), "q");

  sandbox.kernels.gruBackward(dh.offset, gates.offset, h.offset, panels.backward.offset, T, B, B, H);
  sandbox.expectOnlyWritten(dh.block, gates.block);
  const gradients = backwardBounds(problem, steps);
  dh.compare(0, answer.dh, pick(gradients, "dh"), "dh");
  dh.expectZeroPadding("dh");
  const dX = (index: number) => answer.gradients.map((step) => gate(step.dX, index, H));
  const dR = (index: number) => answer.gradients.map((step) => gate(step.dR, index, H));
  gates.compare(0, dX(2), pick(gradients, "dN"), "the gradient of n's input");
  gates.compare(1, dX(0), pick(gradients, "dR"), "the gradient of r's input");
  gates.compare(2, dX(1), pick(gradients, "dZ"), "the gradient of z's input");
  gates.compare(3, dR(2), pick(gradients, "dQ"), "the gradient of q");
  gates.expectZeroPadding("the gates' gradients");
}

/** r, z, n (B, 3·H) → n, r, z, q (B, 4·ld) with nothing written in q */
function gateRows(x: Matrix, H: number): Matrix {
  const [r, z, n] = [0, 1, 2].map((index) => widened(gate(x, index, H), H)) as [Matrix, Matrix, Matrix];
  const ld = padded(H);
  const rows = unwritten(x.rows, 4 * ld);
  for (const [place, part] of [n, r, z].entries()) {
    for (let b = 0; b < x.rows; b++) {
      for (let j = 0; j < ld; j++) rows.set(b, place * ld + j, part.at(b, j));
    }
  }
  return rows;
}

interface Step {
  readonly previous: Bounded;
  readonly h: Bounded;
  readonly n: Bounded;
  readonly r: Bounded;
  readonly z: Bounded;
  readonly q: Bounded;
}

function forwardBounds({ B, H, W, X, biasHh, initial }: Problem): Step[] {
  const weights = (index: number) => gate(W, index, H);
  const biasHn = new Matrix(B, H, Array.from({ length: B }, () => [...gate(biasHh, 2, H).data]).flat());
  let previous = exact(initial.h);
  return X.map((x) => {
    const r = sigmoidOf(plusProduct(exact(gate(x, 0, H)), previous, weights(0)));
    const z = sigmoidOf(plusProduct(exact(gate(x, 1, H)), previous, weights(1)));
    const q = plusProduct(exact(biasHn), previous, weights(2));
    const n = tanhOf(plus(times(r, q), exact(gate(x, 2, H))));
    const h = plus(times(oneMinus(z), n), times(z, previous));
    const step = { previous, h, n, r, z, q };
    previous = h;
    return step;
  });
}

interface Gradients {
  readonly dh: Bounded;
  readonly dN: Bounded;
  readonly dR: Bounded;
  readonly dZ: Bounded;
  readonly dQ: Bounded;
}

function backwardBounds({ T, H, W, dOutputs }: Problem, steps: readonly Step[]): Gradients[] {
  const weights = [0, 1, 2].map((index) => transposed(gate(W, index, H))) as [Matrix, Matrix, Matrix];
  let next: (Gradients & { z: Bounded }) | undefined;
  return backwards(T, (t) => {
    const { previous, n, r, z, q } = item(steps, t);
    let dh = exact(item(dOutputs, t));
    if (next) {
      dh = plus(times(next.dh, next.z), dh);
      for (const [index, d] of [next.dR, next.dZ, next.dQ].entries()) dh = plusProduct(dh, d, item(weights, index));
    }
    const dN = times(times(dh, oneMinus(z)), tanhSlope(n));
    const dR = times(times(dN, q), sigmoidSlope(r));
    const dZ = times(times(dh, minus(previous, n)), sigmoidSlope(z));
    next = { dh, dN, dR, dZ, dQ: times(dN, r), z };
    return next;
  });
}

function pick<K extends string>(steps: readonly Readonly<Record<K, Bounded>>[], key: K): Bounded[] {
  return steps.map((step) => step[key]);
}
