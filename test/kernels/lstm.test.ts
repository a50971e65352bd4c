import { test } from "vitest";
import { lstmStep } from "../reference/cells.js";
import type { Matrix } from "../reference/matrix.js";
import {
  type Bounded,
  exact,
  plus,
  plusProduct,
  sigmoidOf,
  sigmoidSlope,
  tanhOf,
  tanhSlope,
  times,
} from "./bounded.js";
import { describeEachBuild, type Sandbox } from "./core.js";
import {
  backwards,
  eachProblem,
  exactZeros,
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

const GATES = ["i", "f", "g", "o"] as const;

describeEachBuild((sandbox) => {
  for (const hasState of [true, false]) {
    test(`${hasState ? "with" : "without"} an initial state`, () => {
      eachProblem({ cell: lstmStep, gates: 4, hasState }, (problem) => check(sandbox, problem));
    });
  }
});

function check(sandbox: Sandbox, problem: Problem): void {
  const { T, B, H, ld, hasState, initial, X, dOutputs, answer } = problem;
  sandbox.reset();
  const panels = packRecurrent(sandbox, problem);
  const slots = (first: Matrix) => new Slots(sandbox, problem, stacked([widened(first, H), unwritten(T * B, ld)]));
  const h = slots(initial.h);
  const c = slots(initial.c);
  const gates = new Slots(sandbox, problem, widened(stacked(X), H));
  const dh = new Slots(sandbox, problem, widened(stacked(dOutputs), H));
  const dc = new Slots(sandbox, problem, widened(exactZeros(problem).value, H));

  sandbox.kernels.lstmForward(h.offset, c.offset, gates.offset, panels.forward.offset, T, B, B, H, hasState);
  sandbox.expectOnlyWritten(h.block, c.block, gates.block);
  const steps = forwardBounds(problem);
  for (const [name, block] of Object.entries({ h, c })) {
    const key = name as "h" | "c";
    const states = [initial, ...answer.states].map((state) => state[key]);
    block.compare(0, states, [exact(initial[key]), ...steps.map((step) => step[key])], name);
    block.expectZeroPadding(name);
  }

  sandbox.kernels.lstmBackward(dh.offset, dc.offset, gates.offset, c.offset, panels.backward.offset, T, B, B, H);
  sandbox.expectOnlyWritten(dh.block, dc.block, gates.block);
  const gradients = backwardBounds(problem, steps);
  dh.compare(
    0,
    answer.dh,
    gradients.map((step) => step.dh),
    "dh",
  );
  dh.expectZeroPadding("dh");
  for (const [index, name] of GATES.entries()) {
    const dX = answer.gradients.map((step) => gate(step.dX, index, H));
    const bounds = gradients.map((step) => item(step.dX, index));
    gates.compare(index, dX, bounds, `the gradient of ${name}'s input`);
  }
  gates.expectZeroPadding("the gates' gradients");
}

interface Step {
  /** c[t − 1] */
  readonly previous: Bounded;
  readonly h: Bounded;
  readonly c: Bounded;
  readonly gates: readonly [i: Bounded, f: Bounded, g: Bounded, o: Bounded];
}

function forwardBounds({ H, W, X, initial }: Problem): Step[] {
  let [h, c] = [exact(initial.h), exact(initial.c)];
  return X.map((x) => {
    const input = (index: number) => plusProduct(exact(gate(x, index, H)), h, gate(W, index, H));
    const [i, f, g, o] = [sigmoidOf(input(0)), sigmoidOf(input(1)), tanhOf(input(2)), sigmoidOf(input(3))] as const;
    const previous = c;
    c = plus(times(f, previous), times(i, g));
    h = times(o, tanhOf(c));
    return { previous, h, c, gates: [i, f, g, o] as const };
  });
}

interface Gradients {
  readonly dh: Bounded;
  readonly dX: readonly Bounded[];
}

function backwardBounds(problem: Problem, steps: readonly Step[]): Gradients[] {
  const { T, H, W, dOutputs } = problem;
  let next: Gradients | undefined;
  let dNextCell = exactZeros(problem);
  return backwards(T, (t) => {
    const { previous, c, gates } = item(steps, t);
    const [i, f, g, o] = gates;
    let dh = exact(item(dOutputs, t));
    for (const [index, d] of (next?.dX ?? []).entries()) dh = plusProduct(dh, d, transposed(gate(W, index, H)));
    const tanhC = tanhOf(c);
    const dCell = plus(times(times(dh, o), tanhSlope(tanhC)), dNextCell);
    dNextCell = times(dCell, f);
    const dX = [
      times(times(dCell, g), sigmoidSlope(i)),
      times(times(dCell, previous), sigmoidSlope(f)),
      times(times(dCell, i), tanhSlope(g)),
      times(times(dh, tanhC), sigmoidSlope(o)),
    ];
    next = { dh, dX };
    return next;
  });
}
