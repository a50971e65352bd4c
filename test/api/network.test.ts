import { describe, expect, test } from "vitest";
import {
  Adam,
  AdamW,
  CheckpointError,
  Network,
  type NetworkConfig,
  RMSprop,
  RnnError,
  SGD,
  type StateDict,
  tensor,
} from "../../src/index.js";
import { bitsOf } from "../lab.js";
import { expectError } from "./expect-error.js";

const config: NetworkConfig = { cell: "rnn", inputSize: 3, hiddenSize: 5, numLayers: 2, outputSize: 4 };
// What the types forbid, as JavaScript would pass it.
const create = (options: object) => Network.create({ ...config, ...options } as NetworkConfig);

describe("Network.create", () => {
  const size = (name: string, got: string) => `"${name}": expected an integer ≥ 1, got ${got}`;
  test.each([
    [{ hiddenSize: 0 }, RangeError, size("hiddenSize", "0")],
    [{ hiddenSize: -1 }, RangeError, size("hiddenSize", "-1")],
    [{ hiddenSize: 1.5 }, RangeError, size("hiddenSize", "1.5")],
    [{ hiddenSize: Number.NaN }, RangeError, size("hiddenSize", "NaN")],
    [{ hiddenSize: Infinity }, RangeError, size("hiddenSize", "Infinity")],
    [{ hiddenSize: "25" }, TypeError, size("hiddenSize", '"25"')],
    [{ hiddenSize: 25n }, TypeError, size("hiddenSize", "25n")],
    [{ hiddenSize: null }, TypeError, size("hiddenSize", "null")],
    [{ hiddenSize: undefined }, TypeError, size("hiddenSize", "undefined")],
    [{ hiddenSize: [25] }, TypeError, size("hiddenSize", "an Array")],
    [{ inputSize: 0 }, RangeError, size("inputSize", "0")],
    [{ outputSize: 2 ** 53 }, RangeError, size("outputSize", "9007199254740992")],
    [{ numLayers: 0 }, RangeError, '"numLayers": expected an integer from 1 to 1024, got 0'],
    [{ numLayers: 1025 }, RangeError, '"numLayers": expected an integer from 1 to 1024, got 1025'],
    [{ cell: "elman" }, RangeError, '"cell": expected "rnn", "gru" or "lstm", got "elman"'],
    [{ cell: undefined }, TypeError, '"cell": expected "rnn", "gru" or "lstm", got undefined'],
    [{ nonlinearity: "sigmoid" }, RangeError, '"nonlinearity": expected "tanh" or "relu", got "sigmoid"'],
    [
      { cell: "gru", nonlinearity: "relu" },
      RangeError,
      '"nonlinearity": only cell "rnn" has a choice, and the cell is "gru"',
    ],
    [{ dropout: 1 }, RangeError, '"dropout": expected a finite number ≥ 0 and < 1, got 1'],
    [{ dropout: -0.1 }, RangeError, '"dropout": expected a finite number ≥ 0 and < 1, got -0.1'],
    [{ seed: -1 }, RangeError, '"seed": expected an integer from 0 to 4294967295, got -1'],
    [{ seed: 2 ** 32 }, RangeError, '"seed": expected an integer from 0 to 4294967295, got 4294967296'],
    [{ numerics: "exact" }, RangeError, '"numerics": expected "fast" or "reproducible", got "exact"'],
    [{ initialization: 0.08 }, TypeError, '"initialization": expected an object, got 0.08'],
    [{ initialization: { range: 0 } }, RangeError, '"range": expected a finite number > 0, got 0'],
    [
      { initialization: { scale: 1 } },
      TypeError,
      'initialization: unknown option "scale", expected "range" or "forgetBias"',
    ],
    [
      { initialization: { forgetBias: 1 } },
      RangeError,
      '"forgetBias": only cell "lstm" has one, and the cell is "rnn"',
    ],
    [
      { hidden: 25 },
      TypeError,
      'Network.create: unknown option "hidden", expected "cell", "inputSize", "hiddenSize", "numLayers", "outputSize", ' +
        '"nonlinearity", "dropout", "seed", "initialization", "numerics", "threads" or "createWorker"',
    ],
  ])("%o", async (options, Class, message) => {
    await expectError(() => create(options), Class, message);
  });

  test.each([
    [null, "null"],
    ["rnn", '"rnn"'],
    [[], "an Array"],
  ])("%o instead of options", async (options, got) => {
    const message = `"Network.create": expected an object, got ${got}`;
    await expectError(() => Network.create(options as unknown as NetworkConfig), TypeError, message);
  });

  test("more than 4 GiB of weights", async () => {
    // (2 + 30000 + 2 + 4) rows of 30000 and a few floats more, twice: parameters and gradients
    await expectError(
      () => create({ inputSize: 2, hiddenSize: 30_000, numLayers: 1, outputSize: 2 }),
      RangeError,
      "a network with inputSize 2, hiddenSize 30000, numLayers 1, outputSize 2 needs 6.71 GiB of memory; " +
        "WebAssembly has 4 GiB at most",
    );
  });
});

