import { check, custom, type Rule, readOptions, real, withDefault } from "../validate.js";
import type { Engine } from "./engine.js";
import { engineOf, Network } from "./network.js";

export interface AdamOptions {
  /** > 0. Default 1e-3. */
  readonly learningRate?: number;
  /** β₁ and β₂, each ≥ 0 and < 1. Default [0.9, 0.999]. */
  readonly betas?: readonly [number, number];
  /** ε ≥ 0, added to the root of the second moment. Default 1e-8. */
  readonly epsilon?: number;
  /** λ ≥ 0. Default 0. */
  readonly weightDecay?: number;
}

/** Blocks go back to their engine when their optimizer is collected; the engine itself is not kept alive by this. */
const blocks = new FinalizationRegistry<{ engine: WeakRef<Engine>; offsets: readonly number[] }>(
  ({ engine, offsets }) => {
    for (const offset of offsets) engine.deref()?.releaseBlock(offset);
  },
);

const learningRateRule = real({ above: 0 });
const networkRule = custom<Network>("a Network", (value) => value instanceof Network);

/** What all optimizers share: the network, blocks for moments beside its parameters, and a checked learning rate. */
abstract class Optimizer {
  protected readonly engine: Engine;
  /** Byte offsets of this optimizer's moments, each a block as the parameters'. */
  protected readonly moments: readonly number[];
  #learningRate: number;

  protected constructor(network: Network, learningRate: number, moments: number) {
    this.engine = engineOf(check("network", network, networkRule));
    this.#learningRate = learningRate;
    this.moments = Array.from({ length: moments }, () => this.engine.takeBlock());
    blocks.register(this, { engine: new WeakRef(this.engine), offsets: this.moments });
  }

  /** > 0; may be changed between steps. @throws TypeError, RangeError */
  get learningRate(): number {
    return this.#learningRate;
  }

  set learningRate(value: number) {
    this.#learningRate = check("learningRate", value, learningRateRule);
  }

  /** Changes the network's parameters by the gradients that the last `backward` left. */
  abstract step(): void;
}

const below1 = real({ min: 0, below: 1 });
const betas: Rule<readonly [number, number]> = {
  expected: "two numbers ≥ 0 and < 1",
  fault(value) {
    if (!Array.isArray(value) || value.length !== 2) return "type";
    const faults = value.map((beta) => below1.fault(beta));
    return faults.includes("type") ? "type" : faults.includes("value") ? "value" : undefined;
  },
};

const adamTable = {
  learningRate: withDefault(learningRateRule, 1e-3),
  betas: withDefault(betas, [0.9, 0.999]),
  epsilon: withDefault(real({ min: 0 }), 1e-8),
  weightDecay: withDefault(real({ min: 0 }), 0),
};

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
  #steps = 0;

  constructor(network: Network, options: AdamOptions = {}) {
    const resolved = readOptions("Adam", options, adamTable);
    super(network, resolved.learningRate, 2);
    this.betas = resolved.betas;
    this.epsilon = resolved.epsilon;
    this.weightDecay = resolved.weightDecay;
  }

  step(): void {
    const { kernels, parameters, gradients, layout } = this.engine;
    const [m, v] = this.moments as readonly [number, number];
    const [beta1, beta2] = this.betas;
    this.#steps++;
    kernels.adamStep(
      parameters,
      gradients,
      m,
      v,
      layout.blockLength,
      this.#steps,
      this.learningRate,
      beta1,
      beta2,
      this.epsilon,
      this.weightDecay,
    );
  }
}
