import { afterEach, describe, expect, test, vi } from "vitest";
import {
  CharRNN,
  type CharRNNOptions,
  DivergedError,
  type FitOptions,
  RnnError,
  slidingWindows,
  type TrainingProgress,
} from "../../src/index.js";
import { bitsOf, SENTENCE } from "../lab.js";
import { expectError } from "./expect-error.js";

/*
 * What a run does when it does not simply finish: whatever ends it, the model stays usable.
 */

const T = 10;
const lab = (options: Partial<CharRNNOptions> = {}) =>
  CharRNN.create({ vocabulary: SENTENCE, cell: "rnn", hiddenSize: 9, numerics: "reproducible", ...options });
const windows: FitOptions = { batching: "windows", sequenceLength: T, batchSize: "full", learningRate: 0.01 };

/** The loss of the windows of a full batch, with the weights as they are. */
function windowLoss(model: CharRNN): number {
  const { inputs, targets } = slidingWindows(model.vocabulary.encode(SENTENCE), T);
  return model.network.evaluate(inputs, targets).loss;
}

/** Finite everywhere, and trainable: the loss goes down. */
async function expectUsable(model: CharRNN): Promise<void> {
  const weights = Object.values(model.network.stateDict()).flatMap(({ data }) => [...data]);
  expect(weights.filter((weight) => !Number.isFinite(weight)).length, "weights that are not finite").toBe(0);
  expect(model.predict(SENTENCE, { sequenceLength: T })).toHaveLength(SENTENCE.length - 1);
  expect(model.evaluate(SENTENCE).loss).toBeLessThan(Infinity);
  const before = windowLoss(model);
  const history = await model.fit(SENTENCE, { ...windows, epochs: 20, learningRate: 0.001 });
  expect(history.stopped).toBe("finished");
  expect(history.epochs[0]?.loss).toBe(before);
  expect(windowLoss(model)).toBeLessThan(before);
}