describe("indices and shapes", async () => {
  const B = 2;
  const T = 3;
  const indices = (...values: number[]) => tensor(Int32Array.from(values), [B, T]);
  const inputs = indices(0, 1, 2, 2, 1, 0);
  const targets = indices(0, 1, 2, 3, 2, 1);
  const floats = (...shape: number[]) => tensor(new Float32Array(shape.reduce((a, b) => a * b)), shape);
  const rnn = await Network.create(config);
  const lstm = await Network.create({ ...config, cell: "lstm" });

  const bad = (name: string, classes: number, got: number, place: string) =>
    `"${name}": expected class indices from 0 to ${classes - 1}, got ${got} at ${place}`;
  test.each([
    ["inputs", indices(0, 1, 2, 2, -1, 0), targets, bad("inputs", 3, -1, "(1, 1)")],
    ["inputs", indices(0, 1, 3, 2, -1, 0), targets, bad("inputs", 3, 3, "(0, 2)")],
    ["targets", inputs, indices(0, 1, 2, -1, 2, 1), bad("targets", 4, -1, "(1, 0)")],
    ["targets", inputs, indices(0, 1, 2, 3, 2, 4), bad("targets", 4, 4, "(1, 2)")],
  ])("an index of the %s out of range", async (name, inputs, targets, message) => {
    await expectError(() => rnn.backward(inputs, targets), RangeError, message);
    await expectError(() => rnn.evaluate(inputs, targets), RangeError, message);
    if (name === "inputs") await expectError(() => rnn.forward(inputs), RangeError, message);
  });

  const ofIndices = (shape: string) => `"inputs": expected shape (B, T) of class indices, B and T ≥ 1, got ${shape}`;
  const ofReals = (shape: string) => `"inputs": expected shape (B, T, 3) of reals, B and T ≥ 1, got ${shape}`;
  test.each([
    [tensor(new Int32Array(6), [6]), ofIndices("(6)")],
    [tensor(new Int32Array(6), [1, 2, 3]), ofIndices("(1, 2, 3)")],
    [tensor(new Int32Array(0), [0, 3]), ofIndices("(0, 3)")],
    [tensor(new Int32Array(0), [2, 0]), ofIndices("(2, 0)")],
    [floats(2, 3), ofReals("(2, 3)")],
    [floats(2, 3, 4), ofReals("(2, 3, 4)")],
    [floats(0, 3, 3), ofReals("(0, 3, 3)")],
    [{ data: new Int32Array(6), shape: [2, 4] }, '"inputs.data": expected 8 numbers for shape (2, 4), got 6'],
  ])("inputs of shape $shape", async (inputs, message) => {
    await expectError(() => rnn.forward(inputs), RangeError, message);
    await expectError(() => rnn.backward(inputs, targets), RangeError, message);
  });

  test.each([
    [undefined, '"inputs": expected a tensor { data, shape }, got undefined'],
    [new Int32Array(6), '"inputs": expected a tensor { data, shape }, got an Int32Array'],
    [{ data: [0, 1], shape: [1, 2] }, '"inputs.data": expected an Int32Array or a Float32Array, got an Array'],
    [
      { data: new Float64Array(2), shape: [1, 2] },
      '"inputs.data": expected an Int32Array or a Float32Array, got a Float64Array',
    ],
    [{ data: new Int32Array(2), shape: "12" }, '"inputs.shape": expected an array of integers ≥ 0, got "12"'],
  ])("inputs %o", async (inputs, message) => {
    await expectError(() => rnn.forward(inputs as unknown as typeof targets), TypeError, message);
  });

  test("targets that do not fit the inputs", async () => {
    const wide = tensor(new Int32Array(8), [2, 4]);
    const message = '"targets": expected shape (2, 3), got (2, 4)';
    await expectError(() => rnn.backward(inputs, wide), RangeError, message);
    await expectError(() => rnn.evaluate(inputs, wide), RangeError, message);
    const real = { data: new Float32Array(6), shape: [2, 3] } as unknown as typeof targets;
    await expectError(
      () => rnn.backward(inputs, real),
      TypeError,
      '"targets.data": expected an Int32Array, got a Float32Array',
    );
  });

  test("a state that does not fit", async () => {
    const h = floats(2, 2, 5);
    const message = '"state.h": expected shape (2, 2, 5), got (2, 3, 5)';
    await expectError(() => rnn.forward(inputs, { h: floats(2, 3, 5) }), RangeError, message);
    await expectError(() => rnn.backward(inputs, targets, { state: { h: floats(2, 3, 5) } }), RangeError, message);
    await expectError(() => rnn.evaluate(inputs, targets, { h: floats(2, 3, 5) }), RangeError, message);
    await expectError(
      () => rnn.forward(inputs, { h: floats(1, 2, 5) }),
      RangeError,
      '"state.h": expected shape (2, 2, 5), got (1, 2, 5)',
    );
    await expectError(
      () => rnn.forward(inputs, { h, c: h }),
      RangeError,
      '"state.c": only cell "lstm" has one, and the cell is "rnn"',
    );
    await expectError(
      () => lstm.forward(inputs, { h }),
      TypeError,
      '"state.c": expected a tensor { data, shape }, got undefined',
    );
    await expectError(
      () => lstm.forward(inputs, { h, c: floats(2, 2, 4) }),
      RangeError,
      '"state.c": expected shape (2, 2, 5), got (2, 2, 4)',
    );
    await expectError(
      () => lstm.forward(inputs, {} as { h: typeof h }),
      TypeError,
      '"state.h": expected a tensor { data, shape }, got undefined',
    );
  });

  test("options of backward", async () => {
    await expectError(
      () => rnn.backward(inputs, targets, { h: 1 } as object),
      TypeError,
      'options: unknown option "h", expected "state" or "logits"',
    );
    await expectError(
      () => rnn.backward(inputs, targets, { logits: 1 } as object),
      TypeError,
      '"logits": expected true or false, got 1',
    );
  });

  test("a pass of more than 4 GiB leaves the network as it was", async () => {
    const network = await Network.create({ cell: "rnn", inputSize: 2, hiddenSize: 2048, outputSize: 2 });
    const few = tensor(Int32Array.of(0, 1), [1, 2]);
    const { loss } = network.evaluate(few, few);
    const bytes = network.byteLength;
    const rows = tensor(new Int32Array(600_000), [600, 1000]);
    // (1001 · 600 · 2048 + …) floats
    await expectError(
      () => network.forward(rows),
      RangeError,
      "a pass over 600 sequences of 1000 steps through a network with inputSize 2, hiddenSize 2048, numLayers 1, " +
        "outputSize 2 needs 4.67 GiB of memory; WebAssembly has 4 GiB at most",
    );
    expect(network.byteLength).toBe(bytes);
    expect(network.evaluate(few, few).loss).toBe(loss);
  });

  test("arrays of another realm are as good", async () => {
    const { runInNewContext } = await import("node:vm");
    const foreign = { data: runInNewContext("new Int32Array([0, 1, 2, 2, 1, 0])") as Int32Array, shape: [B, T] };
    expect(rnn.forward(foreign).logits.data).toEqual(rnn.forward(inputs).logits.data);
  });
});

