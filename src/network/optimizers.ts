import { CheckpointError } from "../errors.js";
import { boolean, check, custom, type Rule, readOptions, real, withDefault } from "../validate.js";
import type { Engine } from "./engine.js";
import { engineOf, Network } from "./network.js";
import { readStateDict, type StateDict, writeStateDict } from "./state-dict.js";

/** Of Adam and AdamW, with the defaults of torch.optim. */
export interface AdamOptions {
  /** > 0. Default 1e-3. */
  readonly learningRate?: number;
  /** β₁ and β₂, each ≥ 0 and < 1. Default [0.9, 0.999]. */
  readonly betas?: readonly [number, number];
  /** ε ≥ 0, added to the root of the second moment. Default 1e-8. */
  readonly epsilon?: number;
  /** λ ≥ 0. Default 0 for Adam, 0.01 for AdamW. */
  readonly weightDecay?: number;
}

/** Of RMSprop, with the defaults of torch.optim. */
export interface RMSpropOptions {
  /** > 0. Default 0.01. */
  readonly learningRate?: number;
  /** α, how much of the mean square stays, ≥ 0 and < 1. Default 0.99. */
  readonly alpha?: number;
  /** ε ≥ 0, added to the root of the mean square. Default 1e-8. */
  readonly epsilon?: number;
  /** λ ≥ 0, added to the gradient. Default 0. */
  readonly weightDecay?: number;
  /** μ ≥ 0 and < 1. Default 0. */
  readonly momentum?: number;
}

/** Of SGD, with the defaults of torch.optim. */
export interface SGDOptions {
  /** > 0. Default 1e-3. */
  readonly learningRate?: number;
  /** μ ≥ 0 and < 1. Default 0. */
  readonly momentum?: number;
  /** λ ≥ 0, added to the gradient. Default 0. */
  readonly weightDecay?: number;
  /** Nesterov's momentum; takes a momentum > 0. Default false. */
  readonly nesterov?: boolean;
}

/** What goes on from step to step: all that a later run needs to give the same bits. */
export interface OptimizerState {
  readonly steps: number;
  /** Under the names of the parameters that they belong to; one, two or none, as the optimizer has them. */
  readonly moments: readonly StateDict[];
}

/** Blocks go back to their engine when their optimizer is collected; the engine is not kept alive by this. */
const owned = new FinalizationRegistry<{ engine: WeakRef<Engine>; offsets: readonly number[] }>(
  ({ engine, offsets }) => {
    for (const offset of offsets) engine.deref()?.releaseBlock(offset);
  },
);

const positive = real({ above: 0 });
const notNegative = real({ min: 0 });
const below1 = real({ min: 0, below: 1 });
const networkRule = custom<Network>("a Network", (value) => value instanceof Network);

/** What all optimizers share: the network, blocks for moments beside its parameters, and a checked learning rate. */
export abstract class Optimizer {
  protected readonly engine: Engine;
  /** Byte offsets of this optimizer's moments. */
  protected readonly moments: readonly number[];
  protected steps = 0;
  #learningRate: number;

  protected constructor(network: Network, learningRate: number, moments: number) {
    this.engine = engineOf(check("network", network, networkRule));
    this.#learningRate = learningRate;
    this.moments = Array.from({ length: moments }, () => this.engine.takeBlock("an optimizer"));
    owned.register(this, { engine: new WeakRef(this.engine), offsets: this.moments });
  }

  /** > 0; may be changed between steps. @throws TypeError, RangeError */
  get learningRate(): number {
    return this.#learningRate;
  }

  /** For the steps to come. */
  set learningRate(value: number) {
    this.#learningRate = check("learningRate", value, positive);
  }

  /** Changes the network's parameters by the gradients that the last `backward` left. */
  step(): void {
    this.steps++;
    this.update();
    this.engine.parametersChanged();
  }

  protected abstract update(): void;

  /** @internal Copies. */
  saveState(): OptimizerState {
    const { layout } = this.engine;
    const moments = this.moments.map((offset) => readStateDict(layout, this.engine.block(offset)));
    return { steps: this.steps, moments };
  }

  /** @internal @throws CheckpointError where it is no state of such an optimizer */
  loadState({ steps, moments }: OptimizerState): void {
    if (moments.length !== this.moments.length) {
      throw new CheckpointError(`expected ${this.moments.length} moments of the optimizer, got ${moments.length}`);
    }
    this.steps = steps;
    for (const [i, offset] of this.moments.entries()) {
      writeStateDict(this.engine.layout, this.engine.block(offset), moments[i] as StateDict);
    }
  }
}

const betasRule: Rule<readonly [number, number]> = {
  expected: "two numbers ≥ 0 and < 1",
  fault(value) {
    if (!Array.isArray(value) || value.length !== 2) return "type";
    const faults = value.map((beta) => below1.fault(beta));
    return faults.includes("type") ? "type" : faults.includes("value") ? "value" : undefined;
  },
};

function adamTable(weightDecay: number) {
  return {
    learningRate: withDefault(positive, 1e-3),
    betas: withDefault(betasRule, [0.9, 0.999]),
    epsilon: withDefault(notNegative, 1e-8),
    weightDecay: withDefault(notNegative, weightDecay),
  };
}