describe("a run that diverges", () => {
  // ReLU has no bound: one such step, and the next ones are larger and larger. The norm is clipped to all but nothing.
  const diverging: FitOptions = {
    ...windows,
    optimizer: "sgd",
    learningRate: { type: "linear", learningRate: 1000, finalFraction: 0.5 },
    maxGradNorm: 1e30,
    epochs: 100,
  };

  test.each(["fast", "reproducible"] as const)("stops with the last good weights (%s)", async (numerics) => {
    const model = await lab({ nonlinearity: "relu", numerics });
    const steps: TrainingProgress[] = [];
    const error: unknown = await model
      .fit(SENTENCE, { ...diverging, onStep: (progress) => void steps.push(progress) })
      .catch((error) => error);

    const last = steps.at(-1) as TrainingProgress;
    expect(error).toBeInstanceOf(DivergedError);
    expect(error).toBeInstanceOf(RnnError);
    const { name, code, step, learningRate, gradNorm, message } = error as DivergedError;
    expect([name, code]).toEqual(["DivergedError", "ERR_DIVERGED"]);
    expect(step).toBe(steps.length);
    expect(step).toBeGreaterThan(1);
    expect(learningRate).toBe(last.learningRate);
    expect(learningRate).toBeLessThan(1000);
    expect(message).toMatch(
      new RegExp(
        `^training diverged at step ${step}: loss (NaN|Infinity|[0-9.e+]+), gradient norm ${gradNorm}, learning rate ` +
          `${learningRate}; the last good weights were restored, a smaller learningRate or maxGradNorm may help$`,
      ),
    );
    const loss = Number(/loss ([^,]+)/.exec(message)?.[1]);
    expect(Number.isFinite(loss) && Number.isFinite(gradNorm)).toBe(false);
    expect(Number.isFinite(last.loss)).toBe(true);
    expect(windowLoss(model)).toBe(last.loss);
  });

  test("leaves nothing behind: a fresh model with its weights learns the same, bit for bit", async () => {
    const model = await lab({ nonlinearity: "relu" });
    await expect(model.fit(SENTENCE, diverging)).rejects.toBeInstanceOf(DivergedError);
    const fresh = await lab({ nonlinearity: "relu", seed: 1 });
    const initial = fresh.network.stateDict();
    fresh.network.loadStateDict(model.network.stateDict());
    const { inputs, targets } = slidingWindows(model.vocabulary.encode(SENTENCE), T);
    const { loss } = fresh.network.backward(inputs, targets);
    expect(loss).toBeLessThan(Infinity);
    expect(model.network.backward(inputs, targets).loss).toBe(loss);
    expect(bitsOf(model.network.gradients())).toEqual(bitsOf(fresh.network.gradients()));

    const train = async (of: CharRNN) => {
      of.network.loadStateDict(initial);
      return (await of.fit(SENTENCE, { ...windows, epochs: 3 })).epochs.map(({ loss }) => loss);
    };
    expect(await train(model)).toEqual(await train(fresh));
    expect(bitsOf(model.network.stateDict())).toEqual(bitsOf(fresh.network.stateDict()));
  });

  // So large that float32 has no number for it: the first step makes all weights infinite.
  const breaking: FitOptions = { ...windows, optimizer: "sgd", learningRate: 1e60 };

  test("in its last step", async () => {
    const model = await lab();
    const before = bitsOf(model.network.stateDict());
    const error: unknown = await model.fit(SENTENCE, { ...breaking, epochs: 1 }).catch((error) => error);
    expect(error).toBeInstanceOf(DivergedError);
    expect((error as DivergedError).step).toBe(0);
    expect(bitsOf(model.network.stateDict())).toEqual(before);
    await expectUsable(model);
  });

  test("and is aborted before that shows", async () => {
    const model = await lab();
    const controller = new AbortController();
    const options = { ...breaking, signal: controller.signal, onStep: () => controller.abort() };
    await model.fit(SENTENCE, options).catch(() => undefined);
    await expectUsable(model);
  });

  test("and whose callback throws before that shows", async () => {
    const model = await lab();
    const onStep = () => {
      throw new Error("no more");
    };
    await expect(model.fit(SENTENCE, { ...breaking, onStep })).rejects.toThrow();
    await expectUsable(model);
  });

  test("and is the first of a loop", async () => {
    const model = await lab();
    const firstStep = model.train(SENTENCE, breaking)[Symbol.asyncIterator]().next();
    await expect(firstStep).rejects.toBeInstanceOf(DivergedError);
    await expectUsable(model);
  });
});

describe("a run that is aborted", () => {
  test("in the middle of an epoch", async () => {
    const model = await lab();
    const controller = new AbortController();
    const steps: number[] = [];
    const history = await model.fit(SENTENCE, {
      ...windows,
      batchSize: 17, // 10 steps an epoch
      epochs: 5,
      signal: controller.signal,
      onStep({ step }) {
        steps.push(step);
        if (step === 23) controller.abort();
      },
    });
    expect(history.stopped).toBe("aborted");
    expect(history.epochs.map(({ epoch }) => epoch)).toEqual([0, 1]);
    expect(steps.at(-1)).toBe(23);
    await expectUsable(model);
  });

  test("from outside, while it waits between two steps", async () => {
    const model = await lab();
    const controller = new AbortController();
    setImmediate(() => controller.abort());
    const history = await model.fit(SENTENCE, { ...windows, epochs: 2000, signal: controller.signal });
    expect(history.stopped).toBe("aborted");
    expect(history.epochs.length).toBeLessThan(2000);
    await expectUsable(model);
  });

  test("while it validates", async () => {
    const model = await lab();
    const controller = new AbortController();
    const history = await model.fit(SENTENCE, {
      ...windows,
      epochs: 2,
      validation: SENTENCE,
      signal: controller.signal,
      onStep: () => controller.abort(),
    });
    expect(history).toMatchObject({ stopped: "aborted", epochs: [] });
    await expectUsable(model);
  });

  test("after its last step: it is finished", async () => {
    const model = await lab();
    const controller = new AbortController();
    const onEpoch = () => controller.abort();
    const history = await model.fit(SENTENCE, { ...windows, epochs: 1, signal: controller.signal, onEpoch });
    expect(history.stopped).toBe("finished");
    expect(history.epochs).toHaveLength(1);
  });

  test("before it starts: no step, no change", async () => {
    const model = await lab();
    const before = bitsOf(model.network.stateDict());
    const onStep = vi.fn();
    const history = await model.fit(SENTENCE, { ...windows, signal: AbortSignal.abort(), onStep });
    expect(history).toMatchObject({ stopped: "aborted", epochs: [] });
    expect(onStep).not.toHaveBeenCalled();
    expect(bitsOf(model.network.stateDict())).toEqual(before);
    await expectUsable(model);
  });
});

