import { type CellState, gruStep, lstmStep, rnnStep, type StepFunction } from "./cells.js";
import { type LayerParameters, type LayerPass, layerForward } from "./layer.js";
import { crossEntropy } from "./loss.js";
import { affine, columnSums, joinTimeSteps, Matrix, productNN, productTN, rank3, timeStep } from "./matrix.js";
import { type AnyTensor, at, get, type StateDict, size, type Tensor, toFloat64 } from "./tensor.js";

/*
 * The network of the library, as plainly as it can be written: layers of one cell, a linear output layer, mean
 * cross-entropy over B·T and its gradients by backpropagation through time. Every number is a double.
 */

export interface Config {
  readonly cell: "rnn" | "gru" | "lstm";
  readonly inputSize: number;
  readonly hiddenSize: number;
  readonly numLayers?: number; // default 1
  readonly outputSize: number;
  readonly nonlinearity?: "tanh" | "relu"; // cell rnn only, default tanh
}

/** h (L, B, H); c (L, B, H) for lstm. */
export interface State {
  readonly h: AnyTensor;
  readonly c?: AnyTensor;
}

export interface Forward {
  readonly logits: Tensor; // (B, T, O)
  readonly state: { readonly h: Tensor; readonly c?: Tensor };
}

export interface Backward extends Forward {
  readonly loss: number;
  readonly gradients: StateDict;
}

/** Names and shapes of all parameters, in the order in which PyTorch creates them. */
export function parameterShapes(config: Config): Record<string, number[]> {
  const { inputSize, hiddenSize, outputSize, numLayers = 1 } = config;
  const rows = { rnn: 1, gru: 3, lstm: 4 }[config.cell] * hiddenSize;
  const shapes: Record<string, number[]> = {};
  for (let layer = 0; layer < numLayers; layer++) {
    shapes[`rnn.weight_ih_l${layer}`] = [rows, layer === 0 ? inputSize : hiddenSize];
    shapes[`rnn.weight_hh_l${layer}`] = [rows, hiddenSize];
    shapes[`rnn.bias_ih_l${layer}`] = [rows];
    shapes[`rnn.bias_hh_l${layer}`] = [rows];
  }
  shapes["fc.weight"] = [outputSize, hiddenSize];
  shapes["fc.bias"] = [outputSize];
  return shapes;
}

/** inputs: class indices (B, T) or reals (B, T, D). Without a state it is zero. */
export function forward(config: Config, weights: StateDict, inputs: AnyTensor, state?: State): Forward {
  const { logits, finalState } = run(config, weights, inputs, state);
  return { logits: joinTimeSteps(logits), state: finalState };
}

/** The same pass with its loss against targets (B, T) and the gradients of every parameter. */
export function backward(
  config: Config,
  weights: StateDict,
  inputs: AnyTensor,
  targets: AnyTensor,
  state?: State,
): Backward {
  const { numLayers = 1, outputSize } = config;
  const { layers, logits, finalState } = run(config, weights, inputs, state);
  const joined = joinTimeSteps(logits);
  const { loss, dLogits } = crossEntropy(new Matrix(size(targets.shape), outputSize, joined.data), targets.data);
  const dLogitsTensor = { data: dLogits.data, shape: joined.shape };

  // logits[t] = h[t] W_fcᵀ + b_fc
  const top = layers[numLayers - 1];
  const fcWeight = Matrix.fromTensor(get(weights, "fc.weight"));
  const dFcWeight = new Matrix(fcWeight.rows, fcWeight.columns);
  const dFcBias = new Matrix(1, outputSize);
  let dOutputs = (top?.outputs ?? []).map((h, t) => {
    const dStep = timeStep(dLogitsTensor, t);
    addTo(dFcWeight, productTN(dStep, h));
    addTo(dFcBias, columnSums(dStep));
    return productNN(dStep, fcWeight);
  });

  // The inputs of a layer are the outputs of the layer below.
  const dLayers: LayerParameters[] = [];
  for (const layer of layers.toReversed()) {
    const { dInputs, dParameters } = layer.backward(dOutputs);
    dLayers.unshift(dParameters);
    dOutputs = dInputs;
  }

  const gradients: StateDict = {};
  dLayers.forEach((d, layer) => {
    gradients[`rnn.weight_ih_l${layer}`] = { data: d.weightIh.data, shape: [d.weightIh.rows, d.weightIh.columns] };
    gradients[`rnn.weight_hh_l${layer}`] = { data: d.weightHh.data, shape: [d.weightHh.rows, d.weightHh.columns] };
    gradients[`rnn.bias_ih_l${layer}`] = { data: d.biasIh.data, shape: [d.biasIh.columns] };
    gradients[`rnn.bias_hh_l${layer}`] = { data: d.biasHh.data, shape: [d.biasHh.columns] };
  });
  gradients["fc.weight"] = { data: dFcWeight.data, shape: [dFcWeight.rows, dFcWeight.columns] };
  gradients["fc.bias"] = { data: dFcBias.data, shape: [dFcBias.columns] };
  return { loss, logits: joined, state: finalState, gradients };
}

