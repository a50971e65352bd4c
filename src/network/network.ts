import { checkTensor, checkTensorShape, formatShape, sizeOf, type Tensor } from "../tensor/tensor.js";
import { boolean, check, object, optional, readOptions, real, withDefault } from "../validate.js";
import { type NetworkConfig, type ResolvedConfig, resolveConfig } from "./config.js";
import { Engine, type StateValues } from "./engine.js";
import { drawInitialWeights } from "./initial-weights.js";
import type { PassShape } from "./pass-plan.js";
import { checkStateDict, readStateDict, type StateDict, writeStateDict } from "./state-dict.js";

/** (B, T) class indices, each from 0 to inputSize − 1, or (B, T, inputSize) reals. */
export type Inputs = Tensor<Int32Array> | Tensor;

/** The recurrent state between two passes. */
export interface State {
  /** (L, B, H) */
  readonly h: Tensor;
  /** (L, B, H), cell "lstm" only */
  readonly c?: Tensor;
}

/** What a backward pass starts from, and what it returns beside the loss. */
export interface BackwardOptions {
  /** The state before the first step. Default: zero. No gradient flows into it. */
  readonly state?: State;
  /** Also return the logits of this pass. Default false. */
  readonly logits?: boolean;
}

/** The engine of a network, for the optimizers and the training loop. */
export let engineOf: (network: Network) => Engine;

/**
 * Layers of one recurrent cell and a linear output layer: nn.RNN | nn.GRU | nn.LSTM (batch_first) and nn.Linear.
 * A network owns its WebAssembly memory; both go with the garbage collector.
 *
 * @example
 * const network = await Network.create({ cell: "rnn", inputSize: 25, hiddenSize: 25, numLayers: 2, outputSize: 25 });
 * const adam = new Adam(network, { learningRate: 0.1 });
 * const { loss } = network.backward(inputs, targets); // both (B, T) class indices
 * adam.step();
 */
export class Network {
  readonly config: ResolvedConfig;
  /** Weights and biases of all layers. */
  readonly parameterCount: number;
  readonly #engine: Engine;

  static {
    engineOf = (network) => network.#engine;
  }

  /**
   * A network with the weights that PyTorch draws for this seed, bit for bit.
   *
   * @throws TypeError, RangeError for a bad option, or for sizes that need more than 4 GiB; WasmUnavailableError
   */
  static async create(config: NetworkConfig): Promise<Network> {
    const { config: resolved, createWorker } = resolveConfig(config);
    const engine = await Engine.create(resolved, createWorker);
    drawInitialWeights(engine.layout, engine.block(engine.parameters), resolved);
    return new Network(engine);
  }

  private constructor(engine: Engine) {
    this.#engine = engine;
    this.config = engine.config;
    this.parameterCount = engine.layout.slots.reduce((count, { shape }) => count + sizeOf(shape), 0);
  }

  /** Bytes of WebAssembly memory: parameters, gradients, moments, and the activations of the largest pass so far. */
  get byteLength(): number {
    return this.#engine.byteLength;
  }

