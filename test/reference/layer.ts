import type { CellState, Step, StepFunction } from "./cells.js";
import { affine, columnSums, Matrix, productNN, productTN, sum } from "./matrix.js";

/** The parameters of one layer, or their gradients. */
export interface LayerParameters {
  readonly weightIh: Matrix; // (G·H, D)
  readonly weightHh: Matrix; // (G·H, H)
  readonly biasIh: Matrix; // (1, G·H)
  readonly biasHh: Matrix; // (1, G·H)
}

export interface LayerPass {
  /** h[t] of all T steps, each (B, H). */
  readonly outputs: readonly Matrix[];
  /** The state after the last step. */
  readonly final: CellState;
  /** From the gradients of the outputs, T of (B, H), those of the inputs, T of (B, D), and of the parameters. */
  backward(dOutputs: readonly Matrix[]): { dInputs: Matrix[]; dParameters: LayerParameters };
}

/** One layer over T time steps. inputs: T of (B, D). */
export function layerForward(
  step: StepFunction,
  parameters: LayerParameters,
  inputs: readonly Matrix[],
  initial: CellState,
): LayerPass {
  const { weightIh, weightHh, biasIh, biasHh } = parameters;
  const passes: { x: Matrix; hPrevious: Matrix; step: Step }[] = [];
  let state = initial;
  for (const x of inputs) {
    const X = affine(x, weightIh, biasIh);
    const R = affine(state.h, weightHh, biasHh);
    const pass = { x, hPrevious: state.h, step: step(X, R, state) };
    passes.push(pass);
    state = pass.step.state;
  }

  function backward(dOutputs: readonly Matrix[]): { dInputs: Matrix[]; dParameters: LayerParameters } {
    let dWeightIh = zerosLike(weightIh);
    let dWeightHh = zerosLike(weightHh);
    let dBiasIh = zerosLike(biasIh);
    let dBiasHh = zerosLike(biasHh);
    const dInputs: Matrix[] = [];
    // The loss does not see the final state itself, so nothing comes from after the last step.
    let dNext: CellState = { h: zerosLike(initial.h), c: zerosLike(initial.c) };
    for (let t = passes.length - 1; t >= 0; t--) {
      const pass = passes[t];
      const dOutput = dOutputs[t];
      if (pass === undefined || dOutput === undefined) throw new RangeError(`no gradient for time step ${t}`);
      // h[t] is an output and the state of the next step.
      const { dX, dR, dPrevious } = pass.step.backward({ h: sum(dOutput, dNext.h), c: dNext.c });
      // X = x[t] W_ihᵀ + b_ih
      dInputs.unshift(productNN(dX, weightIh));
      dWeightIh = sum(dWeightIh, productTN(dX, pass.x));
      dBiasIh = sum(dBiasIh, columnSums(dX));
      // R = h[t−1] W_hhᵀ + b_hh
      dNext = { h: sum(dPrevious.h, productNN(dR, weightHh)), c: dPrevious.c };
      dWeightHh = sum(dWeightHh, productTN(dR, pass.hPrevious));
      dBiasHh = sum(dBiasHh, columnSums(dR));
    }
    return { dInputs, dParameters: { weightIh: dWeightIh, weightHh: dWeightHh, biasIh: dBiasIh, biasHh: dBiasHh } };
  }

  return { outputs: passes.map((pass) => pass.step.state.h), final: state, backward };
}

function zerosLike(matrix: Matrix): Matrix {
  return new Matrix(matrix.rows, matrix.columns);
}
