import { describe, expect, test } from "vitest";
import { Adam, AdamW, Network, RMSprop, SGD, type StateDict } from "../../src/index.js";
import { gradientError, lossError, normError, outputError, parameterError } from "./compare.js";
import { type Case, drawBatch, type Fixture, type Packed, type TrainingRun } from "./fixture.js";

const optimizers = { Adam, AdamW, RMSprop, SGD };

/** "fast" takes the core with relaxed multiply-add where the engine accepts it, "reproducible" the other one. */
export const allNumerics = ["reproducible", "fast"] as const;
type Numerics = (typeof allNumerics)[number];

/** Tests that every case's outputs and gradients agree with PyTorch's, in both cores. */
export function testPasses(fixture: Fixture): void {
  for (const numerics of allNumerics) {
    describe(`${fixture.script} (PyTorch ${fixture.torch}), ${numerics}`, () => {
      test.each(fixture.cases)("$name", (expected) => checkPass(expected, numerics));
    });
  }
}

/** Tests that every case's training with these optimizers ends at PyTorch's parameters, in both cores. */
export function testTraining(fixture: Fixture, names: readonly TrainingRun["name"][]): void {
  for (const numerics of allNumerics) {
    describe(`${fixture.steps} steps, ${numerics}`, () => {
      for (const expected of fixture.cases) {
        for (const run of expected.training.filter(({ name }) => names.includes(name))) {
          test(`${run.name} ${JSON.stringify(run.options)}: ${expected.name}`, () =>
            checkTraining(expected, run, fixture.steps, numerics));
        }
      }
    });
  }
}

async function checkPass(expected: Case, numerics: Numerics): Promise<void> {
  const { inputs, targets, initial } = drawBatch(expected);
  const network = await Network.create({ ...expected.config, numerics });
  const forward = network.forward(inputs, initial.state);
  const backward = network.backward(inputs, targets, { ...initial, logits: true });

  const errors: Record<string, number> = { loss: lossError(backward.loss, expected.loss) };
  for (const [pass, { logits, state }] of Object.entries({ forward, backward })) {
    errors[`${pass} logits`] = outputError(logits, expected.logits);
    for (const [name, packed] of Object.entries(expected.state)) {
      errors[`${pass} state ${name}`] = outputError(state[name as "h" | "c"], packed);
    }
  }
  Object.assign(errors, gradientErrors("gradient", network.gradients(), expected.gradients));

  if (expected.clip && expected.clipped) {
    const norm = clip(network, expected.clip);
    if (expected.norm !== undefined) errors.norm = normError(norm ?? Number.NaN, expected.norm);
    const before = expected.clip.value === undefined ? expected.clipped : expected.gradients;
    Object.assign(errors, gradientErrors("clipped gradient", network.gradients(), expected.clipped, before));
  }
  expectAgreement(errors);
}

async function checkTraining(expected: Case, run: TrainingRun, steps: number, numerics: Numerics): Promise<void> {
  const { inputs, targets, initial } = drawBatch(expected);
  const network = await Network.create({ ...expected.config, numerics });
  const initialWeights = network.stateDict();
  const optimizer = new optimizers[run.name](network, run.options);
  for (let step = 0; step < steps; step++) {
    network.backward(inputs, targets, initial);
    clip(network, expected.clip);
    optimizer.step();
  }

  const weights = network.stateDict();
  expect(Object.keys(weights)).toEqual(Object.keys(run.parameters));
  const errors = Object.entries(run.parameters).map(([name, packed]) => [
    name,
    parameterError(weights[name], packed, initialWeights[name], steps),
  ]);
  expectAgreement(Object.fromEntries(errors));
}

function clip(network: Network, { norm, value }: NonNullable<Case["clip"]> = {}): number | undefined {
  if (value !== undefined) network.clipGradValue(value);
  return norm === undefined ? undefined : network.clipGradNorm(norm);
}

/** @param scale the tensors whose largest values the tolerances take */
function gradientErrors(
  what: string,
  actual: StateDict,
  expected: Readonly<Record<string, Packed>>,
  scale = expected,
): Record<string, number> {
  expect(Object.keys(actual)).toEqual(Object.keys(expected));
  return Object.fromEntries(
    Object.entries(expected).map(([name, packed]) => [
      `${what} ${name}`,
      gradientError(actual[name], packed, scale[name]?.largest),
    ]),
  );
}

/** Names what is off, with its error in units of the tolerance. */
function expectAgreement(errors: Record<string, number>): void {
  const off = Object.entries(errors).filter(([, error]) => !(error <= 1));
  expect(Object.fromEntries(off)).toEqual({});
}
