import { describe, expect, test } from "vitest";
import { Network, tensor } from "../../src/index.js";
import { backward } from "../reference/network.js";
import { generator, randomIndices, randomReals } from "../reference/random.js";
import { dictToFloat64, get, size, type Tensor } from "../reference/tensor.js";

/*
 * 200 networks and batches of random sizes from 1 to 300 against the float64 reference: logits, state, loss and every
 * gradient, within the tolerances of the parity tests. The sizes are drawn evenly in their logarithms, and again where
 * the reference would take too long. Every third one runs on two threads.
 */
const CASES = 200;
const LARGEST = 300;
const WORK = 200_000; // multiply-adds of the forward pass

const random = generator(20_26);

for (const cell of ["rnn", "gru", "lstm"] as const) {
  describe(cell, () => {
    for (let i = 0; i < CASES / 3; i++) {
      const drawn = drawSizes(cell);
      const { B, T, L, D, H, O } = drawn;
      const threads = i % 3 === 2 ? 2 : 1;
      const numerics = i % 2 === 0 ? "fast" : "reproducible";
      const [dense, hasState] = [random() < 0.3, random() < 0.5];
      const what = `B ${B}, T ${T}, L ${L}, D ${D}, H ${H}, O ${O}${dense ? ", reals" : ""}${hasState ? ", state" : ""}`;
      test(`${what}, ${numerics}, ${threads} threads`, async () => {
        const config = { cell, inputSize: D, hiddenSize: H, numLayers: L, outputSize: O, seed: i } as const;
        const network = await Network.create({ ...config, numerics, threads });
        const draw = generator(i);
        const inputs = dense
          ? tensor(Float32Array.from(randomReals(draw, [B, T, D]).data), [B, T, D])
          : tensor(randomIndices(draw, [B, T], D).data, [B, T]);
        const targets = tensor(randomIndices(draw, [B, T], O).data, [B, T]);
        const reals = () => tensor(Float32Array.from(randomReals(draw, [L, B, H]).data), [L, B, H]);
        const state = hasState ? { h: reals(), ...(cell === "lstm" && { c: reals() }) } : undefined;

        const pass = network.backward(inputs, targets, { logits: true, ...(state && { state }) });
        const oracle = backward(config, dictToFloat64(network.stateDict()), inputs, targets, state);
        expect(Math.abs(pass.loss - oracle.loss)).toBeLessThan(2e-6 + 2e-5 * oracle.loss);
        expectWithin(pass.logits, oracle.logits, 2e-5, 2e-6, "logits");
        expectWithin(pass.state.h, oracle.state.h, 2e-5, 2e-6, "h");
        if (oracle.state.c && cell === "lstm") expectWithin(pass.state.c, oracle.state.c, 2e-5, 2e-6, "c");
        const largest = Math.max(...Object.values(oracle.gradients).map(largestOf));
        for (const [name, gradient] of Object.entries(network.gradients())) {
          const expected = get(oracle.gradients, name);
          // One gate weight or four have nothing beside them that tells the size of the terms that cancelled in them.
          const scale = expected.data.length > 4 ? largestOf(expected) : largest;
          expectWithin(gradient, expected, 5e-5, 5e-6 * scale, name);
        }
      });
    }
  });
}

function expectWithin(
  actual: { readonly data: Float32Array } | undefined,
  expected: Tensor,
  relative: number,
  absolute: number,
  what: string,
): void {
  expect(actual?.data.length, what).toBe(expected.data.length);
  let worst = 0;
  for (const [i, value] of expected.data.entries()) {
    const difference = Math.abs((actual?.data[i] ?? Number.NaN) - value);
    const share = difference / (relative * Math.abs(value) + absolute || 1);
    // NaN is worse than any number.
    if (!(share <= worst)) worst = share;
  }
  expect(worst, what).toBeLessThanOrEqual(1);
}

function largestOf({ data }: Tensor): number {
  return data.reduce((largest, x) => Math.max(largest, Math.abs(x)), 0);
}

function drawSizes(cell: "rnn" | "gru" | "lstm") {
  const gates = { rnn: 1, gru: 3, lstm: 4 }[cell];
  for (;;) {
    const [B, T, D, H, O] = Array.from({ length: 5 }, () => Math.floor(LARGEST ** random() + 0.5)) as [
      number,
      number,
      number,
      number,
      number,
    ];
    const L = 1 + Math.floor(random() * 3);
    if (B * T * H * (gates * (D + H * (2 * L - 1)) + O) <= WORK && size([B, T, O]) <= WORK) return { B, T, L, D, H, O };
  }
}
