import { describe, expect, test } from "vitest";
import { CharRNN, type FitOptions, type OptimizerChoice, type Schedule } from "../../src/index.js";
import { expectError } from "../api/expect-error.js";
import { bitsOf } from "../lab.js";
import { type Case, createModel, expectSameRun, resume, snapshooter, TEXT } from "./run.js";

/*
 * A run that was interrupted, anywhere, and taken up again ends with the bytes of one that was not.
 */

/** 77 symbols: 12 windows, steps of 5, 5 and 2. */
const windows: FitOptions = {
  batching: "windows",
  sequenceLength: 10,
  stride: 6,
  batchSize: 5,
  epochs: 3,
  learningRate: 0.01,
};
/** Two streams of 7 chunks, of which 5 are trained on. */
const streams: FitOptions = {
  batching: "streams",
  sequenceLength: 5,
  batchSize: 2,
  epochs: 2,
  learningRate: 0.01,
  validation: 0.25,
};

/** Nothing is held out, so that no best weights take the place of the last ones at the end. */
const { validation: _, ...unvalidated } = streams;

const optimizers: OptimizerChoice[] = [
  "adam",
  { type: "adam", betas: [0.8, 0.99], epsilon: 1e-6, weightDecay: 0.1 },
  "adamw",
  "rmsprop",
  { type: "rmsprop", alpha: 0.9, momentum: 0.5, weightDecay: 0.01 },
  "sgd",
  { type: "sgd", momentum: 0.9 },
  { type: "sgd", momentum: 0.9, nesterov: true, weightDecay: 0.01 },
];
const schedules: Schedule[] = [
  { type: "constant", learningRate: 0.01, warmup: 4 },
  { type: "step", learningRate: 0.01, every: 1, factor: 0.3 },
  { type: "exponential", learningRate: 0.01, factor: 0.5 },
  { type: "cosine", learningRate: 0.02, warmup: 3, finalFraction: 0.1 },
  { type: "linear", learningRate: 0.02 },
];

const cases: [name: string, Case][] = [
  ["windows, full batch", { model: {}, fit: { ...windows, batchSize: "full" } }],
  ["windows, shuffled", { model: { cell: "gru" }, fit: windows }],
  ["windows, in order, validated", { model: {}, fit: { ...windows, shuffle: false, validation: 0.3 } }],
  ["windows, lstm with dropout", { model: { cell: "lstm", numLayers: 2, dropout: 0.3 }, fit: windows }],
  ["streams, rnn", { model: {}, fit: { ...streams, maxGradNorm: 0.5, maxGradValue: 0.1 } }],
  ["streams, gru, reproducible", { model: { cell: "gru", numerics: "reproducible" }, fit: streams }],
  ["streams, lstm with dropout", { model: { cell: "lstm", numLayers: 2, dropout: 0.3 }, fit: streams }],
  [
    "streams, a validation text with half a pair",
    { model: { vocabulary: `${TEXT}\ud800` }, fit: { ...streams, validation: `${TEXT.slice(5, 40)}\ud800` } },
  ],
  [
    "streams, lstm, stopped early",
    {
      model: { cell: "lstm", numLayers: 2, dropout: 0.2 },
      fit: { ...streams, epochs: 9, learningRate: 0.3, earlyStopping: { patience: 2, minDelta: 0.01 } },
    },
  ],
  ["windows, early stopping that does not come", { model: {}, fit: { ...windows, earlyStopping: { patience: 9 } } }],
  ["what is chosen for a text", { model: { cell: "lstm" }, fit: { epochs: 6 } }],
  ...optimizers.map((optimizer): [string, Case] => [
    `streams, ${JSON.stringify(optimizer)}`,
    { model: { cell: "gru" }, fit: { ...streams, optimizer } },
  ]),
  ...schedules.map((learningRate): [string, Case] => [
    `streams, ${JSON.stringify(learningRate)}`,
    { model: {}, fit: { ...streams, learningRate, epochs: 3 } },
  ]),
];

/** The run that nobody interrupts, and the states that it saves on its way. */
async function uninterrupted({ model: create, fit }: Case) {
  const model = await createModel(create);
  const { snapshots, options } = snapshooter(model);
  const history = await model.fit(TEXT, { ...fit, ...options });
  return { model, history, snapshots };
}

