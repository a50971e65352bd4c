import { describe, expect, test } from "vitest";
import { CharRNN, type CharRNNOptions, type FitOptions } from "../../src/index.js";
import { bitsOf, SENTENCE } from "../lab.js";

/*
 * The same seed gives the same bytes, whatever happens in between.
 */

const small = { vocabulary: SENTENCE, cell: "rnn", hiddenSize: 9, seed: 3 } as const;

async function train(create: Partial<CharRNNOptions>, options: FitOptions) {
  const model = await CharRNN.create({ ...small, ...create });
  const { epochs } = await model.fit(SENTENCE, options);
  return {
    losses: epochs.map(({ loss, validationLoss }) => [loss, validationLoss]),
    bits: bitsOf(model.network.stateDict()),
  };
}

const windows: FitOptions = { batching: "windows", sequenceLength: 10, batchSize: 32, epochs: 4, learningRate: 0.01 };
const runs: Record<string, FitOptions> = {
  "full batches": { ...windows, batchSize: "full" },
  "shuffled mini-batches": windows,
  "streams, validated": {
    batching: "streams",
    sequenceLength: 5,
    batchSize: 3,
    epochs: 4,
    validation: 0.2,
    optimizer: "rmsprop",
    learningRate: { type: "cosine", learningRate: 0.01, warmup: 3 },
  },
};

describe.each(["fast", "reproducible"] as const)("%s", (numerics) => {
  test.each(Object.keys(runs))("%s: twice the same bytes", async (name) => {
    const options = runs[name] as FitOptions;
    const first = await train({ numerics }, options);
    expect(await train({ numerics }, options)).toEqual(first);
    expect((await train({ numerics, seed: 4 }, options)).bits).not.toEqual(first.bits);
  });

  test.each(["rnn", "gru", "lstm"] as const)("%s with dropout: twice the same bytes", async (cell) => {
    const create = { numerics, cell, dropout: 0.3 };
    const first = await train(create, windows);
    expect(await train(create, windows)).toEqual(first);
    expect((await train({ ...create, dropout: 0 }, windows)).bits).not.toEqual(first.bits);
  });

  test.each(Object.keys(runs))("%s: passes of other shapes in between change nothing", async (name) => {
    const options = runs[name] as FitOptions;
    const create = { numerics, dropout: 0.3 };
    const model = await CharRNN.create({ ...small, ...create });
    const look = () => {
      model.predict(SENTENCE, { sequenceLength: 7 });
      model.evaluate(SENTENCE);
    };
    const { epochs } = await model.fit(SENTENCE, { ...options, onEpoch: look, onStep: look });
    const undisturbed = await train(create, options);
    expect(epochs.map(({ loss, validationLoss }) => [loss, validationLoss])).toEqual(undisturbed.losses);
    expect(bitsOf(model.network.stateDict())).toEqual(undisturbed.bits);
  });

  test("predict and evaluate give the same twice, and change nothing", async () => {
    const model = await CharRNN.create({ ...small, numerics, dropout: 0.5 });
    const before = bitsOf(model.network.stateDict());
    const look = () => [model.predict(SENTENCE, { sequenceLength: 10 }), model.evaluate(SENTENCE)];
    expect(look()).toEqual(look());
    expect(bitsOf(model.network.stateDict())).toEqual(before);
  });
});

test("shuffling changes the order of the windows", async () => {
  const shuffled = await train({}, windows);
  const inOrder = await train({}, { ...windows, shuffle: false });
  expect(inOrder.losses).not.toEqual(shuffled.losses);
});
