import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Adam, CharRNN, Network, type NetworkConfig, tensor } from "../../src/index.js";
import { Barrier } from "../../src/network/barrier.js";
import { engineOf } from "../../src/network/network.js";
import { generator, randomIndices, randomReals } from "../reference/random.js";

/*
 * Any number of threads gives the same bits, in both cores: no sum is split between them.
 */

interface Case {
  readonly config: NetworkConfig;
  readonly B: number;
  readonly T: number;
  readonly dense?: boolean;
}

const cases: readonly Case[] = [
  { config: { cell: "rnn", inputSize: 5, hiddenSize: 7, outputSize: 9, numLayers: 2 }, B: 11, T: 6 },
  {
    config: { cell: "rnn", inputSize: 25, hiddenSize: 25, outputSize: 25, numLayers: 2, nonlinearity: "relu" },
    B: 50,
    T: 10,
  },
  { config: { cell: "gru", inputSize: 9, hiddenSize: 13, outputSize: 3, numLayers: 3, dropout: 0.3 }, B: 5, T: 8 },
  { config: { cell: "gru", inputSize: 3, hiddenSize: 33, outputSize: 17 }, B: 7, T: 9, dense: true },
  { config: { cell: "lstm", inputSize: 65, hiddenSize: 31, outputSize: 65, numLayers: 2 }, B: 10, T: 30 },
  { config: { cell: "lstm", inputSize: 2, hiddenSize: 1, outputSize: 2, dropout: 0.5, numLayers: 2 }, B: 1, T: 1 },
];

for (const numerics of ["fast", "reproducible"] as const) {
  describe(numerics, () => {
    test.each(cases)("$config.cell $config.hiddenSize, B $B, T $T", async (given) => {
      const alone = await fewSteps(given, numerics, 1);
      expect(await fewSteps(given, numerics, 2)).toEqual(alone);
      expect(await fewSteps(given, numerics, 3)).toEqual(alone);
    });
  });
}

test("more threads than sequences", async () => {
  const given = { config: { cell: "lstm", inputSize: 4, hiddenSize: 6, outputSize: 4 }, B: 2, T: 3 } as const;
  expect(await fewSteps(given, "fast", 5)).toEqual(await fewSteps(given, "fast", 1));
});

test("a text is learned to the same bytes", async () => {
  const text = "the quick brown fox jumps over the lazy dog and runs into the dark wood";
  const train = async (threads: number) => {
    const model = await CharRNN.create({ vocabulary: text, cell: "gru", hiddenSize: 12, threads });
    await model.fit(text, { epochs: 5, batchSize: 16 });
    return { weights: model.network.stateDict(), predicted: model.predict(text, { sequenceLength: 7 }) };
  };
  expect(await train(2)).toEqual(await train(1));
});

describe("a worker that is lost", () => {
  const threads = process.getBuiltinModule("node:worker_threads");
  const { Worker } = threads;
  const started: InstanceType<typeof Worker>[] = [];

  beforeEach(() => {
    started.length = 0;
    threads.Worker = class extends Worker {
      constructor(...args: ConstructorParameters<typeof Worker>) {
        super(...args);
        started.push(this);
      }
    };
  });
  afterEach(() => {
    threads.Worker = Worker;
    vi.restoreAllMocks();
  });

  test("in the middle of a pass: an error, and the network goes on alone", { timeout: 30_000 }, async () => {
    const { network, step } = await small(2);
    const before = network.stateDict();
    // A job that no thread knows: the worker fails on it while this thread is in its part of the pass.
    const give = Barrier.prototype.give;
    vi.spyOn(Barrier.prototype, "give").mockImplementationOnce(function (this: Barrier, job) {
      give.call(this, { ...job, kind: "nonsense" as never });
    });
    const message =
      "a worker thread was lost in the middle of a pass, whose gradients are not to be used; the next ones have one thread";
    expect(step).toThrow(new Error(message));
    expect(network.stateDict()).toEqual(before);
    expect(engineOf(network).threads).toBe(1);
    expect(step()).toBe((await small(1)).step());
  });

  test("that is killed while this thread works: the same, after a while", async () => {
    const { network, step } = await small(2);
    const give = Barrier.prototype.give;
    // A clock that runs a hundred times as fast: the ten seconds' patience is over in a tenth of one.
    const now = performance.now.bind(performance);
    vi.spyOn(performance, "now").mockImplementation(() => 100 * now());
    vi.spyOn(Barrier.prototype, "give").mockImplementationOnce(function (this: Barrier, job) {
      // It dies asleep, before it is told of the job: this thread does its part and waits in vain.
      for (const worker of started) void worker.terminate();
      give.call(this, job);
    });
    expect(step).toThrow(/a worker thread was lost/);
    expect(engineOf(network).threads).toBe(1);
    expect(step()).toBe((await small(1)).step());
  });

  test("that ends between two passes: nothing is lost, and the network goes on alone", async () => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => undefined);
    const { network, step } = await small(2);
    const loss = step();
    await Promise.all(started.map((worker) => worker.terminate()));
    expect(step()).toBe(loss);
    expect(engineOf(network).threads).toBe(1);
    expect(warn.mock.calls).toEqual([["rnn-wasm: one thread instead of several: a worker thread has ended"]]);
  });
});

async function small(threads: number) {
  const network = await Network.create({ cell: "gru", inputSize: 4, hiddenSize: 6, outputSize: 4, threads });
  expect(engineOf(network).threads).toBe(threads);
  const inputs = tensor(Int32Array.of(0, 1, 2, 3, 0, 1), [2, 3]);
  return { network, step: () => network.backward(inputs, inputs).loss };
}

/** All that three steps of training leave behind: losses, states, logits, gradients and weights. */
async function fewSteps({ config, B, T, dense }: Case, numerics: "fast" | "reproducible", threads: number) {
  const { inputSize, outputSize } = config;
  const network = await Network.create({ ...config, numerics, threads });
  expect(engineOf(network).threads).toBe(threads);
  const adam = new Adam(network, { learningRate: 0.01 });
  const random = generator(B + T);
  const results: unknown[] = [];
  let state: ReturnType<Network["forward"]>["state"] | undefined;
  for (let step = 0; step < 3; step++) {
    const inputs = dense
      ? tensor(Float32Array.from(randomReals(random, [B, T, inputSize]).data), [B, T, inputSize])
      : tensor(randomIndices(random, [B, T], inputSize).data, [B, T]);
    const targets = tensor(randomIndices(random, [B, T], outputSize).data, [B, T]);
    const pass = network.backward(inputs, targets, { logits: true, ...(state && { state }) });
    results.push(pass, network.gradients());
    adam.step();
    state = pass.state;
    results.push(network.forward(inputs, state));
  }
  return [...results, network.stateDict()];
}
