import { describe, expect, test } from "vitest";
import { CharRNN, Network, RMSprop, type State, type Tensor, tensor } from "../../src/index.js";
import { bitsOf, SENTENCE } from "../lab.js";

describe("streams", () => {
  test("learn a periodic text that no single chunk shows", async () => {
    // Chunks of two: the first symbol after a chunk's own "a" is a or b by what lies before the chunk. Without a carried
    // state two of six symbols stay open, a or b alike: ln 2 / 3 = 0.231 nats.
    const text = "aab".repeat(200);
    const model = await CharRNN.create({ vocabulary: text, cell: "gru", hiddenSize: 16, numLayers: 1, seed: 0 });
    const { epochs } = await model.fit(text, {
      batching: "streams",
      sequenceLength: 2,
      batchSize: 5,
      epochs: 30,
      learningRate: 0.01,
      validation: 0.2,
    });
    expect(epochs[0]?.loss).toBeGreaterThan(0.231);
    // What is left is the first chunk of an epoch, whose state is that of the last one.
    expect(epochs.at(-1)?.loss).toBeLessThan(0.04);
    expect(epochs.at(-1)?.validationLoss).toBeLessThan(0.1);
    expect(model.evaluate(text).loss).toBeLessThan(0.02);
  });

  test("are cut, carried and validated as char-rnn does, bit for bit", async () => {
    const [B, T] = [3, 4];
    const learningRate = 0.005;
    const model = await CharRNN.create({ vocabulary: SENTENCE, hiddenSize: 7, seed: 2, numerics: "reproducible" });
    const indices = model.vocabulary.encode(SENTENCE);
    // 179 symbols with a successor: 3 streams of 14 chunks of 4; ⌊0.8 · 14⌋ = 11 are trained on, 3 held out.
    const chunks = 14;
    const trained = 11;
    const network = await Network.create(model.network.config);
    const rmsprop = new RMSprop(network, { learningRate, alpha: 0.95 });
    const chunk = (s: number, shift: number): Tensor<Int32Array> => {
      const rows = Array.from({ length: B }, (_, b) => {
        const start = b * chunks * T + s * T + shift;
        return [...indices.slice(start, start + T)];
      });
      return tensor(Int32Array.from(rows.flat()), [B, T]);
    };

    const expected: { loss: number; validationLoss: number }[] = [];
    let state: State | undefined; // carried over the end of an epoch too
    for (let epoch = 0; epoch < 3; epoch++) {
      let loss = 0;
      for (let s = 0; s < trained; s++) {
        const pass = network.backward(chunk(s, 0), chunk(s, 1), state && { state });
        network.clipGradValue(0.5);
        rmsprop.step();
        loss += pass.loss;
        state = pass.state;
      }
      let held = 0;
      let heldState: State | undefined;
      for (let s = trained; s < chunks; s++) {
        const pass = network.evaluate(chunk(s, 0), chunk(s, 1), heldState);
        held += pass.loss;
        heldState = pass.state;
      }
      expected.push({ loss: loss / trained, validationLoss: held / (chunks - trained) });
    }

    const { epochs } = await model.fit(SENTENCE, {
      batching: "streams",
      sequenceLength: T,
      batchSize: B,
      epochs: 3,
      validation: 0.2,
      optimizer: { type: "rmsprop", alpha: 0.95 },
      learningRate,
      maxGradValue: 0.5,
      maxGradNorm: 1e9, // never reached
    });
    expect(epochs.map(({ loss }) => loss)).toEqual(expected.map(({ loss }) => loss));
    for (const [epoch, { validationLoss }] of expected.entries()) {
      // Weighted by symbols before it is divided: the same number but for its last bits.
      expect(epochs[epoch]?.validationLoss).toBeCloseTo(validationLoss, 12);
    }
    expect(bitsOf(model.network.stateDict())).toEqual(bitsOf(network.stateDict()));
  });

  test("hold out as many chunks as char-rnn does of Tiny Shakespeare", async () => {
    // 1,115,394 characters in 50 streams of chunks of 50: 446 chunks, of which the last 23 are validation.
    const text = "ab".repeat(1_115_394 / 2);
    const model = await CharRNN.create({ vocabulary: text, cell: "rnn", hiddenSize: 1, numLayers: 1 });
    const options = { batching: "streams", batchSize: 50, sequenceLength: 50, validation: 0.05, epochs: 3 } as const;
    for await (const { totalSteps } of model.train(text, options)) {
      expect(totalSteps).toBe(3 * (446 - 23));
      break;
    }
  });
});
