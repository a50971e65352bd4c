import { test } from "vitest";
import { rnnStep } from "../reference/cells.js";
import { type Bounded, exact, plusProduct, reluOf, tanhOf, tanhSlope, times } from "./bounded.js";
import { describeEachBuild, mapMatrix, type Sandbox } from "./core.js";
import {
  backwards,
  eachProblem,
  item,
  type Problem,
  packRecurrent,
  Slots,
  stacked,
  transposed,
  widened,
} from "./recurrence.js";

describeEachBuild((sandbox) => {
  for (const nonlinearity of ["tanh", "relu"] as const) {
    for (const hasState of [true, false]) {
      test(`${nonlinearity}, ${hasState ? "with" : "without"} an initial state`, () => {
        eachProblem({ cell: rnnStep(nonlinearity), gates: 1, hasState }, (problem) => {
          check(sandbox, problem, nonlinearity);
        });
      });
    }
  }
});

function check(sandbox: Sandbox, problem: Problem, nonlinearity: "tanh" | "relu"): void {
  const { T, B, H, hasState, initial, X, dOutputs, answer } = problem;
  const relu = nonlinearity === "relu";
  sandbox.reset();
  const panels = packRecurrent(sandbox, problem);
  const h = new Slots(sandbox, problem, widened(stacked([initial.h, ...X]), H));
  const dh = new Slots(sandbox, problem, widened(stacked(dOutputs), H));

  sandbox.kernels.rnnForward(h.offset, panels.forward.offset, T, B, B, H, relu, hasState);
  sandbox.expectOnlyWritten(h.block);
  const outputs = forwardBounds(problem, relu);
  // Slot 0 is not the kernel's to write.
  h.compare(0, [initial.h, ...answer.states.map((state) => state.h)], [exact(initial.h), ...outputs], "h");
  h.expectZeroPadding("h");

  sandbox.kernels.rnnBackward(dh.offset, h.offset, panels.backward.offset, T, B, B, H, relu);
  sandbox.expectOnlyWritten(dh.block);
  const dX = answer.gradients.map((step) => step.dX);
  dh.compare(0, dX, backwardBounds(problem, relu, outputs), "dh");
  dh.expectZeroPadding("dh");
}

/** h[t] = act(x + W h[t−1]) */
function forwardBounds({ W, X, initial }: Problem, relu: boolean): Bounded[] {
  let h = exact(initial.h);
  return X.map((x) => {
    const sum = plusProduct(exact(x), h, W);
    h = relu ? reluOf(sum) : tanhOf(sum);
    return h;
  });
}

/** d[t] = (dh[t] + d[t+1] W) · act′, which relu has exactly */
function backwardBounds({ T, W, dOutputs }: Problem, relu: boolean, outputs: readonly Bounded[]): Bounded[] {
  let next: Bounded | undefined;
  return backwards(T, (t) => {
    const h = item(outputs, t);
    const dh = exact(item(dOutputs, t));
    const sum = next ? plusProduct(dh, next, transposed(W)) : dh;
    next = relu ? times(sum, exact(mapMatrix(h.value, (y) => (y > 0 ? 1 : 0)))) : times(sum, tanhSlope(h));
    return next;
  });
}
