import { describe, expect, test } from "vitest";
import { CharRNN, type FitOptions, type Schedule } from "../../src/index.js";

/*
 * The rate of every step and epoch, beside the textbook's formulas.
 */

const TEXT = "ab".repeat(13);
const EPOCHS = 23;
const STEPS = 3; // an epoch: 22 windows of 4 in batches of 8
const TOTAL = EPOCHS * STEPS;

async function ratesOf(learningRate: number | Schedule) {
  const model = await CharRNN.create({ vocabulary: TEXT, cell: "rnn", hiddenSize: 2, numLayers: 1 });
  const options: FitOptions = { batching: "windows", sequenceLength: 4, batchSize: 8, epochs: EPOCHS, learningRate };
  const steps: number[] = [];
  const { epochs } = await model.fit(TEXT, {
    ...options,
    onStep: (progress) => void steps.push(progress.learningRate),
  });
  return { steps, epochs: epochs.map((record) => record.learningRate) };
}

const learningRate = 0.01;
/** The rate of a step by its number and its epoch. */
type Formula = (step: number, epoch: number) => number;
const cases: [Schedule, Formula][] = [
  [{ type: "constant", learningRate }, () => 0.01],
  [{ type: "step", learningRate }, (_, epoch) => 0.01 * 0.1 ** Math.floor(epoch / 10)],
  [{ type: "step", learningRate, factor: 0.5, every: 4 }, (_, epoch) => 0.01 * 0.5 ** Math.floor(epoch / 4)],
  [{ type: "exponential", learningRate }, (_, epoch) => 0.01 * 0.97 ** epoch],
  [
    { type: "exponential", learningRate, factor: 0.9, after: 10 },
    (_, epoch) => (epoch < 10 ? 0.01 : 0.01 * 0.9 ** (epoch - 9)),
  ],
  [{ type: "linear", learningRate }, (step) => 0.01 * (1 - step / TOTAL)],
  [{ type: "linear", learningRate, finalFraction: 0.2 }, (step) => 0.01 + (0.002 - 0.01) * (step / TOTAL)],
  [{ type: "cosine", learningRate }, (step) => (0.01 * (1 + Math.cos((Math.PI * step) / TOTAL))) / 2],
  [
    { type: "cosine", learningRate, finalFraction: 0.05 },
    (step) => 0.0005 + ((0.01 - 0.0005) * (1 + Math.cos((Math.PI * step) / TOTAL))) / 2,
  ],
  [{ type: "constant", learningRate, warmup: 9 }, (step) => 0.01 * Math.min(1, (step + 1) / 10)],
  [
    { type: "cosine", learningRate, warmup: 4 },
    (step) => (Math.min(1, (step + 1) / 5) * 0.01 * (1 + Math.cos((Math.PI * step) / TOTAL))) / 2,
  ],
];

describe("schedules", () => {
  test.each(cases)("%o", async (schedule, formula) => {
    const { steps, epochs } = await ratesOf(schedule);
    expect(steps).toHaveLength(TOTAL);
    for (const [step, rate] of steps.entries()) {
      const should = formula(step, Math.floor(step / STEPS));
      // The rounding of some twenty operations: the cosine is a series, a power many products.
      expect(Math.abs(rate - should), `step ${step}: ${rate} instead of ${should}`).toBeLessThan(20 * 2 ** -53 * 0.01);
      expect(rate).toBeGreaterThan(0);
    }
    // An epoch's record has the rate of its last step.
    expect(epochs).toEqual(steps.filter((_, step) => step % STEPS === STEPS - 1));
  });

  test("a number is the rate of every step", async () => {
    const { steps, epochs } = await ratesOf(0.3);
    expect(new Set([...steps, ...epochs])).toEqual(new Set([0.3]));
  });

  test("the rate is what the optimizer steps by", async () => {
    // One step of plain gradient descent moves every weight by the rate times its gradient.
    const trainAt = async (learningRate: number | Schedule) => {
      const model = await CharRNN.create({ vocabulary: TEXT, cell: "rnn", hiddenSize: 2, numLayers: 1 });
      await model.fit(TEXT, {
        batching: "windows",
        sequenceLength: 4,
        batchSize: "full",
        epochs: 1,
        optimizer: "sgd",
        learningRate,
      });
      return model.network.stateDict();
    };
    const warm = await trainAt({ type: "constant", learningRate: 0.8, warmup: 3 });
    expect(warm).toEqual(await trainAt(0.2));
    expect(warm).not.toEqual(await trainAt(0.8));
  });
});
