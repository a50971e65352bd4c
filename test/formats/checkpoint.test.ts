import { describe, expect, test } from "vitest";
import { CharRNN, type CharRNNOptions, CheckpointError, type FitOptions, Vocabulary } from "../../src/index.js";
import { expectError } from "../api/expect-error.js";
import { bitsOf } from "../lab.js";
import { type Entry, edited, editedJSON, openFile, textOf } from "./files.js";

const TEXT = "abcab cabca bcabc\nabc";

const small = { vocabulary: TEXT, cell: "gru", hiddenSize: 3, numLayers: 2, seed: 5 } as const;
const streams: FitOptions = {
  batching: "streams",
  sequenceLength: 3,
  batchSize: 2,
  epochs: 3,
  learningRate: 0.01,
  validation: 0.3,
  earlyStopping: { patience: 5 },
};

async function trained(create: Partial<CharRNNOptions> = {}, options: FitOptions = streams): Promise<CharRNN> {
  const model = await CharRNN.create({ ...small, ...create });
  await model.fit(TEXT, options);
  return model;
}

/** All that can be asked of a model. */
function behaviour(model: CharRNN, text = TEXT) {
  return {
    config: model.network.config,
    vocabulary: model.vocabulary.toJSON(),
    weights: bitsOf(model.network.stateDict()),
    prediction: model.predict(text, { sequenceLength: 4 }),
    evaluation: model.evaluate(text),
  };
}

describe("save and load", () => {
  test.each([
    { cell: "rnn" },
    { cell: "rnn", nonlinearity: "relu", numLayers: 1, numerics: "reproducible" },
    { cell: "gru", dropout: 0.25 },
    { cell: "lstm", numLayers: 3 },
    { cell: "lstm", initialization: { range: 0.08, forgetBias: 1 }, seed: 2 ** 32 - 1 },
  ] satisfies Partial<CharRNNOptions>[])("%o", async (create) => {
    for (const training of [false, true]) {
      const model = await trained(create);
      const bytes = model.save({ training });
      const loaded = await CharRNN.load(bytes);
      expect(textOf(loaded.save({ training }))).toBe(textOf(bytes));
      expect(behaviour(loaded)).toEqual(behaviour(model));
    }
  });

  test("weights that are not finite", async () => {
    const model = await CharRNN.create(small);
    const weights = model.network.stateDict();
    weights["fc.bias"]?.data.set([NaN, Infinity, -Infinity, -0, 2 ** -149]);
    model.network.loadStateDict(weights);
    const loaded = await CharRNN.load(model.save());
    expect(bitsOf(loaded.network.stateDict())).toEqual(bitsOf(model.network.stateDict()));
  });

  const vocabularies: [string, Vocabulary, string][] = [
    ["half pairs", Vocabulary.fromText("a\ud800b\udc00\ud83d\ude00 a"), "\udc00\ud800ab\ud800"],
    ["graphemes", Vocabulary.fromText("e\u0301 👩‍👩‍👧 \r\n 각", { unit: "grapheme" }), "각👩‍👩‍👧\r\ne\u0301 "],
    ["bytes", Vocabulary.fromText("é한😀\u0000", { unit: "byte" }), "한é\u0000😀"],
    ["an unknown symbol", Vocabulary.fromText("abc", { unknown: "<unk>" }), "axbyc"],
    ["names of Object.prototype", Vocabulary.fromSymbols(["__proto__", "a", "b"], { unknown: "__proto__" }), "abba?"],
    ["quotes and controls", Vocabulary.fromText('"\\\u2028\u0000\u007f\ufeff'), '\ufeff"\\\u2028\u0000'],
  ];
  test.each(vocabularies)("a vocabulary with %s", async (_, vocabulary, text) => {
    const model = await CharRNN.create({ ...small, vocabulary });
    const bytes = model.save();
    const loaded = await CharRNN.load(bytes);
    expect(textOf(loaded.save())).toBe(textOf(bytes));
    expect(loaded.vocabulary.encode(text)).toEqual(vocabulary.encode(text));
    expect(behaviour(loaded, text)).toEqual(behaviour(model, text));
  });

  test("the file of a saved training state has the plain file's tensors", async () => {
    const model = await trained();
    const [plain, full] = [openFile(model.save()), openFile(model.save({ training: true }))];
    expect(Object.keys(full.entries).filter((name) => !name.startsWith("training."))).toEqual(
      Object.keys(plain.entries),
    );
    expect(Object.keys(plain.metadata)).toEqual(["format", "version", "config", "vocabulary"]);
    expect(plain.metadata).toMatchObject({ format: "rnn-wasm", version: "1" });
    const prefixes = Object.keys(full.entries).map((name) => /^training\.([a-z]+\d?)\./.exec(name)?.[1]);
    expect([...new Set(prefixes)]).toEqual([undefined, "moment0", "moment1", "best", "last", "state"]);
  });

  test("a Buffer of Node, and bytes in the middle of others", async () => {
    const model = await CharRNN.create(small);
    const bytes = model.save();
    for (const given of [Buffer.from(bytes), Buffer.concat([Buffer.alloc(3), bytes]).subarray(3)]) {
      expect(textOf((await CharRNN.load(given)).save())).toBe(textOf(bytes));
    }
  });

  test("a training state is only there after a training", async () => {
    const model = await CharRNN.create(small);
    const message = "there is no training state: this model was never trained, nor saved with one";
    await expectError(() => model.save({ training: true }), RangeError, message);
  });

  test("a run by a clock that stands still can be saved", async () => {
    const { now } = performance;
    performance.now = () => 1;
    try {
      const bytes = (await trained()).save({ training: true });
      expect(textOf((await CharRNN.load(bytes)).save({ training: true }))).toBe(textOf(bytes));
    } finally {
      performance.now = now;
    }
  });
});