describe("loadStateDict", async () => {
  const network = await Network.create(config);
  const other = (await Network.create({ ...config, seed: 1 })).stateDict();
  const without = (name: string): StateDict =>
    Object.fromEntries(Object.entries(other).filter(([key]) => key !== name)) as StateDict;
  const shape = (name: string, expected: string, got: string) =>
    `tensor "${name}": expected shape ${expected}, got ${got}`;

  test.each([
    ["the first tensor missing", without("rnn.weight_ih_l0"), 'tensor "rnn.weight_ih_l0" is missing'],
    ["the last tensor missing", without("fc.bias"), 'tensor "fc.bias" is missing'],
    ["nothing", {}, 'tensor "rnn.weight_ih_l0" is missing'],
    [
      "an extra tensor",
      { ...other, "rnn.weight_ih_l2": tensor(new Float32Array(25), [5, 5]) },
      'tensor "rnn.weight_ih_l2" is none of this network\'s',
    ],
    [
      "a transposed tensor",
      { ...other, "fc.weight": tensor(new Float32Array(20), [5, 4]) },
      shape("fc.weight", "(4, 5)", "(5, 4)"),
    ],
    [
      "a tensor of another rank",
      { ...other, "rnn.bias_hh_l1": tensor(new Float32Array(5), [1, 5]) },
      shape("rnn.bias_hh_l1", "(5)", "(1, 5)"),
    ],
    [
      "a tensor with too few numbers",
      { ...other, "fc.bias": { data: new Float32Array(3), shape: [4] } },
      shape("fc.bias", "(4)", "3 numbers"),
    ],
    ["an array", { ...other, "fc.bias": new Float32Array(4) }, shape("fc.bias", "(4)", "a Float32Array")],
    ["null", { ...other, "fc.bias": null }, shape("fc.bias", "(4)", "null")],
  ])("%s: the weights stay as they were", async (_, dict, message) => {
    const before = bitsOf(network.stateDict());
    const error = await expectError(() => network.loadStateDict(dict as StateDict), CheckpointError, message);
    expect(error).toBeInstanceOf(RnnError);
    expect([error.name, error.code]).toEqual(["CheckpointError", "ERR_CHECKPOINT"]);
    expect(bitsOf(network.stateDict())).toEqual(before);
  });

  test("something that is no dictionary", async () => {
    const message = '"dict": expected an object, got null';
    await expectError(() => network.loadStateDict(null as unknown as StateDict), TypeError, message);
  });

  test("a dictionary that fits replaces all weights", () => {
    const before = bitsOf(network.stateDict());
    network.loadStateDict(other);
    expect(bitsOf(network.stateDict())).toEqual(bitsOf(other));
    expect(bitsOf(other)).not.toEqual(before);
  });

  test("a dictionary is a copy", () => {
    network.stateDict()["fc.bias"]?.data.fill(7);
    expect(network.stateDict()["fc.bias"]?.data).not.toContain(7);
  });
});