  /**
   * Logits (B, T, O) and the state after the last step, without dropout.
   *
   * @param state the state before the first step, zero by default
   * @throws TypeError, RangeError for inputs or a state that do not fit
   */
  forward(inputs: Inputs, state?: State): { logits: Tensor; state: State } {
    const shape = this.#checkInputs(inputs);
    this.#engine.begin(shape, false, inputs.data, this.#checkState(state, shape));
    this.#engine.forward();
    return { logits: this.#logits(shape), state: this.#state(shape) };
  }

  /**
   * Mean cross-entropy in nats over all B·T targets, and its gradients, which replace the last ones.
   *
   * @param targets (B, T) class indices, each from 0 to outputSize − 1
   * @throws TypeError, RangeError for inputs, targets or a state that do not fit
   */
  backward(
    inputs: Inputs,
    targets: Tensor<Int32Array>,
    options: BackwardOptions = {},
  ): { loss: number; state: State; logits?: Tensor } {
    const { state, logits: wantsLogits } = readOptions("options", options, backwardTable);
    const shape = this.#checkInputs(inputs);
    this.#checkTargets(targets, shape);
    this.#engine.begin(shape, true, inputs.data, this.#checkState(state, shape));
    this.#engine.forward();
    const logits = wantsLogits ? { logits: this.#logits(shape) } : {};
    const loss = this.#engine.crossEntropy(targets.data);
    this.#engine.backward();
    return { loss, state: this.#state(shape), ...logits };
  }

  /**
   * Mean cross-entropy as `backward`, without gradients and without dropout.
   *
   * @throws TypeError, RangeError for inputs, targets or a state that do not fit
   */
  evaluate(inputs: Inputs, targets: Tensor<Int32Array>, state?: State): { loss: number; state: State } {
    const shape = this.#checkInputs(inputs);
    this.#checkTargets(targets, shape);
    this.#engine.begin(shape, false, inputs.data, this.#checkState(state, shape));
    this.#engine.forward();
    return { loss: this.#engine.crossEntropy(targets.data), state: this.#state(shape) };
  }

  /** Copies of all parameters under PyTorch's names, in PyTorch's layouts. */
  stateDict(): StateDict {
    return readStateDict(this.#engine.layout, this.#engine.block(this.#engine.parameters));
  }

  /** @throws CheckpointError naming the tensor that is missing, extra or misshapen; the weights then stay as they were */
  loadStateDict(dict: StateDict): void {
    const { layout } = this.#engine;
    writeStateDict(layout, this.#engine.block(this.#engine.parameters), checkStateDict(layout, dict));
    this.#engine.parametersChanged();
  }

  /** Copies of the gradients that the last `backward` left, zero before the first. */
  gradients(): StateDict {
    return readStateDict(this.#engine.layout, this.#engine.block(this.#engine.gradients));
  }

  /** The global norm of all gradients, as torch.nn.utils.get_total_norm: the root of the sum of all squares. */
  gradNorm(): number {
    return Math.sqrt(this.#sumOfSquares(this.#engine.gradients));
  }

  /** The root of the sum of the squares of all parameters: not finite when one of them is not. */
  weightNorm(): number {
    return Math.sqrt(this.#sumOfSquares(this.#engine.parameters));
  }

  /**
   * Scales all gradients by one factor so that their norm is at most maxNorm > 0, as torch.nn.utils.clip_grad_norm_.
   *
   * @returns the norm before
   */
  clipGradNorm(maxNorm: number): number {
    check("maxNorm", maxNorm, real({ above: 0 }));
    return this.#engine.kernels.clipNorm(this.#engine.gradients, this.#engine.layout.blockLength, maxNorm);
  }

  /** Clamps every gradient to ±maxValue > 0, as torch.nn.utils.clip_grad_value_. */
  clipGradValue(maxValue: number): void {
    check("maxValue", maxValue, real({ above: 0 }));
    this.#engine.kernels.clipValue(this.#engine.gradients, this.#engine.layout.blockLength, maxValue);
  }

  #sumOfSquares(block: number): number {
    return this.#engine.kernels.sumOfSquares(block, this.#engine.layout.blockLength);
  }

  #checkInputs(inputs: Inputs): PassShape {
    const { inputSize } = this.config;
    const { data, shape } = checkTensor("inputs", inputs, "Int32Array", "Float32Array");
    const [B = 0, T = 0, D] = shape;
    const dense = data[Symbol.toStringTag] === "Float32Array";
    if (!(shape.length === (dense ? 3 : 2) && B >= 1 && T >= 1 && (!dense || D === inputSize))) {
      const expected = dense ? `(B, T, ${inputSize}) of reals` : "(B, T) of class indices";
      throw new RangeError(`"inputs": expected shape ${expected}, B and T ≥ 1, got ${formatShape(shape)}`);
    }
    if (!dense) checkIndices("inputs", inputs as Tensor<Int32Array>, inputSize);
    return { B, T, dense };
  }

  #checkTargets(targets: Tensor<Int32Array>, { B, T }: PassShape): void {
    checkTensorShape("targets", checkTensor("targets", targets, "Int32Array"), [B, T]);
    checkIndices("targets", targets, this.config.outputSize);
  }

  #checkState(state: State | undefined, { B }: PassShape): StateValues | undefined {
    if (state === undefined) return undefined;
    const { h, c } = check("state", state, object<State>());
    const shape = this.#stateShape(B);
    checkTensorShape("state.h", checkTensor("state.h", h, "Float32Array"), shape);
    if (this.config.cell !== "lstm") {
      if (c !== undefined) {
        throw new RangeError(`"state.c": only cell "lstm" has one, and the cell is "${this.config.cell}"`);
      }
      return { h: h.data };
    }
    checkTensorShape("state.c", checkTensor("state.c", c, "Float32Array"), shape);
    return { h: h.data, c: (c as Tensor).data };
  }

  #stateShape(B: number): readonly number[] {
    return [this.config.numLayers, B, this.config.hiddenSize];
  }

  #logits({ B, T }: PassShape): Tensor {
    return { data: this.#engine.logits(), shape: [B, T, this.config.outputSize] };
  }

  #state({ B }: PassShape): State {
    const shape = this.#stateShape(B);
    const { h, c } = this.#engine.state();
    return { h: { data: h, shape }, ...(c && { c: { data: c, shape } }) };
  }
}

const backwardTable = {
  state: optional(object<State>()),
  logits: withDefault(boolean(), false),
};

function checkIndices(name: string, { data, shape }: Tensor<Int32Array>, classes: number): void {
  for (let i = 0; i < data.length; i++) {
    const index = data[i] as number;
    if (index < 0 || index >= classes) {
      const T = shape[1] as number;
      const place = `(${Math.floor(i / T)}, ${i % T})`;
      throw new RangeError(`"${name}": expected class indices from 0 to ${classes - 1}, got ${index} at ${place}`);
    }
  }
}
