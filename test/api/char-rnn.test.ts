import { describe, expect, test } from "vitest";
import {
  CharRNN,
  type CharRNNOptions,
  type FitOptions,
  RnnError,
  UnknownSymbolError,
  Vocabulary,
} from "../../src/index.js";
import { expectError } from "./expect-error.js";

const TEXT = "abcab cabca bcabc";
const vocabulary = Vocabulary.fromText(TEXT);
const model = await CharRNN.create({ vocabulary, cell: "rnn", hiddenSize: 3, numLayers: 1 });

/** A text in pieces; `closed` says whether its reader let go of it. */
function inPieces(...pieces: unknown[]) {
  const source = {
    closed: false,
    async *[Symbol.asyncIterator]() {
      try {
        yield* pieces as string[];
      } finally {
        source.closed = true;
      }
    },
  };
  return source;
}

describe("CharRNN.create", () => {
  test.each([
    [{ vocabulary, hiddenSize: 0 }, RangeError, '"hiddenSize": expected an integer ≥ 1, got 0'],
    [{ vocabulary, hiddenSize: -1 }, RangeError, '"hiddenSize": expected an integer ≥ 1, got -1'],
    [{ vocabulary, hiddenSize: 1.5 }, RangeError, '"hiddenSize": expected an integer ≥ 1, got 1.5'],
    [{ vocabulary, hiddenSize: "25" }, TypeError, '"hiddenSize": expected an integer ≥ 1, got "25"'],
    [{ vocabulary, hiddenSize: Number.NaN }, RangeError, '"hiddenSize": expected an integer ≥ 1, got NaN'],
    [{ vocabulary, numLayers: 0 }, RangeError, '"numLayers": expected an integer from 1 to 1024, got 0'],
    [{ vocabulary, cell: "elman" }, RangeError, '"cell": expected "rnn", "gru" or "lstm", got "elman"'],
    [{ vocabulary: ["a"] }, TypeError, '"vocabulary": expected a Vocabulary or a text, got an Array'],
    [{}, TypeError, '"vocabulary": expected a Vocabulary or a text, got undefined'],
    [
      { vocabulary, inputSize: 3 },
      TypeError,
      'CharRNN.create: unknown option "inputSize", expected "nonlinearity", "dropout", "seed", "initialization", ' +
        '"numerics", "threads", "createWorker", "vocabulary", "cell", "hiddenSize" or "numLayers"',
    ],
  ])("%o", async (options, Class, message) => {
    await expectError(() => CharRNN.create(options as CharRNNOptions), Class, message);
  });

  test("an empty text as vocabulary is an error that names the option", async () => {
    const message = '"vocabulary": expected at least one symbol, got ""';
    await expectError(() => CharRNN.create({ vocabulary: "" }), RangeError, message);
  });
});

describe("predict and evaluate", () => {
  const needed = (count: number, T: number, got: number) =>
    `"text": expected at least ${count} symbols for sequenceLength ${T}, got ${got}`;

  test("a text that is too short", async () => {
    await expectError(() => model.predict("", { sequenceLength: 1 }), RangeError, needed(2, 1, 0));
    await expectError(() => model.predict("abcab", { sequenceLength: 5 }), RangeError, needed(6, 5, 5));
    expect(model.predict("abcabc", { sequenceLength: 5 })).toHaveLength(5);
    const message = (got: number) => `"text": expected at least 2 symbols for an evaluation, got ${got}`;
    await expectError(() => model.evaluate(""), RangeError, message(0));
    await expectError(() => model.evaluate("a"), RangeError, message(1));
    expect(model.evaluate("ab").loss).toBeGreaterThan(0);
  });

  test("a symbol that is not in the vocabulary: which, and where", async () => {
    const calls = [
      (text: string) => model.predict(text, { sequenceLength: 2 }),
      (text: string) => model.evaluate(text),
    ];
    for (const call of calls) {
      const error = await expectError(
        () => call("ab\ncab?"),
        UnknownSymbolError,
        '"\\n" at offset 2 is not in the vocabulary',
      );
      expect(error).toBeInstanceOf(RnnError);
      expect([error.name, error.code, error.symbol, error.offset]).toEqual([
        "UnknownSymbolError",
        "ERR_UNKNOWN_SYMBOL",
        "\n",
        2,
      ]);
      await expectError(() => call("abc😀"), UnknownSymbolError, '"😀" at offset 3 is not in the vocabulary');
    }
  });

  test("wrong types and values", async () => {
    const text = 5 as unknown as string;
    await expectError(() => model.evaluate(text), TypeError, '"text": expected a text, got 5');
    await expectError(() => model.predict(text, { sequenceLength: 1 }), TypeError, '"text": expected a text, got 5');
    const message = (got: string) => `"sequenceLength": expected an integer ≥ 1, got ${got}`;
    await expectError(() => model.predict(TEXT, { sequenceLength: 0 }), RangeError, message("0"));
    await expectError(() => model.predict(TEXT, {} as { sequenceLength: number }), TypeError, message("undefined"));
    await expectError(
      () => model.predict(TEXT, { sequenceLength: 2, T: 2 } as { sequenceLength: number }),
      TypeError,
      'options: unknown option "T", expected "sequenceLength"',
    );
  });
});

