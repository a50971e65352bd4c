import { Worker } from "node:worker_threads";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import * as library from "../../src/index.js";
import { CharRNN, WorkerLostError } from "../../src/worker/index.js";
import { expectError } from "../api/expect-error.js";

/*
 * The worker entry in Node's worker threads, beside the library itself: the same results, and the same errors.
 */

const text = "the quick brown fox jumps over the lazy dog and runs into the dark wood";
const options = { vocabulary: text, cell: "gru", hiddenSize: 12, seed: 3, numerics: "reproducible" } as const;
const fit = { epochs: 4, batchSize: 16, validation: 0.2 } as const;
const open: CharRNN[] = [];

async function create(more: object = {}): Promise<CharRNN> {
  const model = await CharRNN.create({ ...options, ...more });
  open.push(model);
  return model;
}

afterAll(() => {
  for (const model of open) model.terminate();
});

const sleep = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** What does not depend on the time that it took. */
const lossesOf = ({ epochs, ...history }: library.History) => ({
  ...history,
  epochs: epochs.map(({ seconds, symbolsPerSecond, ...record }) => record),
});

describe("the same as on this thread, bit for bit", () => {
  let here: library.CharRNN;
  let there: CharRNN;
  beforeAll(async () => {
    here = await library.CharRNN.create(options);
    there = await create();
    expect(lossesOf(await there.fit(text, fit))).toEqual(lossesOf(await here.fit(text, fit)));
  });

  test("what a page knows without asking", async () => {
    expect(there.network.config).toEqual(here.network.config);
    expect(there.network.parameterCount).toBe(here.network.parameterCount);
    expect(there.vocabulary).toBeInstanceOf(library.Vocabulary);
    expect(there.vocabulary.toJSON()).toEqual(here.vocabulary.toJSON());
    expect(await there.network.stateDict()).toEqual(here.network.stateDict());
  });

  test("files", async () => {
    const bytes = await there.save();
    expect(bytes).toEqual(here.save());
    const copy = await CharRNN.load(bytes);
    open.push(copy);
    expect(bytes.byteLength, "the bytes have moved").toBe(0);
    expect(await copy.save()).toEqual(here.save());
    const part = new Uint8Array([0, ...here.save()]).subarray(1);
    open.push(await CharRNN.load(part));
    expect(part.byteLength, "part of a buffer is copied").toBe(here.save().length);
  });

  test("reading", async () => {
    expect(await there.predict(text, { sequenceLength: 7 })).toBe(here.predict(text, { sequenceLength: 7 }));
    expect(await there.evaluate(text, { prime: "o" })).toEqual(here.evaluate(text, { prime: "o" }));
    expect(await there.rank(["the dog", "eht god"])).toEqual(here.rank(["the dog", "eht god"]));
    expect(await there.score(text)).toEqual(here.score(text));
    expect(await there.activations(text, { layer: 0 })).toEqual(here.activations(text, { layer: 0 }));
  });

  test("writing", async () => {
    const writing = { prime: "the ", length: 40, temperature: 1.5, seed: 7, allowed: /[a-m ]/, stop: "zzz" };
    const written = here.generate(writing);
    expect(await there.generate(writing)).toBe(written);
    const { signal } = new AbortController();
    expect(await there.generate({ ...writing, signal })).toBe(written);
    const several = { ...writing, seed: 2 ** 32 - 2, count: 3, allowed: ["t", "h", "e", " "] };
    expect(await there.generateMany(several)).toEqual(here.generateMany(several));
    expect(await there.generateMany({ ...several, signal })).toEqual(here.generateMany(several));
    expect(await there.beamSearch({ length: 5 })).toEqual(here.beamSearch({ length: 5 }));
    let streamed = "";
    for await (const piece of there.stream(writing)) streamed += piece;
    expect(streamed).toBe(written);
  });

  test("a text in pieces", async () => {
    const inPieces = async function* () {
      for (let i = 0; i < text.length; i += 5) yield text.slice(i, i + 5);
    };
    const scores: library.SymbolScore[] = [];
    for await (const score of there.scoreStream(inPieces(), { alternatives: 1 })) scores.push(score);
    expect(scores).toEqual(here.score(text, { alternatives: 1 }));
    const [one, other] = [await create(), await library.CharRNN.create(options)];
    expect(lossesOf(await one.fit(inPieces(), fit))).toEqual(lossesOf(await other.fit(inPieces(), fit)));
  });

  test("sessions", async () => {
    const [far, near] = [await there.session({ seed: 5 }), here.session({ seed: 5 })];
    await far.feed("the quick ");
    near.feed("the quick ");
    expect(await far.probabilities({ topK: 3 })).toEqual(near.probabilities({ topK: 3 }));
    const [farFork, nearFork] = [await far.fork({ seed: 8 }), near.fork({ seed: 8 })];
    for (let i = 0; i < 5; i++) {
      expect(await far.draw()).toBe(near.draw());
      expect(await farFork.draw({ temperature: 2 })).toBe(nearFork.draw({ temperature: 2 }));
    }
    expect(await far.undo()).toBe(near.undo());
    expect(await far.text).toBe(near.text);
    const saved = await farFork.save();
    expect(saved).toEqual(nearFork.save());
    expect(await (await there.restoreSession(saved)).draw()).toBe(nearFork.draw());
  });

  test("a model for more text", async () => {
    const [far, near] = [await there.extend(["äh", "m"]), await here.extend("ähm")];
    expect(far.vocabulary.symbols).toEqual(near.vocabulary.symbols);
    expect(await far.network.stateDict()).toEqual(near.network.stateDict());
    await there.network.loadStateDict(here.network.stateDict());
  });
});