/** The loss alone, for finite differences. */
export function lossOf(
  config: Config,
  weights: StateDict,
  inputs: AnyTensor,
  targets: AnyTensor,
  state?: State,
): number {
  const { logits } = forward(config, weights, inputs, state);
  return crossEntropy(new Matrix(size(targets.shape), config.outputSize, logits.data), targets.data).loss;
}

function run(config: Config, weights: StateDict, inputs: AnyTensor, state: State | undefined) {
  const { numLayers = 1, hiddenSize: H } = config;
  const dense = inputs.shape.length === 2 ? oneHot(inputs, config.inputSize) : toFloat64(inputs);
  const [B, T] = rank3(dense);

  const layers: LayerPass[] = [];
  let outputs: readonly Matrix[] = Array.from({ length: T }, (_, t) => timeStep(dense, t));
  for (let layer = 0; layer < numLayers; layer++) {
    const initial = { h: layerOf(state?.h, layer, B, H), c: layerOf(state?.c, layer, B, H) };
    const pass = layerForward(stepFunction(config), layerParameters(weights, layer), outputs, initial);
    layers.push(pass);
    outputs = pass.outputs;
  }

  const fcWeight = Matrix.fromTensor(get(weights, "fc.weight"));
  const fcBias = Matrix.fromTensor(get(weights, "fc.bias"));
  const logits = outputs.map((h) => affine(h, fcWeight, fcBias));

  const final = layers.map((pass) => pass.final);
  const h = stack(final, "h");
  const finalState = config.cell === "lstm" ? { h, c: stack(final, "c") } : { h };
  return { layers, logits, finalState };
}

function stepFunction(config: Config): StepFunction {
  if (config.cell === "gru") return gruStep;
  if (config.cell === "lstm") return lstmStep;
  return rnnStep(config.nonlinearity ?? "tanh");
}

function layerParameters(weights: StateDict, layer: number): LayerParameters {
  return {
    weightIh: Matrix.fromTensor(get(weights, `rnn.weight_ih_l${layer}`)),
    weightHh: Matrix.fromTensor(get(weights, `rnn.weight_hh_l${layer}`)),
    biasIh: Matrix.fromTensor(get(weights, `rnn.bias_ih_l${layer}`)),
    biasHh: Matrix.fromTensor(get(weights, `rnn.bias_hh_l${layer}`)),
  };
}

/** (B, T) class indices → (B, T, numClasses) */
function oneHot(indices: AnyTensor, numClasses: number): Tensor {
  const data = new Float64Array(indices.data.length * numClasses);
  for (let i = 0; i < indices.data.length; i++) data[i * numClasses + at(indices.data, i)] = 1;
  return { data, shape: [...indices.shape, numClasses] };
}

/** One layer of a state (L, B, H) → (B, H), zero where there is no state. */
function layerOf(state: AnyTensor | undefined, layer: number, B: number, H: number): Matrix {
  if (state === undefined) return new Matrix(B, H);
  return new Matrix(B, H, toFloat64(state).data.subarray(layer * B * H, (layer + 1) * B * H));
}

/** L matrices (B, H) → (L, B, H) */
function stack(states: readonly CellState[], key: "h" | "c"): Tensor {
  const matrices = states.map((state) => state[key]);
  const data = Float64Array.from(matrices.flatMap((matrix) => [...matrix.data]));
  return { data, shape: [matrices.length, matrices[0]?.rows ?? 0, matrices[0]?.columns ?? 0] };
}

function addTo(total: Matrix, term: Matrix): void {
  for (let i = 0; i < total.rows; i++) {
    for (let j = 0; j < total.columns; j++) total.add(i, j, term.at(i, j));
  }
}
