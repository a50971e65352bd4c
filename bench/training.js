import { Adam, Network, tensor } from "../dist/index.js";
import { measure } from "./harness.js";
import { classIndices } from "./workloads.js";

/** Seconds of one run of a workload: all of the lab's epochs, or one training step. */
export async function measureTraining(workload, numerics) {
  const { cell, hiddenSize, numLayers, classes, B, T, steps, repeats } = workload;
  const config = { cell, inputSize: classes, hiddenSize, numLayers, outputSize: classes, numerics };
  const network = await Network.create(config);
  const adam = new Adam(network, { learningRate: 1e-3 });
  const inputs = tensor(classIndices(B * T, classes), [B, T]);
  const targets = tensor(classIndices(B * T, classes, 1), [B, T]);
  const run = () => {
    for (let step = 0; step < steps; step++) {
      network.backward(inputs, targets);
      adam.step();
    }
  };
  const seconds = measure(run, { warmUp: 2, repeats });
  return { ...perUnit(seconds, workload), bytes: network.byteLength, parameters: network.parameterCount };
}

/** The lab's time is that of all its epochs, the others' that of one step. */
export function perUnit({ min, median, max, repeats }, { key, steps }) {
  const units = key === "lab" ? 1 : steps;
  return { min: min / units, median: median / units, max: max / units, repeats };
}