describe("training", () => {
  test("a loop gets every step, and nothing goes on while it is busy", async () => {
    const model = await create();
    const steps: number[] = [];
    for await (const { step } of model.train(text, fit)) {
      steps.push(step);
      if (step !== 2) continue;
      const { loss } = await model.evaluate(text);
      await sleep(50);
      expect((await model.evaluate(text)).loss).toBe(loss);
    }
    expect(steps).toEqual(Array.from(steps, (_, i) => i));
    expect(steps.length).toBeGreaterThan(10);
  });

  test("leaving the loop ends the run, and another one can begin", async () => {
    const model = await create();
    for await (const { step } of model.train(text, { epochs: 1_000_000 })) if (step === 3) break;
    const { loss } = await model.evaluate(text);
    await sleep(50);
    expect((await model.evaluate(text)).loss).toBe(loss);
    expect((await model.fit(text, { epochs: 1 })).stopped).toBe("finished");
  });

  test("callbacks come in order, the run waits for them, and a file can be saved in them", async () => {
    const model = await create();
    const calls: string[] = [];
    let saved: Uint8Array | undefined;
    await model.fit(text, {
      ...fit,
      epochs: 2,
      async onStep({ step }) {
        calls.push(`step ${step}`);
        await sleep(step === 1 ? 30 : 0);
        calls.push(`after ${step}`);
      },
      async onEpoch({ epoch }) {
        calls.push(`epoch ${epoch}`);
        if (epoch === 0) saved = await model.save({ training: true });
      },
    });
    const steps = calls.filter((call) => call.startsWith("step")).length / 2;
    const expected = [0, 1].flatMap((epoch) => [
      ...Array.from({ length: steps }, (_, i) => epoch * steps + i).flatMap((step) => [
        `step ${step}`,
        `after ${step}`,
      ]),
      `epoch ${epoch}`,
    ]);
    expect(calls).toEqual(expected);
    // The file is from between two epochs: going on from it gives the same bytes.
    const again = await CharRNN.load(saved as Uint8Array);
    open.push(again);
    const { epochs } = await again.fit(text, { resume: true });
    expect(epochs).toHaveLength(2);
    expect(await again.save()).toEqual(await model.save());
  });

  test("what a callback throws ends the run, and comes out of it", async () => {
    const model = await create();
    const mine = new Error("mine");
    const thrown = await model
      .fit(text, {
        onStep() {
          throw mine;
        },
      })
      .catch((error: unknown) => error);
    expect(thrown).toBe(mine);
    expect((await model.fit(text, { epochs: 1 })).stopped).toBe("finished");
  });

  test("a signal ends a run, a text, and a stream", async () => {
    const model = await create();
    const after = (milliseconds: number) => AbortSignal.timeout(milliseconds);
    expect((await model.fit(text, { epochs: 1_000_000, signal: after(30) })).stopped).toBe("aborted");
    const aborted = AbortSignal.abort();
    expect((await model.fit(text, { signal: aborted })).epochs).toEqual([]);
    expect((await model.generate({ length: 1e9, signal: after(50) })).length).toBeGreaterThan(100);
    expect(await model.generate({ length: 1e9, signal: aborted })).toBe("");
    const many = await model.generateMany({ length: 1e9, count: 2, signal: after(50) });
    expect(many.map(({ length }) => length > 0)).toEqual([true, false]);
    let count = 0;
    for await (const _ of model.stream({ length: Infinity, signal: after(50) })) count++;
    expect(count).toBeGreaterThan(100);
  });

  test("so does one that comes right after the call, before the worker has heard of it", async () => {
    const model = await create();
    const abortAfter = <T>(call: (signal: AbortSignal) => T): T => {
      const controller = new AbortController();
      const result = call(controller.signal);
      controller.abort();
      return result;
    };
    const all = async <T>(items: AsyncIterable<T>) => {
      const collected: T[] = [];
      for await (const item of items) collected.push(item);
      return collected;
    };
    const endless = async function* () {
      for (;;) yield text;
    };
    const epochs = 1_000_000;
    const aborted = await abortAfter((signal) => model.fit(text, { epochs, signal }));
    expect(aborted).toMatchObject({ stopped: "aborted", epochs: [] });
    expect(await abortAfter((signal) => all(model.train(text, { epochs, signal })))).toEqual([]);
    expect(await abortAfter((signal) => all(model.stream({ length: Infinity, signal })))).toEqual([]);
    expect(await abortAfter((signal) => all(model.scoreStream(endless(), { signal })))).toEqual([]);
    expect(await abortAfter((signal) => model.generate({ length: 1e9, signal }))).toBe("");
    expect(await abortAfter((signal) => model.generateMany({ length: 1e9, count: 2, signal }))).toEqual(["", ""]);
  });

  test("a stream that is left ends", async () => {
    const model = await create();
    let written = "";
    for await (const symbol of model.stream({ length: Infinity, prime: "the " })) {
      written += symbol;
      if (written.length === 20) break;
    }
    expect(written).toHaveLength(20);
    expect(await model.generate({ length: 20, prime: "the " })).toBe(written);
  });
});