describe("two runs at once", () => {
  const message = "this model is being trained already; wait for the other run, or abort it";

  test("the second one is refused, the first one goes on", async () => {
    const model = await lab();
    const alone = await lab();
    const first = model.fit(SENTENCE, { ...windows, epochs: 5 });
    await expectError(() => model.fit(SENTENCE, windows), Error, message);
    const inside: unknown[] = [];
    const second = model.train(SENTENCE, windows)[Symbol.asyncIterator]();
    await second.next().catch((error) => inside.push(error.message));
    expect(inside).toEqual([message]);
    await first;
    await alone.fit(SENTENCE, { ...windows, epochs: 5 });
    expect(bitsOf(model.network.stateDict())).toEqual(bitsOf(alone.network.stateDict()));
  });

  test("a run inside a callback is refused too", async () => {
    const model = await lab();
    await expectError(
      () => model.fit(SENTENCE, { ...windows, onStep: () => model.fit(SENTENCE, windows) }),
      Error,
      message,
    );
    await expectUsable(model);
  });

  test("two models train at once as they do alone", async () => {
    const options = { ...windows, epochs: 5 };
    const [a, b, alone] = await Promise.all([lab(), lab(), lab()]);
    await Promise.all([a.fit(SENTENCE, options), b.fit(SENTENCE, options)]);
    await alone.fit(SENTENCE, options);
    for (const model of [a, b]) {
      expect(bitsOf(model.network.stateDict())).toEqual(bitsOf(alone.network.stateDict()));
    }
  });
});

describe("callbacks", () => {
  test.each(["onStep", "onEpoch"] as const)("%s that throws ends the run with its error", async (name) => {
    for (const fail of [
      () => {
        throw new RangeError("mine");
      },
      () => Promise.reject(new RangeError("mine")),
    ]) {
      const model = await lab();
      await expectError(() => model.fit(SENTENCE, { ...windows, [name]: fail }), RangeError, "mine");
      await expectUsable(model);
    }
  });

  test("are called after every step and every epoch, in order, and waited for", async () => {
    const model = await lab();
    const calls: string[] = [];
    const pause = () => new Promise((resolve) => setTimeout(resolve, 1));
    const history = await model.fit(SENTENCE, {
      ...windows,
      batchSize: 100, // 170 windows: 100 and 70
      epochs: 2,
      async onStep({ epoch, totalEpochs, step, totalSteps }) {
        calls.push(`step ${epoch}/${totalEpochs} ${step}/${totalSteps}`);
        await pause();
        calls.push("waited");
      },
      onEpoch: ({ epoch }) => void calls.push(`epoch ${epoch}`),
    });
    expect(calls).toEqual([
      ...["step 0/2 0/4", "waited", "step 0/2 1/4", "waited", "epoch 0"],
      ...["step 1/2 2/4", "waited", "step 1/2 3/4", "waited", "epoch 1"],
    ]);
    expect(history.epochs.map(({ epoch }) => epoch)).toEqual([0, 1]);
  });
});

