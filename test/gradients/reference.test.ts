import { expect, test } from "vitest";
import { backward, type Config, lossOf, parameterShapes } from "../reference/network.js";
import { generator, randomIndices, randomReals } from "../reference/random.js";
import { at, get, type StateDict } from "../reference/tensor.js";

/*
 * The oracle's gradients against central differences of its own loss, for every single parameter:
 *   dL/dw ≈ (L(w + ε) − L(w − ε)) / 2ε
 * Its error has two parts. Rounding: L is about 2.5 with an error of some 1e-15, over 2ε. Truncation: ε²/6 · L‴. At
 * ε = 2⁻¹⁷ ≈ 7.6e-6 both are near 1e-10.
 */
const EPSILON = 2 ** -17;

/** The largest deviation over the cases below is 9e-10; gradients here reach 0.1, and their typical size is 1e-2. */
const TOLERANCE = 3e-9;

const cells: readonly Pick<Config, "cell" | "nonlinearity">[] = [
  { cell: "rnn", nonlinearity: "tanh" },
  { cell: "rnn", nonlinearity: "relu" },
  { cell: "gru" },
  { cell: "lstm" },
];

for (const [index, cell] of cells.entries()) {
  for (const numLayers of [1, 2]) {
    for (const inputKind of ["indices", "reals"] as const) {
      for (const hasState of [true, false]) {
        const title = [
          cell.cell,
          cell.nonlinearity ?? "",
          `${numLayers} layers`,
          inputKind,
          hasState ? "state" : "zero",
        ];
        test(title.filter(Boolean).join(", "), () => {
          const random = generator(100 * index + 10 * numLayers + (hasState ? 1 : 0));
          checkGradients(
            random,
            { ...cell, numLayers, inputSize: 9, hiddenSize: 5, outputSize: 11 },
            inputKind,
            hasState,
          );
        });
      }
    }
  }
}

function checkGradients(random: () => number, config: Config, inputKind: "indices" | "reals", hasState: boolean): void {
  const [B, T] = [3, 4];
  const { inputSize, hiddenSize, numLayers = 1, outputSize } = config;
  const weights: StateDict = Object.fromEntries(
    Object.entries(parameterShapes(config)).map(([name, shape]) => [name, randomReals(random, shape, 0.6)]),
  );
  const inputs =
    inputKind === "indices" ? randomIndices(random, [B, T], inputSize) : randomReals(random, [B, T, inputSize]);
  const targets = randomIndices(random, [B, T], outputSize);
  const stateShape = [numLayers, B, hiddenSize];
  const state = hasState ? { h: randomReals(random, stateShape), c: randomReals(random, stateShape) } : undefined;

  const { gradients } = backward(config, weights, inputs, targets, state);
  for (const [name, { data }] of Object.entries(weights)) {
    for (let i = 0; i < data.length; i++) {
      const w = at(data, i);
      data[i] = w + EPSILON;
      const above = lossOf(config, weights, inputs, targets, state);
      data[i] = w - EPSILON;
      const below = lossOf(config, weights, inputs, targets, state);
      data[i] = w;
      const deviation = Math.abs((above - below) / (2 * EPSILON) - at(get(gradients, name).data, i));
      expect(deviation, `${name}[${i}]`).toBeLessThan(TOLERANCE);
    }
  }
}
