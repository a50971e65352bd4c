import type { ParameterLayout, ParameterSlot } from "../core/layout.js";
import { writeParameter } from "../core/layout.js";
import type { ResolvedConfig } from "./config.js";
import { MersenneTwister } from "./mersenne-twister.js";

/**
 * Draws every parameter in PyTorch's order, as torch.manual_seed(seed); nn.RNN|GRU|LSTM(…); nn.Linear(…) does:
 * uniform in ±1/√H for the layers, in ±1/√(inputs) for the output layer, whose inputs are H too.
 * https://pytorch.org/docs/stable/generated/torch.nn.RNN.html
 */
export function drawInitialWeights(layout: ParameterLayout, block: Float32Array, config: ResolvedConfig): void {
  const { hiddenSize, seed, initialization } = config;
  const random = new MersenneTwister(seed);
  const bound = Math.fround(initialization.range ?? 1 / Math.sqrt(hiddenSize));
  const width = Math.fround(2 * bound);
  const uniform = () => Math.fround(((random.next() & 0xffffff) / 2 ** 24) * width - bound);
  for (const slot of layout.slots) {
    const values = new Float32Array(slot.shape.reduce((product, dimension) => product * dimension, 1));
    writeParameter(slot, block, values.map(uniform));
  }
  if (initialization.forgetBias !== undefined) {
    for (const { biasIh, biasHh } of layout.layers) {
      setForgetGate(biasIh, block, initialization.forgetBias);
      setForgetGate(biasHh, block, 0);
    }
  }
}

/** Gate 1 of i, f, g, o. */
function setForgetGate(bias: ParameterSlot, block: Float32Array, value: number): void {
  const start = bias.offset + (bias.gates.indexOf(1) * bias.width) / bias.gates.length;
  block.fill(value, start, start + bias.outputs);
}
