import { readFileSync } from "node:fs";
import type { Tensor } from "../../src/index.js";
import { type Packed, unpack } from "./fixture.js";

/*
 * The distance between two results in units of the tolerance: up to 1 they agree. NaN is never within it.
 *
 * Outputs (logits, states, losses): |Δ| ≤ 2e-6 + 2e-5 |expected|.
 * Gradients: |Δ| ≤ 5e-5 |expected| + 5e-6 of the tensor's largest.
 *
 * Parameters after ten steps are compared in units of the tensor's largest update, which for Adam is about
 * learningRate · steps: |Δ| ≤ 5e-3 of it for all values and ≤ 1e-4 of it for all but one in a hundred, both plus one
 * rounding of the tensor's largest value per step. Adam and RMSprop divide a gradient by its own size: where it is tiny,
 * its rounding moves the weight as far as the gradient itself does, and those few weights are the exceptions. Measured
 * for PyTorch's float32 against its float64 over all fixtures (reference.py --deviations): at most 0.24 of
 * these bounds; the library against PyTorch: 0.37. conditioning.py says which cases are of no use. They are sharp: a
 * learning rate wrong by one in a thousand is 7 to 30 times over them, β₁ = 0.901 for 0.9 is 18, β₂ = 0.9985 for 0.999
 * is 3, ε = 2e-8 for 1e-8 is 2 to 500, SGD's momentum wrong by one in a thousand is 17.
 *
 * The numbers are in tolerances.json, which reference.py reads too.
 */
const tolerances = JSON.parse(readFileSync(new URL("tolerances.json", import.meta.url), "utf8")) as {
  readonly outputs: { readonly absolute: number; readonly relative: number };
  readonly gradients: { readonly relative: number; readonly ofLargest: number };
  readonly parameters: { readonly nearlyAll: number; readonly all: number; readonly exceptions: number };
};

export function outputError(actual: Tensor | undefined, expected: Packed): number {
  return largestError(differences(actual, expected), outputTolerance);
}

export function lossError(actual: number, expected: number): number {
  return Math.abs(actual - expected) / outputTolerance(expected);
}

/** @param largest of the tensor. Clamping makes it smaller but not the errors of what stays: then it is the one before. */
export function gradientError(actual: Tensor | undefined, expected: Packed, largest = expected.largest): number {
  const { relative, ofLargest } = tolerances.gradients;
  return largestError(differences(actual, expected), (value) => relative * Math.abs(value) + ofLargest * largest);
}

/** The norm is of gradients, and the square root of a mean of their errors is no larger than their largest. */
export function normError(actual: number, expected: number): number {
  const difference = Math.abs(actual - expected);
  // Of one class there is nothing to learn: the norm is 0, and has to be.
  return difference === 0 ? 0 : difference / (tolerances.gradients.relative * expected);
}

/** @param initial the parameter before the first step, which both sides have bit for bit */
export function parameterError(
  actual: Tensor | undefined,
  expected: Packed,
  initial: Tensor | undefined,
  steps: number,
): number {
  const { nearlyAll, all, exceptions } = tolerances.parameters;
  const update = Math.max(...differences(initial, expected).map(({ difference }) => difference));
  const rounding = steps * 2 ** -24 * expected.largest;
  const descending = differences(actual, expected)
    .map(({ difference }) => difference)
    .toSorted((a, b) => b - a);
  const [largest = Number.NaN] = descending;
  const largestOfNearlyAll = descending[Math.ceil(exceptions * descending.length)] ?? 0;
  return Math.max(ratio(largest, all * update + rounding), ratio(largestOfNearlyAll, nearlyAll * update + rounding));
}

function outputTolerance(expected: number): number {
  return tolerances.outputs.absolute + tolerances.outputs.relative * Math.abs(expected);
}

interface Difference {
  readonly expected: number;
  readonly difference: number;
}

/** At every value that the fixture holds, and between the largest absolute values of both tensors. */
function differences(actual: Tensor | undefined, packed: Packed): Difference[] {
  if (actual === undefined) throw new Error("there is no such tensor");
  if (`${actual.shape}` !== `${packed.shape}`) {
    throw new Error(`the shape is (${actual.shape.join(", ")}), expected (${packed.shape.join(", ")})`);
  }
  const { data } = actual;
  const first = (data.length - 1) % packed.every;
  const kept = Array.from(unpack(packed), (expected, i) => ({
    expected,
    difference: Math.abs((data[first + i * packed.every] ?? Number.NaN) - expected),
  }));
  const largest = data.reduce((max, value) => Math.max(max, Math.abs(value)), 0);
  return [...kept, { expected: packed.largest, difference: Math.abs(largest - packed.largest) }];
}

function largestError(all: readonly Difference[], tolerance: (expected: number) => number): number {
  return all.reduce((max, { expected, difference }) => Math.max(max, ratio(difference, tolerance(expected))), 0);
}

/** Where a tensor is all zeros its tolerance is zero as well, and equality is what is asked for. */
function ratio(difference: number, tolerance: number): number {
  return difference === 0 ? 0 : difference / tolerance;
}
