import { describe, expect, test } from "vitest";
import {
  CharRNN,
  type CharRNNOptions,
  type FitOptions,
  Network,
  type StateDict,
  slidingWindows,
} from "../../src/index.js";
import { bitsOf } from "../lab.js";

const small: CharRNNOptions = { vocabulary: "ab", cell: "rnn", hiddenSize: 6, numLayers: 1, numerics: "reproducible" };
const options: FitOptions = {
  batching: "windows",
  sequenceLength: 4,
  batchSize: "full",
  epochs: 60,
  learningRate: 0.02,
};

describe("early stopping", () => {
  // After "ab" comes a in the one, b in the other: what the training teaches is wrong for the validation.
  const text = "ab".repeat(20);
  const validation = "aabb".repeat(10);

  test("ends the run when the validation has become worse, with the best weights", async () => {
    const model = await CharRNN.create(small);
    const afterEpoch: StateDict[] = [];
    const { epochs, stopped } = await model.fit(text, {
      ...options,
      validation,
      earlyStopping: { patience: 4 },
      onEpoch: () => void afterEpoch.push(model.network.stateDict()),
    });
    const losses = epochs.map(({ validationLoss }) => validationLoss as number);
    const best = losses.indexOf(Math.min(...losses));
    expect(stopped).toBe("early");
    expect(best).toBeGreaterThan(0); // it had become better first
    expect(epochs).toHaveLength(best + 4 + 1);
    expect(epochs.at(-1)?.loss).toBeLessThan(epochs[best]?.loss as number);
    expect(bitsOf(model.network.stateDict())).toEqual(bitsOf(afterEpoch[best] as StateDict));
    expect(bitsOf(model.network.stateDict())).not.toEqual(bitsOf(afterEpoch.at(-1) as StateDict));
  });

  test("minDelta: less is no improvement", async () => {
    const model = await CharRNN.create(small);
    const { epochs, stopped } = await model.fit(text, {
      ...options,
      validation,
      earlyStopping: { patience: 3, minDelta: 10 },
    });
    expect(stopped).toBe("early");
    expect(epochs).toHaveLength(1 + 3);
  });

  test("goes by the training loss where nothing is held out", async () => {
    const model = await CharRNN.create(small);
    const { epochs, stopped } = await model.fit(text, { ...options, earlyStopping: { patience: 2 }, learningRate: 5 });
    const losses = epochs.map(({ loss }) => loss);
    const best = losses.indexOf(Math.min(...losses));
    expect(stopped).toBe("early");
    expect(epochs).toHaveLength(best + 2 + 1);
  });

  test("a run that is finished before it is over has the best weights too", async () => {
    const model = await CharRNN.create(small);
    const afterEpoch: StateDict[] = [];
    const { epochs, stopped } = await model.fit(text, {
      ...options,
      epochs: 30,
      validation,
      earlyStopping: { patience: 100 },
      onEpoch: () => void afterEpoch.push(model.network.stateDict()),
    });
    const losses = epochs.map(({ validationLoss }) => validationLoss as number);
    const best = losses.indexOf(Math.min(...losses));
    expect(stopped).toBe("finished");
    expect(best).toBeLessThan(29);
    expect(bitsOf(model.network.stateDict())).toEqual(bitsOf(afterEpoch[best] as StateDict));
  });

  test("without it the last weights stay", async () => {
    const model = await CharRNN.create(small);
    let last: StateDict = {};
    const { epochs, stopped } = await model.fit(text, {
      ...options,
      validation,
      onEpoch: () => {
        last = model.network.stateDict();
      },
    });
    expect([epochs.length, stopped]).toEqual([60, "finished"]);
    expect(bitsOf(model.network.stateDict())).toEqual(bitsOf(last));
  });
});

describe("what is held out", () => {
  test("a fraction: the end of the text, in windows one after another", async () => {
    const text = "aababbabbbaabbababab".repeat(5); // 100 symbols
    const model = await CharRNN.create(small);
    const steps: number[] = [];
    let seen: number | undefined;
    const { epochs } = await model.fit(text, {
      ...options,
      batchSize: 1,
      epochs: 1,
      validation: 0.3,
      onStep: ({ totalSteps }) => void steps.push(totalSteps),
      onEpoch: ({ validationLoss }) => {
        seen = validationLoss;
      },
    });
    // 70 symbols are trained on, 66 windows; the last 30 are seven windows of 4 and their successors.
    expect(steps).toEqual(new Array(66).fill(66));
    const { inputs, targets } = slidingWindows(model.vocabulary.encode(text.slice(70)), 4, 4);
    expect(inputs.shape).toEqual([7, 4]);
    const { loss } = model.network.evaluate(inputs, targets);
    expect(epochs[0]?.validationLoss).toBe(seen);
    expect(seen).toBeCloseTo(loss, 12);
  });

  test.each([0.05, 0.07, 0.1, 0.14, 0.28, 0.29, 0.55, 0.57, 0.58])(
    "%f of 100 symbols are as many per cent",
    async (f) => {
      const model = await CharRNN.create(small);
      for await (const { totalSteps } of model.train("ab".repeat(50), {
        ...options,
        sequenceLength: 1,
        batchSize: 1,
        epochs: 1,
        validation: f,
      })) {
        expect(totalSteps).toBe(100 - Math.round(100 * f) - 1);
        break;
      }
    },
  );

  test("a text of its own takes nothing from the text", async () => {
    const model = await CharRNN.create(small);
    const network = await Network.create(model.network.config);
    const text = "ab".repeat(20);
    const held = "abba".repeat(3);
    const { epochs } = await model.fit(text, { ...options, epochs: 1, validation: held });
    const all = slidingWindows(model.vocabulary.encode(text), 4);
    expect(epochs[0]?.loss).toBe(network.evaluate(all.inputs, all.targets).loss);
    const { inputs, targets } = slidingWindows(model.vocabulary.encode(held), 4, 4);
    expect(epochs[0]?.validationLoss).toBeCloseTo(model.network.evaluate(inputs, targets).loss, 12);
  });

  test("nothing: no validation loss", async () => {
    const model = await CharRNN.create(small);
    const { epochs } = await model.fit("ab".repeat(20), { ...options, epochs: 1 });
    expect(epochs[0]).not.toHaveProperty("validationLoss");
  });
});