const model = await CharRNN.create(small);
const plain = model.save();
const withTraining = (await trained()).save({ training: true });
// Neither carries a state nor stops early.
const windows: FitOptions = { batching: "windows", sequenceLength: 3, batchSize: 4, epochs: 2, learningRate: 0.01 };
const ofWindows = (await trained({}, windows)).save({ training: true });

/** Another shape for a tensor, with as many bytes. */
function reshape(name: string, shape: readonly number[]) {
  return edited(plain, ({ entries }) => {
    (entries[name] as Entry).shape = shape;
  });
}

/** A file without a tensor and its bytes. */
function without(bytes: Uint8Array, name: string) {
  return edited(bytes, (file) => {
    const [begin, end] = (file.entries[name] as Entry).data_offsets as [number, number];
    delete file.entries[name];
    for (const entry of Object.values(file.entries)) {
      const offsets = entry.data_offsets as [number, number];
      if (offsets[0] >= end) entry.data_offsets = offsets.map((offset) => offset - (end - begin));
    }
    file.data = Uint8Array.of(...file.data.subarray(0, begin), ...file.data.subarray(end));
  });
}

/** A file with one more tensor, of one number. */
function withTensor(bytes: Uint8Array, name: string) {
  return edited(bytes, (file) => {
    const end = file.data.length;
    const tensor = { dtype: "F32", shape: [1], data_offsets: [end, end + 4] };
    file.entries = Object.fromEntries([...Object.entries(file.entries), [name, tensor]]);
    file.data = Uint8Array.of(...file.data, 0, 0, 0, 0);
  });
}

const config = (change: object) => editedJSON(plain, "config", (json) => ({ ...json, ...change }));
const vocabulary = (change: object) => editedJSON(plain, "vocabulary", (json) => ({ ...json, ...change }));
const state = (change: object) => editedJSON(withTraining, "training", (json) => ({ ...json, ...change }));
const drop = (bytes: Uint8Array, key: string) => edited(bytes, ({ metadata }) => void delete metadata[key]);
const set = (bytes: Uint8Array, key: string, text: string) =>
  edited(bytes, ({ metadata }) => {
    metadata[key] = text;
  });
const nested = `${"[".repeat(1e5)}${"]".repeat(1e5)}`;

const FOREIGN =
  'this safetensors file has no "format": "rnn-wasm" in its metadata; its tensors can be given to Network.loadStateDict';