describe("saved after every step and every epoch", () => {
  test.each(cases)("%s", async (_, run) => {
    const whole = await uninterrupted(run);
    const silent = await createModel(run.model);
    expectSameRun({ model: silent, history: await silent.fit(TEXT, run.fit) }, whole, "without a callback");
    const epochs = whole.history.epochs.length;
    expect(whole.snapshots.length).toBeGreaterThanOrEqual(2 * epochs);
    for (const { when, bytes } of whole.snapshots) expectSameRun(await resume(bytes), whole, when);
  });

  test("one of them does stop early, at another epoch than its best one", async () => {
    const run = cases.find(([name]) => name === "streams, lstm, stopped early")?.[1] as Case;
    const { model, history } = await uninterrupted(run);
    expect(history.stopped).toBe("early");
    const losses = history.epochs.map(({ validationLoss = NaN }) => validationLoss);
    expect(Math.min(...losses)).toBe(losses.at(-3));
    expect(model.network.weightNorm()).toBeLessThan(Infinity);
  });
});

describe("interrupted", () => {
  const run: Case = { model: { cell: "lstm", numLayers: 2, dropout: 0.2 }, fit: { ...streams, epochs: 3 } };

  test("twice, and a resumed run saved at every step", async () => {
    const whole = await uninterrupted(run);
    for (const first of [0, 4, 5, 9]) {
      const model = await CharRNN.load((whole.snapshots[first] as { bytes: Uint8Array }).bytes);
      const { snapshots, options } = snapshooter(model);
      await model.fit(TEXT, { resume: true, ...options });
      expect(snapshots.map(({ when }) => when)).toEqual(whole.snapshots.slice(first + 1).map(({ when }) => when));
      for (const { when, bytes } of snapshots) expectSameRun(await resume(bytes), whole, `${first}, then ${when}`);
    }
  });

  test("by a signal, at every step, and taken up again by the same model", async () => {
    const whole = await uninterrupted(run);
    const model = await createModel(run.model);
    let options = run.fit;
    let aborted = 0;
    for (;;) {
      const abort = new AbortController();
      const history = await model.fit(TEXT, { ...options, signal: abort.signal, onStep: () => abort.abort() });
      if (history.stopped === "finished") {
        expectSameRun({ model, history }, whole, "at the end");
        break;
      }
      expect(history.stopped).toBe("aborted");
      aborted++;
      options = { resume: true };
    }
    expect(aborted).toBe(whole.snapshots.filter(({ when }) => when.startsWith("step")).length);
  });

  test("by leaving the loop over its steps, through bytes", async () => {
    const whole = await uninterrupted(run);
    const model = await createModel(run.model);
    for await (const { step } of model.train(TEXT, run.fit)) {
      if (step === 6) break;
    }
    expectSameRun(await resume(model.save({ training: true })), whole, "after step 6");
  });

  test("by a callback that throws", async () => {
    const whole = await uninterrupted(run);
    for (const name of ["onStep", "onEpoch"] as const) {
      const model = await createModel(run.model);
      const fail = () => Promise.reject(new Error("mine"));
      await expectError(() => model.fit(TEXT, { ...run.fit, [name]: fail }), Error, "mine");
      expectSameRun(await resume(model.save({ training: true })), whole, name);
    }
  });

  test("before the first step of a resumed run", async () => {
    const whole = await uninterrupted(run);
    const { bytes } = whole.snapshots[5] as { bytes: Uint8Array };
    const model = await CharRNN.load(bytes);
    const { stopped } = await model.fit(TEXT, { resume: true, signal: AbortSignal.abort() });
    expect(stopped).toBe("aborted");
    expect(model.save({ training: true })).toEqual(bytes);
    expectSameRun({ model, history: await model.fit(TEXT, { resume: true }) }, whole, "before the first step");
  });

  test("between two passes of a validation", async () => {
    const fit = { ...streams, epochs: 2, validation: TEXT };
    const whole = await uninterrupted({ model: run.model, fit });
    const model = await createModel(run.model);
    const abort = new AbortController();
    // Seven steps and then the validation, of seven passes with a turn of the event loop after each.
    const history = await model.fit(TEXT, {
      ...fit,
      signal: abort.signal,
      onStep({ step }) {
        if (step === 6) setImmediate(() => setImmediate(() => abort.abort()));
      },
    });
    expect(history).toMatchObject({ stopped: "aborted", epochs: [] });
    expectSameRun(await resume(model.save({ training: true })), whole, "in the validation");
  });

  test("other uses of the model in between change nothing", async () => {
    const whole = await uninterrupted(run);
    const model = await CharRNN.load((whole.snapshots[7] as { bytes: Uint8Array }).bytes);
    model.predict(TEXT, { sequenceLength: 3 });
    model.evaluate(TEXT);
    model.save({ training: true });
    expectSameRun({ model, history: await model.fit(TEXT, { resume: true }) }, whole, "after a look");
  });

  test("a text in pieces is the same text", async () => {
    const whole = await uninterrupted(run);
    async function* pieces() {
      for (let start = 0; start < TEXT.length; start += 7) yield TEXT.slice(start, start + 7);
    }
    const model = await CharRNN.load((whole.snapshots[3] as { bytes: Uint8Array }).bytes);
    expectSameRun({ model, history: await model.fit(pieces(), { resume: true }) }, whole, "in pieces");
  });
});