/**
 * Adam with PyTorch's defaults and formula; weightDecay is added to the gradient.
 * Kingma and Ba, https://arxiv.org/abs/1412.6980; https://pytorch.org/docs/stable/generated/torch.optim.Adam.html
 *
 * @throws TypeError, RangeError for a bad option, or where there is no memory for the moments
 */
export class Adam extends Optimizer {
  readonly betas: readonly [number, number];
  readonly epsilon: number;
  readonly weightDecay: number;

  constructor(network: Network, options: AdamOptions = {}) {
    const { decoupled } = new.target;
    const resolved = readOptions(decoupled ? "AdamW" : "Adam", options, adamTable(decoupled ? 1e-2 : 0));
    super(network, resolved.learningRate, 2);
    this.betas = resolved.betas;
    this.epsilon = resolved.epsilon;
    this.weightDecay = resolved.weightDecay;
  }

  /** Whether the weights decay by themselves, past the moments. */
  protected static readonly decoupled: boolean = false;

  protected override update(): void {
    const { kernels, parameters, gradients, layout } = this.engine;
    const [m, v] = this.moments as readonly [number, number];
    kernels.adamStep(
      parameters,
      gradients,
      m,
      v,
      layout.blockLength,
      this.steps,
      this.learningRate,
      ...this.betas,
      this.epsilon,
      this.weightDecay,
      (this.constructor as typeof Adam).decoupled,
    );
  }
}

/**
 * AdamW with PyTorch's defaults and formula: Adam whose weights decay by themselves, past the moments.
 * Loshchilov and Hutter, https://arxiv.org/abs/1711.05101; https://pytorch.org/docs/stable/generated/torch.optim.AdamW.html
 *
 * @throws TypeError, RangeError for a bad option, or where there is no memory for the moments
 */
export class AdamW extends Adam {
  protected static override readonly decoupled = true;
}

const rmspropTable = {
  learningRate: withDefault(positive, 1e-2),
  alpha: withDefault(below1, 0.99),
  epsilon: withDefault(notNegative, 1e-8),
  weightDecay: withDefault(notNegative, 0),
  momentum: withDefault(below1, 0),
};

/**
 * RMSprop with PyTorch's defaults and formula. https://pytorch.org/docs/stable/generated/torch.optim.RMSprop.html
 *
 * @throws TypeError, RangeError for a bad option, or where there is no memory for the moments
 */
export class RMSprop extends Optimizer {
  readonly alpha: number;
  readonly epsilon: number;
  readonly weightDecay: number;
  readonly momentum: number;

  constructor(network: Network, options: RMSpropOptions = {}) {
    const resolved = readOptions("RMSprop", options, rmspropTable);
    super(network, resolved.learningRate, resolved.momentum > 0 ? 2 : 1);
    this.alpha = resolved.alpha;
    this.epsilon = resolved.epsilon;
    this.weightDecay = resolved.weightDecay;
    this.momentum = resolved.momentum;
  }

  protected override update(): void {
    const { kernels, parameters, gradients, layout } = this.engine;
    const [v = 0, buffer = 0] = this.moments;
    kernels.rmspropStep(
      parameters,
      gradients,
      v,
      buffer,
      layout.blockLength,
      this.learningRate,
      this.alpha,
      this.epsilon,
      this.weightDecay,
      this.momentum,
    );
  }
}

const sgdTable = {
  learningRate: withDefault(positive, 1e-3),
  momentum: withDefault(below1, 0),
  weightDecay: withDefault(notNegative, 0),
  nesterov: withDefault(boolean(), false),
};

/** The option tables of all optimizers by their names in `FitOptions`. */
export const optimizerTables = { adam: adamTable(0), adamw: adamTable(1e-2), rmsprop: rmspropTable, sgd: sgdTable };

/**
 * Stochastic gradient descent with PyTorch's defaults and formula.
 * https://pytorch.org/docs/stable/generated/torch.optim.SGD.html
 *
 * @throws TypeError, RangeError for a bad option, or where there is no memory for the moments
 */
export class SGD extends Optimizer {
  readonly momentum: number;
  readonly weightDecay: number;
  readonly nesterov: boolean;

  constructor(network: Network, options: SGDOptions = {}) {
    const resolved = readOptions("SGD", options, sgdTable);
    if (resolved.nesterov && resolved.momentum === 0) {
      throw new RangeError(`"momentum": expected a number > 0 with nesterov, got 0`);
    }
    super(network, resolved.learningRate, resolved.momentum > 0 ? 1 : 0);
    this.momentum = resolved.momentum;
    this.weightDecay = resolved.weightDecay;
    this.nesterov = resolved.nesterov;
  }

  protected override update(): void {
    const { kernels, parameters, gradients, layout } = this.engine;
    const [buffer = 0] = this.moments;
    kernels.sgdStep(
      parameters,
      gradients,
      buffer,
      layout.blockLength,
      this.learningRate,
      this.momentum,
      this.weightDecay,
      this.nesterov,
    );
  }
}