describe("the text of fit", () => {
  const window = (count: number, T: number, rest: string) =>
    `"text": expected at least ${count} symbols for one window of sequenceLength ${T}${rest}`;

  test.each([
    ["", {}, window(2, 1, ", got 0")],
    ["a", {}, window(2, 1, ", got 1")],
    ["abcab", { batching: "windows", sequenceLength: 5 }, window(6, 5, ", got 5")],
    [
      "abcabcabca",
      { batching: "windows", sequenceLength: 5, validation: 0.5 },
      window(6, 5, " beside the 5 held out, got 5"),
    ],
    [
      "abcabcabcabc",
      { batching: "windows", sequenceLength: 5, validation: 0.25 },
      '"validation": expected at least 6 symbols to be held out, got 3',
    ],
    [
      TEXT,
      { batching: "windows", sequenceLength: 5, validation: "abcab" },
      '"validation": expected at least 6 symbols to be held out, got 5',
    ],
    [
      TEXT,
      { batching: "streams", batchSize: 2, sequenceLength: 2, validation: "ab" },
      '"validation": expected at least 3 symbols to be held out, got 2',
    ],
  ] as [string, FitOptions, string][])("%o with %o", async (text, options, message) => {
    await expectError(() => model.fit(text, { epochs: 1, ...options }), RangeError, message);
  });

  test("too short for the streams: the message says how long it is", async () => {
    // 2 · 5 + 1 symbols would do for one chunk of each stream.
    const options = { batching: "streams", batchSize: 2, sequenceLength: 5, validation: TEXT } as const;
    await expectError(
      () => model.fit("abcabcabca", options),
      RangeError,
      '"text": expected at least 11 symbols for 2 streams of sequenceLength 5, got 10',
    );
  });

  test("a text that fills one chunk of each stream can be trained on", async () => {
    const text = "abcabcabcabc";
    const history = await model.fit(text, { batching: "streams", batchSize: 2, sequenceLength: 5, epochs: 1 });
    expect(history.stopped).toBe("finished");
  });

  test.each([2, 11, 12, 2000, 2001, 2501, 5000, 5001])("%i symbols and no options about batching", async (length) => {
    const text = "abc".repeat(length).slice(0, length);
    const history = await model.fit(text, { epochs: 1 });
    expect(history.stopped).toBe("finished");
    expect(Number.isFinite(history.epochs[0]?.loss)).toBe(true);
  });

  test("a symbol that is not in the vocabulary: which, and where", async () => {
    await expectError(() => model.fit("abcab#cab"), UnknownSymbolError, '"#" at offset 5 is not in the vocabulary');
    await expectError(
      () => model.fit(TEXT, { validation: "ab#" }),
      UnknownSymbolError,
      '"#" at offset 2 is not in the vocabulary',
    );
    // Offsets count from the start of the text, also when it comes in pieces.
    const pieces = inPieces("abc", "ab\ud83d", "\ude00c", "abc");
    await expectError(() => model.fit(pieces), UnknownSymbolError, '"😀" at offset 5 is not in the vocabulary');
    expect(pieces.closed).toBe(true);
  });

  test("a text in pieces is as good as a whole one, and must be of strings", async () => {
    const options = { batching: "windows", sequenceLength: 5, epochs: 2 } as const;
    const train = async (text: string | AsyncIterable<string>) => {
      const fresh = await CharRNN.create({ vocabulary, cell: "rnn", hiddenSize: 3, seed: 1 });
      return (await fresh.fit(text, options)).epochs.map(({ loss }) => loss);
    };
    expect(await train(inPieces(TEXT.slice(0, 3), "", TEXT.slice(3)))).toEqual(await train(TEXT));

    await expectError(() => model.fit(inPieces("ab", 3)), TypeError, '"piece": expected a string, got 3');
    const expected = "a text or an async iterable of texts";
    for (const [text, got] of [
      [undefined, "undefined"],
      [["ab"], "an Array"],
    ]) {
      const given = text as unknown as string;
      await expectError(() => model.fit(given), TypeError, `"text": expected ${expected}, got ${got}`);
    }
    await expectError(() => model.fit(inPieces(), {}), RangeError, window(2, 1, ", got 0"));
  });
});