describe("finished", () => {
  test("a run that is over is over", async () => {
    for (const fit of [windows, { ...streams, epochs: 30, learningRate: 0.3, earlyStopping: { patience: 1 } }]) {
      const whole = await uninterrupted({ model: {}, fit });
      expectSameRun(await resume(whole.model.save({ training: true })), whole, "at the end");
    }
  });

  test.each([
    ["windows", { model: { cell: "gru" }, fit: windows }],
    ["streams", { model: { cell: "lstm", numLayers: 2, dropout: 0.2 }, fit: unvalidated }],
    [
      "a schedule of epochs",
      { model: {}, fit: { ...unvalidated, learningRate: { type: "exponential", learningRate: 0.01 } } },
    ],
  ] satisfies [string, Case][])("more epochs: %s", async (_, { model, fit }) => {
    const longer = await uninterrupted({ model, fit: { ...fit, epochs: 5 } });
    const short = await uninterrupted({ model, fit });
    expectSameRun(await resume(short.model.save({ training: true }), { epochs: 5 }), longer, "from the end");
    for (const { when, bytes } of short.snapshots.slice(0, 3)) {
      expectSameRun(await resume(bytes, { epochs: 5 }), longer, `from ${when}`);
    }
  });

  test("more epochs of a run that may stop early, from every state that was saved before its end", async () => {
    const run: Case = { model: { cell: "lstm" }, fit: { ...streams, earlyStopping: { patience: 9 } } };
    const longer = await uninterrupted({ ...run, fit: { ...run.fit, epochs: 4 } });
    for (const { when, bytes } of (await uninterrupted(run)).snapshots) {
      expectSameRun(await resume(bytes, { epochs: 4 }), longer, `from ${when}`);
    }
  });
});

describe("refused", () => {
  const expected = '"text": expected the 77 symbols that the interrupted run was on, got';

  test.each([
    ["a shorter text", TEXT.slice(1), `${expected} 76 others`],
    ["a longer text", `${TEXT}s`, `${expected} 78 others`],
    ["two symbols swapped", TEXT.replace("quick", "quikc"), `${expected} 77 others`],
    ["the same symbols backwards", [...TEXT].toReversed().join(""), `${expected} 77 others`],
  ])("another text: %s", async (_, text, message) => {
    const whole = await uninterrupted({ model: {}, fit: streams });
    const model = await CharRNN.load((whole.snapshots[2] as { bytes: Uint8Array }).bytes);
    const before = bitsOf(model.network.stateDict());
    await expectError(() => model.fit(text, { resume: true }), RangeError, message);
    expect(bitsOf(model.network.stateDict())).toEqual(before);
    expectSameRun({ model, history: await model.fit(TEXT, { resume: true }) }, whole, "with the right text after it");
  });

  test.each([
    ["batching", { batching: "streams" }],
    ["sequenceLength", { sequenceLength: 5 }],
    ["batchSize", { batchSize: 2 }],
    ["stride", { stride: 1 }],
    ["shuffle", { shuffle: true }],
    ["optimizer", { optimizer: "sgd" }],
    ["learningRate", { learningRate: 0.01 }],
    ["maxGradNorm", { maxGradNorm: 1 }],
    ["maxGradValue", { maxGradValue: 1 }],
    ["validation", { validation: 0.25 }],
    ["earlyStopping", { earlyStopping: { patience: 1 } }],
  ] satisfies [string, FitOptions][])("another %s", async (key, options) => {
    const { snapshots } = await uninterrupted({ model: {}, fit: { ...windows, epochs: 1 } });
    const model = await CharRNN.load((snapshots[0] as { bytes: Uint8Array }).bytes);
    const message = `"${key}": a resumed run has its own, and takes none`;
    await expectError(() => model.fit(TEXT, { resume: true, ...options }), RangeError, message);
  });

  test("no training state", async () => {
    const model = await createModel({});
    const message = "there is no training state: this model was never trained, nor saved with one";
    await expectError(() => model.fit(TEXT, { resume: true }), RangeError, message);
    await model.fit(TEXT, streams);
    const loaded = await CharRNN.load(model.save());
    await expectError(() => loaded.fit(TEXT, { resume: true }), RangeError, message);
  });

  test("an unknown symbol in the text", async () => {
    const { snapshots } = await uninterrupted({ model: {}, fit: { ...windows, epochs: 1 } });
    const model = await CharRNN.load((snapshots[0] as { bytes: Uint8Array }).bytes);
    await expect(model.fit(`${TEXT}?`, { resume: true })).rejects.toMatchObject({ symbol: "?", offset: 77 });
  });
});
