import { Adam, CharRNN, Network, tensor, Vocabulary } from "../dist/index.js";
import { classIndices } from "./workloads.js";

/*
 * Our side of the workloads, for Node and for the page: each is prepared once, and then `run` as often as is measured.
 */

const PREPARE = { training: prepareTraining, sampling: prepareSampling, generate: prepareGenerate };

/** @returns {Promise<{ run: () => number, facts: object }>} `run` returns seconds per unit */
export async function prepare(workload, { numerics = "fast", threads = 1 } = {}) {
  return PREPARE[workload.kind](workload, { numerics, threads });
}

async function prepareTraining(workload, options) {
  const { classes, B, T, steps, warmUp = 2 } = workload;
  const network = await createNetwork(workload, options);
  const adam = new Adam(network, { learningRate: 1e-3 });
  const inputs = tensor(classIndices(B * T, classes), [B, T]);
  const targets = tensor(classIndices(B * T, classes, 1), [B, T]);
  const step = () => {
    const { loss } = network.backward(inputs, targets);
    adam.step();
    return loss;
  };
  const run = () => {
    const start = performance.now();
    for (let i = 0; i < steps; i++) step();
    return secondsSince(start) / unitsOf(workload);
  };
  const firstLoss = step();
  for (let i = 0; i < warmUp; i++) run();
  return { run, facts: { firstLoss, bytes: network.byteLength, parameters: network.parameterCount } };
}

/** What generate does for each symbol, bare: a pass of one symbol that carries the state, and the likeliest next one. */
async function prepareSampling(workload, options) {
  const { symbols } = workload;
  const network = await createNetwork(workload, options);
  const run = () => {
    const start = performance.now();
    let symbol = 0;
    let state;
    for (let i = 0; i < symbols; i++) {
      const pass = network.forward(tensor(Int32Array.of(symbol), [1, 1]), state);
      state = pass.state;
      symbol = indexOfMaximum(pass.logits.data);
    }
    return secondsSince(start) / symbols;
  };
  run();
  return { run, facts: {} };
}

/** The whole of CharRNN.generate: softmax and draw as well. */
async function prepareGenerate({ cell, hiddenSize, numLayers, classes, symbols }, options) {
  const vocabulary = Vocabulary.fromText(
    Array.from({ length: classes }, (_, i) => String.fromCodePoint(0x4e00 + i)).join(""),
  );
  const model = await CharRNN.create({ vocabulary, cell, hiddenSize, numLayers, ...options });
  const run = () => {
    const start = performance.now();
    model.generate({ length: symbols, seed: 1 });
    return secondsSince(start) / symbols;
  };
  run();
  return { run, facts: {} };
}

function createNetwork({ cell, hiddenSize, numLayers, classes }, options) {
  return Network.create({ cell, inputSize: classes, hiddenSize, numLayers, outputSize: classes, ...options });
}

function indexOfMaximum(values) {
  let best = 0;
  for (let i = 1; i < values.length; i++) if (values[i] > values[best]) best = i;
  return best;
}

/** The lab's time is that of all its epochs, the others' that of one step. */
function unitsOf({ key, steps }) {
  return key === "lab" ? 1 : steps;
}

function secondsSince(start) {
  return (performance.now() - start) / 1000;
}