describe("optimizers", async () => {
  const network = await Network.create(config);
  const fails = [
    [0, RangeError, "0"],
    [-0.1, RangeError, "-0.1"],
    [Number.NaN, RangeError, "NaN"],
    [Infinity, RangeError, "Infinity"],
    ["0.1", TypeError, '"0.1"'],
  ] as const;

  describe.each([
    ["Adam", Adam],
    ["AdamW", AdamW],
    ["RMSprop", RMSprop],
    ["SGD", SGD],
  ] as const)("%s", (name, Optimizer) => {
    test.each(fails)("learningRate %o", async (learningRate, Class, got) => {
      const message = `"learningRate": expected a finite number > 0, got ${got}`;
      const options = { learningRate: learningRate as number };
      await expectError(() => new Optimizer(network, options), Class, message);
      const optimizer = new Optimizer(network, { learningRate: 0.5 });
      await expectError(
        () => {
          optimizer.learningRate = learningRate as number;
        },
        Class,
        message,
      );
      expect(optimizer.learningRate).toBe(0.5);
    });

    test("no network, or an unknown option", async () => {
      const stranger = {} as Network;
      await expectError(() => new Optimizer(stranger), TypeError, '"network": expected a Network, got an object');
      const known = {
        Adam: '"learningRate", "betas", "epsilon" or "weightDecay"',
        AdamW: '"learningRate", "betas", "epsilon" or "weightDecay"',
        RMSprop: '"learningRate", "alpha", "epsilon", "weightDecay" or "momentum"',
        SGD: '"learningRate", "momentum", "weightDecay" or "nesterov"',
      }[name];
      const options = { lr: 0.1 } as object;
      await expectError(
        () => new Optimizer(network, options),
        TypeError,
        `${name}: unknown option "lr", expected ${known}`,
      );
    });
  });

  test.each([
    [
      () => new Adam(network, { betas: [0.9, 1] }),
      RangeError,
      '"betas": expected two numbers ≥ 0 and < 1, got an Array',
    ],
    [
      () => new Adam(network, { betas: [0.9] as unknown as [number, number] }),
      TypeError,
      '"betas": expected two numbers ≥ 0 and < 1, got an Array',
    ],
    [() => new Adam(network, { epsilon: -1 }), RangeError, '"epsilon": expected a finite number ≥ 0, got -1'],
    [() => new AdamW(network, { weightDecay: -1 }), RangeError, '"weightDecay": expected a finite number ≥ 0, got -1'],
    [() => new RMSprop(network, { alpha: 1 }), RangeError, '"alpha": expected a finite number ≥ 0 and < 1, got 1'],
    [() => new SGD(network, { momentum: 1 }), RangeError, '"momentum": expected a finite number ≥ 0 and < 1, got 1'],
    [() => new SGD(network, { nesterov: true }), RangeError, '"momentum": expected a number > 0 with nesterov, got 0'],
    [() => network.clipGradNorm(0), RangeError, '"maxNorm": expected a finite number > 0, got 0'],
    [() => network.clipGradNorm(Number.NaN), RangeError, '"maxNorm": expected a finite number > 0, got NaN'],
    [() => network.clipGradValue(-1), RangeError, '"maxValue": expected a finite number > 0, got -1'],
  ])("%s", async (call, Class, message) => {
    await expectError(call, Class, message);
  });
});