describe("errors arrive as what they are", () => {
  let model: CharRNN;
  beforeAll(async () => {
    model = await create();
  });

  test("of the library", async () => {
    const unknown = await expectError(
      () => model.evaluate("the é"),
      library.UnknownSymbolError,
      '"é" at offset 4 is not in the vocabulary',
    );
    expect(unknown).toMatchObject({ name: "UnknownSymbolError", code: "ERR_UNKNOWN_SYMBOL", symbol: "é", offset: 4 });
    expect(unknown).toBeInstanceOf(library.RnnError);
    expect(unknown.stack).toContain("is not in the vocabulary");
    await expectError(() => create({ hiddenSize: 0 }), RangeError, '"hiddenSize": expected an integer ≥ 1, got 0');
    await expectError(
      () => model.fit(7 as never),
      TypeError,
      '"text": expected a text or an async iterable of texts, got 7',
    );
    await expect(model.fit(text, { epoch: 1 } as never)).rejects.toThrow(/^options: unknown option "epoch"/);
    await expect(CharRNN.load(new Uint8Array(9))).rejects.toBeInstanceOf(library.CheckpointError);
    await expectError(() => CharRNN.load("x" as never), TypeError, '"bytes": expected a Uint8Array, got "x"');
    const diverged = await model
      .fit(text, { optimizer: "sgd", learningRate: 1e60, maxGradNorm: 1e30, epochs: 9 })
      .catch((error: unknown) => error);
    expect(diverged).toBeInstanceOf(library.DivergedError);
    expect((diverged as library.DivergedError).step).toBeGreaterThanOrEqual(0);
    const steps = model.train(text, { epochs: -1 })[Symbol.asyncIterator]();
    await expectError(() => steps.next(), RangeError, '"epochs": expected an integer ≥ 1, got -1');
  });

  test("functions that would have to be called in the worker", async () => {
    const message =
      '"allowed": expected an array of symbols or a RegExp, got a function, which a worker cannot call while it chooses';
    const allowed = (() => true) as never;
    await expectError(() => model.generate({ length: 3, allowed }), TypeError, message);
    await expectError(async () => (await model.session()).draw({ allowed }), TypeError, message);
    await expect(model.fit(text, { onStpe: () => 1 } as never)).rejects.toThrow(TypeError);
  });

  test("a worker that is lost", async () => {
    let worker: Worker | undefined;
    const doomed = await create({
      createWorker(source: string) {
        worker = new Worker(source, { eval: true });
        return worker;
      },
    });
    const session = await doomed.session();
    const run = doomed.fit(text, { epochs: 1_000_000 });
    const writing = doomed.generate({ length: 5 });
    await writing;
    void worker?.terminate();
    const message = "the worker that holds the model is lost: it has ended";
    const lost = await expectError(() => run, WorkerLostError, message);
    expect(lost).toMatchObject({ name: "WorkerLostError", code: "ERR_WORKER_LOST" });
    expect(lost).toBeInstanceOf(library.RnnError);
    await expectError(() => doomed.save(), WorkerLostError, message);
    await expectError(() => session.draw(), WorkerLostError, message);
  });

  test("one that is terminated, or disposed of", async () => {
    const message = "the worker that holds the model is lost: it was terminated";
    const first = await create();
    const run = first.fit(text, { epochs: 1_000_000 });
    setTimeout(() => first.terminate(), 20);
    await expectError(() => run, WorkerLostError, message);
    for (const dispose of [Symbol.dispose, Symbol.asyncDispose] as const) {
      const model = await create();
      await model[dispose]();
      await expectError(() => model.save(), WorkerLostError, message);
    }
  });

  test("one that cannot be started", async () => {
    const broken = () => new Worker("throw new Error('no such file')", { eval: true });
    await expectError(
      () => create({ createWorker: broken }),
      WorkerLostError,
      "the worker that holds the model is lost: it could not be started: no such file",
    );
    await expectError(
      () => create({ createWorker: () => undefined }),
      TypeError,
      '"createWorker": expected a function that returns a Worker, got undefined',
    );
    await expectError(
      () => create({ createWorker: "worker.js" }),
      TypeError,
      '"createWorker": expected a function that returns a Worker, got "worker.js"',
    );
  });
});

test("threads inside of the worker", async () => {
  const model = await create({ threads: 2 });
  const alone = await library.CharRNN.create(options);
  await Promise.all([model.fit(text, fit), alone.fit(text, fit)]);
  expect(await model.network.stateDict()).toEqual(alone.network.stateDict());
});
