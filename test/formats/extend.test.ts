import { describe, expect, test } from "vitest";
import { CharRNN, type CharRNNOptions, Vocabulary } from "../../src/index.js";
import { expectError } from "../api/expect-error.js";
import { bitsOf } from "../lab.js";

const OLD = "hello world, hello world";
const NEW = "halo bird! halo bird!";

const configs = [
  { cell: "rnn", nonlinearity: "relu", seed: 3 },
  { cell: "gru", numLayers: 2, seed: 4, dropout: 0.1 },
  { cell: "lstm", numLayers: 2, initialization: { range: 0.08, forgetBias: 1 } },
] satisfies Partial<CharRNNOptions>[];

describe.each(configs)("%o", (config) => {
  const create = (vocabulary: Vocabulary | string) => CharRNN.create({ ...config, vocabulary, hiddenSize: 5 });

  test("old rows are kept, new ones are those of a fresh network", async () => {
    const model = await create(OLD);
    await model.fit(OLD, { epochs: 2 });
    const before = bitsOf(model.network.stateDict());
    const grown = await model.extend(NEW);

    expect(bitsOf(model.network.stateDict()), "the model itself").toEqual(before);
    expect(grown.vocabulary.symbols).toEqual([...model.vocabulary.symbols, "!", "a", "b", "i"]);
    const V = model.vocabulary.size;
    expect(grown.network.config).toEqual({ ...model.network.config, inputSize: V + 4, outputSize: V + 4 });

    const fresh = bitsOf((await create(grown.vocabulary)).network.stateDict());
    for (const [name, bits] of Object.entries(bitsOf(grown.network.stateDict()))) {
      const [, columns = 1] = shapeOf(grown, name);
      const [knownRows = 0, knownColumns = 1] = shapeOf(model, name);
      const expected = (fresh[name] as number[]).map((drawn, i) => {
        const [row, column] = [Math.floor(i / columns), i % columns];
        const isKnown = row < knownRows && column < knownColumns;
        return isKnown ? before[name]?.[row * knownColumns + column] : drawn;
      });
      expect(bits, name).toEqual(expected);
    }
  });

  test("what it says of the old text does not hang on the new inputs", async () => {
    const model = await create(OLD);
    const grown = await model.extend(NEW);
    const inputs = { data: model.vocabulary.encode(OLD), shape: [1, OLD.length] };
    const { logits, state } = model.network.forward(inputs);
    const after = grown.network.forward(inputs);
    expect(after.state).toEqual(state);
    const V = model.vocabulary.size;
    const known = after.logits.data.filter((_, i) => i % (V + 4) < V);
    expect(known).toEqual(logits.data);
  });

  test("goes on learning, and is saved and loaded as any other", async () => {
    const model = await create(OLD);
    await model.fit(OLD, { epochs: 30 });
    const grown = await model.extend(NEW);
    const before = grown.evaluate(NEW).loss;
    await grown.fit(NEW, { epochs: 100 });
    expect(grown.evaluate(NEW).loss).toBeLessThan(before / 2);
    const loaded = await CharRNN.load(grown.save());
    expect(loaded.vocabulary.symbols).toEqual(grown.vocabulary.symbols);
    expect(bitsOf(loaded.network.stateDict())).toEqual(bitsOf(grown.network.stateDict()));
  });
});

function shapeOf(model: CharRNN, name: string): readonly number[] {
  return model.network.stateDict()[name]?.shape ?? [];
}

test("without new symbols it is a copy", async () => {
  const model = await CharRNN.create({ vocabulary: OLD, hiddenSize: 5 });
  const copy = await model.extend("low world");
  expect(copy.save()).toEqual(model.save());
  await copy.fit(OLD, { epochs: 1 });
  expect(copy.save()).not.toEqual(model.save());
});

test("pieces of a text, other units and the unknown symbol", async () => {
  const vocabulary = Vocabulary.fromText("e\u0301a", { unit: "grapheme", unknown: "?" });
  const model = await CharRNN.create({ vocabulary, hiddenSize: 3 });
  const grown = await model.extend(["a\r", "\nb", "\u0308"]);
  expect(grown.vocabulary.toJSON()).toEqual({
    unit: "grapheme",
    symbols: [...vocabulary.symbols, "\r\n", "b\u0308"],
    unknown: "?",
  });
});

test("it has no training state of its own", async () => {
  const model = await CharRNN.create({ vocabulary: OLD, hiddenSize: 5 });
  await model.fit(OLD, { epochs: 1 });
  const grown = await model.extend(NEW);
  const message = "there is no training state: this model was never trained, nor saved with one";
  await expectError(() => grown.save({ training: true }), RangeError, message);
  await expectError(() => grown.fit(OLD, { resume: true }), RangeError, message);
});

test.each([[1], [null], [undefined], [["a", 1]]])("%o is no text", async (text: unknown) => {
  const model = await CharRNN.create({ vocabulary: OLD, hiddenSize: 5 });
  await expect(model.extend(text as string)).rejects.toThrow(TypeError);
});