describe("train", () => {
  test("gives the steps of fit, with a record after an epoch's last one", async () => {
    const [model, other] = await Promise.all([lab(), lab()]);
    const options = { ...windows, batchSize: 100, epochs: 3 };
    const records = (await model.fit(SENTENCE, options)).epochs;
    const steps: TrainingProgress[] = [];
    for await (const progress of other.train(SENTENCE, options)) steps.push(progress);
    expect(steps.map(({ step }) => step)).toEqual([0, 1, 2, 3, 4, 5]);
    expect(steps.map(({ record }) => record?.loss)).toEqual(records.flatMap(({ loss }) => [undefined, loss]));
    expect(steps[0]?.loss).not.toBe(steps[1]?.loss);
    expect(((steps[0]?.loss ?? 0) + (steps[1]?.loss ?? 0)) / 2).toBe(records[0]?.loss);
    expect(bitsOf(other.network.stateDict())).toEqual(bitsOf(model.network.stateDict()));
  });

  test("leaving the loop ends the run", async () => {
    const model = await lab();
    let steps = 0;
    for await (const _ of model.train(SENTENCE, { ...windows, epochs: 100 })) {
      if (++steps === 3) break;
    }
    expect(steps).toBe(3);
    await expectUsable(model);
  });

  test("an error inside the loop ends the run", async () => {
    const model = await lab();
    const run = async () => {
      for await (const _ of model.train(SENTENCE, windows)) throw new RangeError("mine");
    };
    await expectError(run, RangeError, "mine");
    await expectUsable(model);
  });

  test("does nothing before it is asked for a step", async () => {
    const model = await lab();
    model.train(SENTENCE, windows);
    await expectUsable(model);
  });
});

describe("the event loop", () => {
  const { setImmediate: later } = globalThis;
  afterEach(() => {
    vi.unstubAllGlobals();
  });

  /** Counts the turns of the event loop until it is stopped. */
  function countTurns() {
    const chain = { turns: 0, stop: false };
    const turn = () => {
      if (chain.stop) return;
      chain.turns++;
      later(turn);
    };
    later(turn);
    return chain;
  }

  async function turnsAtEachStep(options: FitOptions): Promise<{ atSteps: number[]; turns: number }> {
    const model = await lab();
    const chain = countTurns();
    const atSteps: number[] = [];
    await model.fit(SENTENCE, { ...options, onStep: () => void atSteps.push(chain.turns) });
    chain.stop = true;
    return { atSteps, turns: chain.turns };
  }

  test("turns between any two steps", async () => {
    const { atSteps, turns } = await turnsAtEachStep({ ...windows, batchSize: 17, epochs: 5 });
    expect(atSteps).toHaveLength(50);
    expect(turns).toBeGreaterThanOrEqual(50);
    for (let i = 1; i < atSteps.length; i++) expect(atSteps[i]).toBeGreaterThan(atSteps[i - 1] as number);
  });

  test("turns between two passes of the validation too", async () => {
    // 1,801 symbols: 180 windows of 10, two passes are not enough for 256 at a time; take 5 sentences more.
    const validation = SENTENCE.repeat(40).slice(0, 256 * T * 2 + 2 * T + 1); // 514 windows: 3 passes
    const { turns: without } = await turnsAtEachStep({ ...windows, epochs: 4 });
    const { turns } = await turnsAtEachStep({ ...windows, epochs: 4, validation });
    expect(turns - without).toBeGreaterThanOrEqual(4 * 3 - 1);
  });

  test("turns where there is no setImmediate, as in browsers", async () => {
    vi.stubGlobal("setImmediate", undefined);
    const { atSteps } = await turnsAtEachStep({ ...windows, batchSize: 17, epochs: 5 });
    expect(atSteps).toHaveLength(50);
    // Messages may be delivered several to a turn; without a pause there would be no turn at all.
    expect(atSteps.at(-1)).toBeGreaterThan((atSteps[0] as number) + 10);
  });
});
