import { describe, expect, test } from "vitest";
import { Adam, CharRNN, Network, type Tensor, Vocabulary } from "../../src/index.js";
import { Stepper } from "../../src/network/stepper.js";
import { lively } from "./lively.js";

/*
 * The core's road for one symbol at a time against the passes of the network: the same bits, whoever else uses the memory
 * in between.
 */

const CELLS = [
  { cell: "rnn" },
  { cell: "rnn", nonlinearity: "relu" },
  { cell: "gru" },
  { cell: "lstm" },
] as const satisfies Partial<Parameters<typeof Network.create>[0]>[];
/** Rows of 4, 12, 28, 36 and 68 floats: all panels of a row, and gates that begin within one. */
const SIZES = [3, 11, 25, 33, 66];
const V = 37;

function createNetwork(config: (typeof CELLS)[number], hiddenSize: number, numerics: "fast" | "reproducible" = "fast") {
  return Network.create({
    ...config,
    inputSize: V,
    hiddenSize,
    numLayers: 2,
    outputSize: V,
    seed: hiddenSize,
    numerics,
  });
}

/** (T, B) class indices. */
function symbols(T: number, B: number): Int32Array[] {
  return Array.from({ length: T }, (_, t) => Int32Array.from({ length: B }, (_, b) => (t * 7 + b * 11 + t * t) % V));
}

for (const config of CELLS) {
  const name = Object.values(config).join(" ");
  for (const numerics of ["fast", "reproducible"] as const) {
    for (const B of [1, 3]) {
      test(`${name}, ${numerics}, ${B} rows: logits and state of a pass`, async () => {
        for (const hiddenSize of SIZES) {
          const network = await createNetwork(config, hiddenSize, numerics);
          const stepper = new Stepper(network, B);
          let state: ReturnType<Network["forward"]>["state"] | undefined;
          for (const data of symbols(5, B)) {
            const pass = network.forward({ data, shape: [B, 1] }, state);
            state = pass.state;
            expect(stepper.feed(data), `H ${hiddenSize}`).toEqual(pass.logits.data);
            expect(stepper.state, `H ${hiddenSize}`).toEqual(state);
          }
        }
      });
    }
  }
}

describe("others in between", () => {
  test("passes, optimizers and other steppers leave a stepper where it was", async () => {
    for (const config of CELLS) {
      const network = await createNetwork(config, 25);
      const texts = symbols(6, 1);
      const alone = new Stepper(network);
      const expected = texts.map((data) => alone.feed(data));

      const [first, second] = [new Stepper(network), new Stepper(network, 2)];
      const interruptions: (() => unknown)[] = [
        () => network.forward({ data: Int32Array.of(1, 2, 3), shape: [1, 3] }),
        () => second.feed(Int32Array.of(4, 5)),
        () => new Adam(network),
        () => first.probabilities(new Float32Array(V)),
        () => network.evaluate(...(pairs(40) as [Tensor<Int32Array>, Tensor<Int32Array>])),
        () => second.draw(1, [0.5, 0.25]),
      ];
      for (const [t, data] of texts.entries()) {
        expect(first.feed(data), `symbol ${t}`).toEqual(expected[t]);
        interruptions[t]?.();
      }
    }
  });

  test("new weights are read with from the next symbol on", async () => {
    const network = await createNetwork({ cell: "lstm" }, 11);
    const stepper = new Stepper(network);
    stepper.feed(Int32Array.of(3));
    const { state } = stepper;
    const dict = network.stateDict();
    network.loadStateDict(
      Object.fromEntries(
        Object.entries(dict).map(([key, { data, shape }]) => [key, { data: data.map((x) => 3 * x), shape }]),
      ),
    );
    const { logits } = network.forward({ data: Int32Array.of(4), shape: [1, 1] }, state);
    const expected = logits.data;
    expect(stepper.feed(Int32Array.of(4))).toEqual(expected);
  });
});

function pairs(T: number): Tensor<Int32Array>[] {
  return [0, 1].map((shift) => ({ data: Int32Array.from({ length: T }, (_, t) => (t + shift) % V), shape: [1, T] }));
}

describe("draws of the core", () => {
  const vocabulary = Vocabulary.fromText("abcdefghijklmnopqrstuvwxyz ");
  const plain = { prime: "what is drawn ", length: 200 };

  for (const temperature of [0, 1e-30, 0.3, 1, 2.5, 1e30]) {
    test(`temperature ${temperature}: the symbols that the sampler draws`, async () => {
      for (const cell of ["rnn", "gru", "lstm"] as const) {
        const model = await lively({ vocabulary, cell, hiddenSize: 19 });
        // No filter drops anything here, but with one the sampler draws.
        const filtered = { topK: vocabulary.size };
        for (const seed of [0, 1]) {
          const options = { ...plain, temperature, seed };
          expect(model.generate(options)).toBe(model.generate({ ...options, ...filtered }));
        }
        const many = { ...plain, temperature, count: 3, stop: "q" };
        expect(model.generateMany(many)).toEqual(model.generateMany({ ...many, ...filtered }));
      }
    });
  }

  test("a text that has stopped does not disturb the others, whatever its row goes on to", async () => {
    // h grows with every "a" and "s", and is cleared by "b": a row that reads on one of them goes to infinity.
    const letters = Vocabulary.fromSymbols(["a", "b", "s"]);
    const options = { vocabulary: letters, cell: "rnn", nonlinearity: "relu", hiddenSize: 1, numLayers: 1 } as const;
    const model = await CharRNN.create(options);
    const values = { weight_ih_l0: [1, -1e38, 1], weight_hh_l0: [3], bias_ih_l0: [0], bias_hh_l0: [0] };
    const dict = model.network.stateDict();
    for (const [name, row] of Object.entries(values)) dict[`rnn.${name}`]?.data.set(row);
    dict["fc.weight"]?.data.fill(0);
    dict["fc.bias"]?.data.set([0, 8, 2]);
    dict["fc.weight"]?.data.set([1e-3], 0);
    model.network.loadStateDict(dict);
    const many = { count: 8, length: 400, stop: "s", prime: "b" };
    const texts = model.generateMany(many);
    expect(texts.some((text) => text.length < 200)).toBe(true);
    expect(texts.some((text) => text.length === 400)).toBe(true);
    expect(texts).toEqual(model.generateMany({ ...many, topK: 3 }));
  });

  test("logits that are not finite are an error that says so", async () => {
    const model = await CharRNN.create({ vocabulary, hiddenSize: 5 });
    const dict = model.network.stateDict();
    dict["fc.bias"]?.data.fill(Number.NaN, 3, 4);
    model.network.loadStateDict(dict);
    expect(() => model.generate(plain)).toThrow(
      new RangeError("expected finite logits from the network, got NaN: its weights are of no use"),
    );
  });
});
