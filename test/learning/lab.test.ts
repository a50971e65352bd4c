import { describe, expect, test } from "vitest";
import * as library from "../../src/index.js";
import { Adam, CharRNN, type FitOptions, Network, slidingWindows } from "../../src/index.js";
import { bitsOf, LAB, LEARNING_RATE, runLab, SENTENCE, SEQUENCE_LENGTH } from "../lab.js";

/** Nats per symbol that windows of ten leave open in the sentence, rounded down: no network can do better. */
const FLOOR = 0.22849;

const lab = () =>
  CharRNN.create({
    vocabulary: SENTENCE,
    cell: "rnn",
    hiddenSize: 25,
    numLayers: 2,
    seed: 0,
    numerics: "reproducible",
  });
const options: FitOptions = {
  batching: "windows",
  sequenceLength: SEQUENCE_LENGTH,
  batchSize: "full",
  epochs: 100,
  learningRate: LEARNING_RATE,
};

describe("the lab", async () => {
  const byHand = await runLab(library, LAB);

  test("with Network and Adam: the sentence is learned", () => {
    expect(byHand.losses).toHaveLength(100);
    expect(byHand.losses[0]).toBeCloseTo(Math.log(25), 0);
    expect(byHand.losses.at(-1)).toBeLessThan(0.3);
    expect(Math.min(...byHand.losses)).toBeGreaterThan(FLOOR);
  });

  test("with CharRNN.fit: the same losses and weights, bit for bit", async () => {
    const model = await lab();
    const { epochs, stopped } = await model.fit(SENTENCE, options);
    expect(stopped).toBe("finished");
    expect(epochs.map(({ loss }) => loss)).toEqual(byHand.losses);
    expect(Object.values(bitsOf(model.network.stateDict())).flat()).toEqual(byHand.weightBits);
  });

  test("with CharRNN.fit and clipping: as by hand, bit for bit", async () => {
    const model = await lab();
    const { inputs, targets } = slidingWindows(model.vocabulary.encode(SENTENCE), SEQUENCE_LENGTH);
    const network = await Network.create(model.network.config);
    const adam = new Adam(network, { learningRate: LEARNING_RATE });
    const losses: number[] = [];
    const norms: number[] = [];
    for (let epoch = 0; epoch < 20; epoch++) {
      losses.push(network.backward(inputs, targets).loss);
      network.clipGradValue(0.01);
      norms.push(network.clipGradNorm(0.05));
      adam.step();
    }
    expect(Math.max(...norms)).toBeGreaterThan(0.05);
    const { epochs } = await model.fit(SENTENCE, { ...options, epochs: 20, maxGradValue: 0.01, maxGradNorm: 0.05 });
    expect(epochs.map(({ loss }) => loss)).toEqual(losses);
    expect(bitsOf(model.network.stateDict())).toEqual(bitsOf(network.stateDict()));
  });

  test.each([0, 1, 2])("with CharRNN.fit and no options, seed %i: the sentence is learned", async (seed) => {
    const model = await CharRNN.create({ vocabulary: SENTENCE, cell: "rnn", hiddenSize: 25, seed });
    const { epochs } = await model.fit(SENTENCE);
    expect(epochs.at(-1)?.loss).toBeGreaterThan(FLOOR);
    // "i" is followed by f, l, p, g, m and t once each: the first character cannot be known.
    const learned = model.predict(SENTENCE, { sequenceLength: SEQUENCE_LENGTH });
    expect("flpgmt").toContain(learned[0]);
    expect(learned.slice(1)).toBe(SENTENCE.slice(2));
  });
});