describe("files that are none of this library's", () => {
  test.each([
    ["no format", drop(plain, "format"), FOREIGN],
    ["another format", set(plain, "format", "pt"), FOREIGN],
    ["a newer version", set(plain, "version", "2"), "the model file is of version 2, and this library reads 1"],
    ["no version", drop(plain, "version"), "the model file is of version undefined, and this library reads 1"],
    ["no config", drop(plain, "config"), 'the model file has no "config" in its metadata'],
    ["no vocabulary", drop(plain, "vocabulary"), 'the model file has no "vocabulary" in its metadata'],
    ["a config that is null", set(plain, "config", "null"), /^the model file's config: "cell": expected "rnn", /],
    [
      "a config that is a text",
      set(plain, "config", '"x"'),
      /^the model file's config: Network.create: unknown option "0"/,
    ],
    ["a config that is no JSON", set(plain, "config", "{"), /^the model file's config: ./],
    ["a config nested deeply", set(plain, "config", nested), /^the model file's config: /],
    ["a vocabulary that is null", set(plain, "vocabulary", "null"), /^the model file's vocabulary: /],
    ["a vocabulary nested deeply", set(plain, "vocabulary", nested), /^the model file's vocabulary: /],
    ["a training state nested deeply", set(withTraining, "training", nested), /^the model file's training: /],
  ])("%s", async (_, bytes, message) => {
    await expectRefused(bytes, message);
  });
});

describe("a config that lies", () => {
  const tensor = (shape: string, got: string, name = "rnn.weight_ih_l0") =>
    `tensor "${name}": expected shape ${shape}, got ${got}`;
  test.each([
    [{ hiddenSize: 1e6 }, tensor("(3000000, 5)", "(9, 5)")],
    [{ hiddenSize: 2 }, tensor("(6, 5)", "(9, 5)")],
    [{ hiddenSize: 0 }, `the model file's config: "hiddenSize": expected an integer ≥ 1, got 0`],
    [{ hiddenSize: 3.5 }, `the model file's config: "hiddenSize": expected an integer ≥ 1, got 3.5`],
    [{ hiddenSize: "3" }, `the model file's config: "hiddenSize": expected an integer ≥ 1, got "3"`],
    [{ hiddenSize: 2 ** 53 - 1 }, tensor("(27021597764222972, 5)", "(9, 5)")],
    [{ numLayers: 1e9 }, `the model file's config: "numLayers": expected an integer from 1 to 1024, got 1000000000`],
    [{ numLayers: 1024 }, 'tensor "rnn.weight_ih_l2" is missing'],
    [{ numLayers: 1 }, `tensor "rnn.weight_ih_l1" is none of this network's`],
    [{ cell: "x" }, `the model file's config: "cell": expected "rnn", "gru" or "lstm", got "x"`],
    [{ cell: "lstm" }, tensor("(12, 5)", "(9, 5)")],
    [
      { nonlinearity: "relu" },
      `the model file's config: "nonlinearity": only cell "rnn" has a choice, and the cell is "gru"`,
    ],
    [{ dropout: 1 }, `the model file's config: "dropout": expected a finite number ≥ 0 and < 1, got 1`],
    [{ seed: -1 }, `the model file's config: "seed": expected an integer from 0 to 4294967295, got -1`],
    [{ numerics: null }, `the model file's config: "numerics": expected "fast" or "reproducible", got null`],
    [
      { initialization: { forgetBias: 1 } },
      `the model file's config: "forgetBias": only cell "lstm" has one, and the cell is "gru"`,
    ],
    [{ heads: 8 }, /^the model file's config: Network.create: unknown option "heads", expected "cell", /],
  ])("%o", async (change, message) => {
    await expectRefused(config(change), message);
  });

  test("its key __proto__ is an unknown option too", async () => {
    const { metadata } = openFile(plain);
    const text = (metadata.config as string).replace("{", '{"__proto__":{"hiddenSize":1},');
    await expectRefused(
      set(plain, "config", text),
      /^the model file's config: Network.create: unknown option "__proto__"/,
    );
  });
});

describe("a vocabulary that lies", () => {
  test.each([
    [{ symbols: [] }, `the model file's vocabulary: "symbols": expected at least one symbol, got []`],
    [
      { symbols: ["a", "a"] },
      `the model file's vocabulary: "symbols[1]": expected a symbol other than those before it, got "a"`,
    ],
    [{ symbols: ["ab"] }, `the model file's vocabulary: "symbols[0]": expected one code point, got "ab"`],
    [{ symbols: "abc" }, `the model file's vocabulary: "symbols": expected an array of strings, got "abc"`],
    [{ symbols: [1] }, `the model file's vocabulary: "symbols[0]": expected one code point, got 1`],
    [{ symbols: ["a", "b"] }, 'tensor "rnn.weight_ih_l0": expected shape (9, 2), got (9, 5)'],
    [{ unit: "word" }, `the model file's vocabulary: "unit": expected "codePoint", "grapheme" or "byte", got "word"`],
    [{ unknown: "z" }, `the model file's vocabulary: "unknown": expected one of the symbols, got "z"`],
    [{ minCount: 2 }, /^the model file's vocabulary: vocabulary: unknown option "minCount"/],
  ])("%o", async (change, message) => {
    await expectRefused(vocabulary(change), message);
  });
});

describe("tensors", () => {
  test.each([
    ["missing", without(plain, "fc.bias"), 'tensor "fc.bias" is missing'],
    ["extra", withTensor(plain, "fc.bias2"), `tensor "fc.bias2" is none of this network's`],
    ["__proto__", withTensor(plain, "__proto__"), `tensor "__proto__" is none of this network's`],
    ["of another rank", reshape("fc.bias", [5, 1]), 'tensor "fc.bias": expected shape (5), got (5, 1)'],
    ["transposed", reshape("fc.weight", [3, 5]), 'tensor "fc.weight": expected shape (5, 3), got (3, 5)'],
    [
      "of a training state that is missing",
      drop(withTraining, "training"),
      /^tensor "training.moment0.rnn.weight_ih_l0" belongs to/,
    ],
    [
      "of a training state, in a plain file",
      withTensor(plain, "training.x"),
      'tensor "training.x" belongs to a training state that is missing',
    ],
  ])("%s", async (_, bytes, message) => {
    await expectRefused(bytes, message);
  });
});

describe("a training state", () => {
  const said = "the model file's training: ";
  const carried = "the training state lacks a carried state against its options";
  const options = (change: object) =>
    editedJSON(withTraining, "training", (json) => void Object.assign(json.options, change));
  const epoch = (change: object) =>
    editedJSON(withTraining, "training", (json) => void Object.assign(json.epochs[0], change));
  test.each([
    [
      "without its tensors",
      set(plain, "training", openFile(withTraining).metadata.training as string),
      'tensor "rnn.weight_ih_l0" is missing',
    ],
    ["without one moment", without(withTraining, "training.moment1.fc.bias"), 'tensor "fc.bias" is missing'],
    ["without one best weight", without(withTraining, "training.best.fc.bias"), 'tensor "fc.bias" is missing'],
    [
      "without its carried state",
      without(withTraining, "training.state.h"),
      'the carried state is not that of cell "gru"',
    ],
    [
      "with a carried cell",
      withTensor(withTraining, "training.state.c"),
      'the carried state is not that of cell "gru"',
    ],
    [
      "with more of a carried state",
      withTensor(withTraining, "training.state.x"),
      'the carried state is not that of cell "gru"',
    ],
    ["with one more tensor", withTensor(withTraining, "training.x"), `tensor "x" is none of a training state's`],
    [
      "with a tensor __proto__",
      withTensor(withTraining, "training.__proto__"),
      `tensor "__proto__" is none of a training state's`,
    ],
    [
      "with a best weight __proto__",
      withTensor(withTraining, "training.best.__proto__"),
      `tensor "__proto__" is none of this network's`,
    ],
    [
      "with fewer moments than tensors",
      state({ optimizer: { steps: 3, moments: 1 } }),
      `tensor "moment1.rnn.weight_ih_l0" is none of a training state's`,
    ],
    [
      "with more moments than tensors",
      state({ optimizer: { steps: 3, moments: 3 } }),
      `${said}"moments": expected an integer from 0 to 2, got 3`,
    ],
    ["that says it carries nothing", state({ carriesState: false }), carried],
    [
      "of windows that carries a state",
      options({ batching: "windows" }),
      "the training state has a carried state against its options",
    ],
    ["without its best epoch", state({ best: undefined }), "the training state lacks best weights against its options"],
    [
      "with a best epoch that nobody asked for",
      options({ earlyStopping: undefined }),
      "the training state has best weights against its options",
    ],
    [
      "of more streams than it carries",
      options({ batchSize: 3 }),
      `${said}"state.h": expected shape (2, 3, 3), got (2, 2, 3)`,
    ],
    [
      "of a full batch of streams",
      options({ batchSize: "full" }),
      `${said}"batchSize": expected an integer ≥ 1 with streams, got "full"`,
    ],
    ["without a step", state({ step: undefined }), `${said}"step": expected an integer ≥ 0, got undefined`],
    ["with a negative step", state({ step: -1 }), `${said}"step": expected an integer ≥ 0, got -1`],
    ["without options", state({ options: undefined }), `${said}"options": expected an object, got undefined`],
    ["with other options", options({ momentum: 1 }), /^the model file's training: options: unknown option "momentum"/],
    ["without epochs", options({ epochs: undefined }), `${said}"epochs": expected a value, got undefined`],
    ["with no end of epochs", options({ epochs: 0 }), `${said}"epochs": expected an integer ≥ 1, got 0`],
    [
      "with an epoch that is null",
      state({ epochs: [null] }),
      /^the model file's training: "epoch": expected an object, got null/,
    ],
    ["with a loss that is null", epoch({ loss: null }), `${said}"loss": expected a finite number, got null`],
    [
      "with a validation that is null",
      epoch({ validationLoss: null }),
      `${said}"validationLoss": expected a number, got null`,
    ],
    [
      "with a speed in words",
      epoch({ symbolsPerSecond: "fast" }),
      `${said}"symbolsPerSecond": expected a number, got "fast"`,
    ],
    [
      "with a fingerprint of 2^32",
      state({ fingerprint: 2 ** 32 }),
      `${said}"fingerprint": expected an integer from 0 to 4294967295, got 4294967296`,
    ],
    ["with an unknown key", state({ more: 1 }), /^the model file's training: training: unknown option "more"/],
    [
      "that is an array",
      set(withTraining, "training", "[]"),
      /^the model file's training: "training": expected an object, got an Array/,
    ],
    [
      "of another cell",
      editedJSON(withTraining, "config", (json) => ({ ...json, cell: "rnn" })),
      /^tensor "rnn.weight_ih_l0": expected shape \(3, 5\), got \(9, 5\)/,
    ],
    [
      "of windows that has best weights",
      editedJSON(ofWindows, "training", (json) => ({ ...json, best: { loss: 1, epoch: 0 } })),
      "the training state has best weights against its options",
    ],
  ])("%s", async (_, bytes, message) => {
    await expectRefused(bytes, message);
  });

  test("of another number of moments than the optimizer's is refused when it is taken up", async () => {
    const loaded = await CharRNN.load(options({ optimizer: { type: "sgd", momentum: 0.5 } }));
    const message = "expected 1 moments of the optimizer, got 2";
    await expectError(() => loaded.fit(TEXT, { resume: true }), CheckpointError, message);
    expect(bitsOf(loaded.network.stateDict())).toEqual(bitsOf((await CharRNN.load(withTraining)).network.stateDict()));
  });

  test.each([
    [{ step: 1000 }, "the training state has 3 epochs after step 1000"],
    [{ step: 1 }, "the training state has 3 epochs after step 1"],
  ])("with %o is refused when it is taken up", async (change, message) => {
    const loaded = await CharRNN.load(state(change));
    await expectError(() => loaded.fit(TEXT, { resume: true }), CheckpointError, message);
  });
});

test("a failed load leaves the models in memory as they were", async () => {
  const before = behaviour(model);
  for (const bytes of [plain.subarray(0, plain.length - 1), config({ hiddenSize: 1e6 }), withTensor(plain, "x")]) {
    await expect(CharRNN.load(bytes)).rejects.toThrow(CheckpointError);
  }
  expect(behaviour(model)).toEqual(before);
  expect(textOf(model.save())).toBe(textOf(plain));
  expect(textOf((await CharRNN.load(plain)).save())).toBe(textOf(plain));
});

test.each([
  [undefined, "undefined"],
  [null, "null"],
  ["text", '"text"'],
  [new ArrayBuffer(8), "an ArrayBuffer"],
  [[1, 2], "an Array"],
])("%o is no file", async (bytes: unknown, got) => {
  const message = `"bytes": expected a Uint8Array, got ${got}`;
  await expectError(() => CharRNN.load(bytes as Uint8Array), TypeError, message);
});

async function expectRefused(bytes: Uint8Array, message: string | RegExp): Promise<void> {
  const error: unknown = await CharRNN.load(bytes).catch((error) => error);
  expect(error).toBeInstanceOf(CheckpointError);
  if (typeof message === "string") expect((error as Error).message).toBe(message);
  else expect((error as Error).message).toMatch(message);
}
