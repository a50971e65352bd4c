import { expect, test } from "vitest";
import { Adam, CharRNN, Network, type NetworkConfig, SGD, tensor } from "../../src/index.js";

const config: NetworkConfig = { cell: "rnn", inputSize: 3, hiddenSize: 3, outputSize: 3 };
const inputs = tensor(Int32Array.of(0, 1), [1, 2]);
const targets = tensor(Int32Array.of(1, 2), [1, 2]);

test("memory does not grow over 100,000 steps", async () => {
  const network = await Network.create(config);
  const adam = new Adam(network);
  const step = () => {
    const { loss } = network.backward(inputs, targets);
    adam.step();
    return loss;
  };
  const first = step();
  const bytes = network.byteLength;
  let last = first;
  for (let i = 1; i < 100_000; i++) last = step();
  expect(network.byteLength).toBe(bytes);
  expect(last).toBeLessThan(first);
});

test("memory grows with the largest pass, and no further", async () => {
  const network = await Network.create({ ...config, hiddenSize: 64 });
  const adam = new Adam(network);
  const ofLength = (T: number) => tensor(new Int32Array(T), [1, T]);
  const step = (T: number) => {
    network.backward(ofLength(T), ofLength(T));
    adam.step();
    return network.byteLength;
  };
  const small = step(2);
  const large = step(500);
  // h and both gradients of h: (T + 1) · 64 + 2 · T · 64 floats at least
  expect(large - small).toBeGreaterThan(500 * 3 * 64 * 4 - 65_536);
  for (let i = 0; i < 100; i++) expect(step([2, 500, 77][i % 3] as number)).toBe(large);
  network.forward(ofLength(400));
  expect(network.byteLength).toBe(large);
});

test("a text of any length is evaluated in the memory of one chunk", async () => {
  const model = await CharRNN.create({ vocabulary: "ab", cell: "rnn", hiddenSize: 8 });
  model.evaluate("ab".repeat(600));
  const bytes = model.network.byteLength;
  model.evaluate("ab".repeat(20_000));
  expect(model.network.byteLength).toBe(bytes);
});

test("weights, gradients and moments stay when memory grows", async () => {
  const grown = await Network.create({ ...config, hiddenSize: 64 });
  const plain = await Network.create({ ...config, hiddenSize: 64 });
  const [adamOfGrown, adamOfPlain] = [new Adam(grown), new Adam(plain)];
  for (let i = 0; i < 3; i++) {
    grown.backward(inputs, targets);
    plain.backward(inputs, targets);
    // Between backward and step: an optimizer more, and a pass that is far larger.
    const bytes = grown.byteLength;
    new SGD(grown, { momentum: 0.9 });
    grown.forward(tensor(new Int32Array(1000 * (i + 1)), [1, 1000 * (i + 1)]));
    expect(grown.byteLength).toBeGreaterThan(bytes);
    expect(grown.gradients()).toEqual(plain.gradients());
    adamOfGrown.step();
    adamOfPlain.step();
    expect(grown.stateDict()).toEqual(plain.stateDict());
  }
});

test("1,000 networks, each created, trained for a step and dropped", async () => {
  // Each reserves gigabytes of addresses: without collection an engine runs out of them long before.
  const losses = new Set<number>();
  for (let i = 0; i < 1000; i++) {
    const network = await Network.create(config);
    const adam = new Adam(network);
    network.backward(inputs, targets);
    adam.step();
    losses.add(network.evaluate(inputs, targets).loss);
  }
  expect(losses.size).toBe(1);
});