describe("the options of fit", () => {
  const rate = (got: string) =>
    `"learningRate": expected a finite number > 0 or a schedule { type, learningRate, … }, got ${got}`;
  const whole = (name: string, got: string) => `"${name}": expected an integer ≥ 1, got ${got}`;
  const constant = { type: "constant", learningRate: 0.1 };

  test.each([
    [
      { epoch: 3 },
      TypeError,
      'options: unknown option "epoch", expected "batching", "sequenceLength", "batchSize", "stride", "shuffle", ' +
        '"epochs", "optimizer", "learningRate", "maxGradNorm", "maxGradValue", "validation", "earlyStopping", "resume", ' +
        '"signal", "onStep" or "onEpoch"',
    ],
    [{ batching: "stream" }, RangeError, '"batching": expected "windows" or "streams", got "stream"'],
    [{ sequenceLength: 0 }, RangeError, whole("sequenceLength", "0")],
    [{ sequenceLength: "10" }, TypeError, whole("sequenceLength", '"10"')],
    [{ batchSize: 0 }, RangeError, '"batchSize": expected an integer ≥ 1 or "full", got 0'],
    [{ batchSize: "all" }, RangeError, '"batchSize": expected an integer ≥ 1 or "full", got "all"'],
    [{ batchSize: true }, TypeError, '"batchSize": expected an integer ≥ 1 or "full", got true'],
    [
      { batching: "streams", batchSize: "full" },
      RangeError,
      '"batchSize": expected an integer ≥ 1 with streams, got "full"',
    ],
    [{ batching: "streams", stride: 2 }, RangeError, '"stride": only batching "windows" takes it'],
    [{ batching: "streams", shuffle: true }, RangeError, '"shuffle": only batching "windows" takes it'],
    [{ stride: 0 }, RangeError, whole("stride", "0")],
    [{ shuffle: 1 }, TypeError, '"shuffle": expected true or false, got 1'],
    [{ epochs: 0 }, RangeError, whole("epochs", "0")],
    [{ epochs: 1.5 }, RangeError, whole("epochs", "1.5")],
    [
      { optimizer: "adagrad" },
      RangeError,
      '"optimizer": expected "adam", "adamw", "rmsprop" or "sgd" or an object ' +
        '{ type: "adam", "adamw", "rmsprop" or "sgd", … }, got "adagrad"',
    ],
    [
      { optimizer: { type: "adagrad" } },
      TypeError,
      '"optimizer": expected "adam", "adamw", "rmsprop" or "sgd" or an object ' +
        '{ type: "adam", "adamw", "rmsprop" or "sgd", … }, got an object',
    ],
    [
      { optimizer: { type: "sgd", momentum: 1 } },
      RangeError,
      '"momentum": expected a finite number ≥ 0 and < 1, got 1',
    ],
    [{ learningRate: 0 }, RangeError, rate("0")],
    [{ learningRate: -1 }, RangeError, rate("-1")],
    [{ learningRate: Number.NaN }, RangeError, rate("NaN")],
    [{ learningRate: Infinity }, RangeError, rate("Infinity")],
    [{ learningRate: "0.1" }, TypeError, rate('"0.1"')],
    [{ learningRate: { learningRate: 0.1 } }, TypeError, rate("an object")],
    [
      { learningRate: { type: "constant", learningRate: 0 } },
      RangeError,
      '"learningRate": expected a finite number > 0, got 0',
    ],
    [
      { learningRate: { type: "warm", learningRate: 0.1 } },
      RangeError,
      '"type": expected "constant", "step", "exponential", "cosine" or "linear", got "warm"',
    ],
    [
      { learningRate: { ...constant, gamma: 0.5 } },
      TypeError,
      'learningRate: unknown option "gamma", expected "type", "learningRate", "warmup", "factor", "every", "after" or ' +
        '"finalFraction"',
    ],
    [{ learningRate: { ...constant, warmup: -1 } }, RangeError, '"warmup": expected an integer ≥ 0, got -1'],
    [
      { learningRate: { ...constant, factor: 1.5 } },
      RangeError,
      // Both bounds, whichever was crossed.
      '"factor": expected a finite number > 0 and ≤ 1, got 1.5',
    ],
    [{ learningRate: { ...constant, every: 0 } }, RangeError, whole("every", "0")],
    [{ learningRate: { ...constant, after: 0 } }, RangeError, whole("after", "0")],
    [
      { learningRate: { ...constant, finalFraction: 2 } },
      RangeError,
      '"finalFraction": expected a finite number from 0 to 1, got 2',
    ],
    [{ maxGradNorm: 0 }, RangeError, '"maxGradNorm": expected a finite number > 0, got 0'],
    [{ maxGradValue: -5 }, RangeError, '"maxGradValue": expected a finite number > 0, got -5'],
    [{ validation: 0 }, RangeError, '"validation": expected a finite number > 0 and < 1 or a text, got 0'],
    [{ validation: 1 }, RangeError, '"validation": expected a finite number > 0 and < 1 or a text, got 1'],
    [{ validation: true }, TypeError, '"validation": expected a finite number > 0 and < 1 or a text, got true'],
    [{ earlyStopping: 3 }, TypeError, '"earlyStopping": expected an object, got 3'],
    [{ earlyStopping: {} }, TypeError, whole("patience", "undefined")],
    [{ earlyStopping: { patience: 0 } }, RangeError, whole("patience", "0")],
    [{ earlyStopping: { patience: 1, minDelta: -1 } }, RangeError, '"minDelta": expected a finite number ≥ 0, got -1'],
    [
      { earlyStopping: { patience: 1, delta: 1 } },
      TypeError,
      'earlyStopping: unknown option "delta", expected "patience" or "minDelta"',
    ],
    [{ resume: 1 }, TypeError, '"resume": expected true or false, got 1'],
    [{ signal: {} }, TypeError, '"signal": expected an AbortSignal, got an object'],
    [{ onStep: 1 }, TypeError, '"onStep": expected a function, got 1'],
    [{ onEpoch: "log" }, TypeError, '"onEpoch": expected a function, got "log"'],
  ])("%o", async (options, Class, message) => {
    const before = model.network.stateDict();
    await expectError(() => model.fit(TEXT, options as FitOptions), Class, message);
    await expectError(
      async () => {
        for await (const _ of model.train(TEXT, options as FitOptions)) break;
      },
      Class,
      message,
    );
    expect(model.network.stateDict()).toEqual(before);
  });

  test("an optimizer's learning rate is the run's: one of its own is an unknown option", async () => {
    const optimizer = { type: "sgd", learningRate: 5 } as unknown as "sgd";
    await expect(model.fit(TEXT, { epochs: 1, optimizer })).rejects.toThrow('unknown option "learningRate"');
  });

  test.each([
    [null, "null"],
    [7, "7"],
  ])("%o instead of options", async (options, got) => {
    const given = options as unknown as FitOptions;
    await expectError(() => model.fit(TEXT, given), TypeError, `"options": expected an object, got ${got}`);
  });
});
