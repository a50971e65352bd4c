import { at, get, type StateDict, zeros } from "./tensor.js";

/*
 * PyTorch's optimizers, one weight at a time. Each is bound to the weights that it changes in place; `step` takes their
 * gradients. λ is weightDecay. https://pytorch.org/docs/stable/optim.html
 */

export interface AdamOptions {
  learningRate?: number; // 1e-3
  betas?: readonly [number, number]; // 0.9, 0.999
  epsilon?: number; // 1e-8
  weightDecay?: number; // 0; AdamW 1e-2
}

export class Adam {
  readonly weights: StateDict;
  learningRate: number;
  readonly betas: readonly [number, number];
  readonly epsilon: number;
  readonly weightDecay: number;
  private readonly m: StateDict;
  private readonly v: StateDict;
  private t = 0;

  constructor(weights: StateDict, options: AdamOptions = {}) {
    this.weights = weights;
    this.learningRate = options.learningRate ?? 1e-3;
    this.betas = options.betas ?? [0.9, 0.999];
    this.epsilon = options.epsilon ?? 1e-8;
    this.weightDecay = options.weightDecay ?? 0;
    this.m = zerosLike(weights);
    this.v = zerosLike(weights);
  }

  step(gradients: StateDict): void {
    const [beta1, beta2] = this.betas;
    this.t += 1;
    for (const name of Object.keys(this.weights)) {
      const weight = get(this.weights, name).data;
      const gradient = get(gradients, name).data;
      const m = get(this.m, name).data;
      const v = get(this.v, name).data;
      for (let i = 0; i < weight.length; i++) {
        const [w, g] = this.decay(at(weight, i), at(gradient, i));
        m[i] = beta1 * at(m, i) + (1 - beta1) * g;
        v[i] = beta2 * at(v, i) + (1 - beta2) * g * g;
        const mHat = at(m, i) / (1 - beta1 ** this.t);
        const vHat = at(v, i) / (1 - beta2 ** this.t);
        weight[i] = w - (this.learningRate * mHat) / (Math.sqrt(vHat) + this.epsilon);
      }
    }
  }

  /** The weight and the gradient that the step goes on with. Adam: the gradient of λ/2 w² is part of g. */
  protected decay(w: number, g: number): [number, number] {
    return [w, g + this.weightDecay * w];
  }
}

export class AdamW extends Adam {
  constructor(weights: StateDict, options: AdamOptions = {}) {
    super(weights, { weightDecay: 1e-2, ...options });
  }

  /** AdamW: the weight itself shrinks, and the moments never see it. */
  protected override decay(w: number, g: number): [number, number] {
    return [w - this.learningRate * this.weightDecay * w, g];
  }
}

export interface RMSpropOptions {
  learningRate?: number; // 1e-2
  alpha?: number; // 0.99
  epsilon?: number; // 1e-8
  weightDecay?: number; // 0
  momentum?: number; // 0
}

export class RMSprop {
  readonly weights: StateDict;
  learningRate: number;
  readonly options: Required<Omit<RMSpropOptions, "learningRate">>;
  private readonly v: StateDict;
  private readonly buffer: StateDict;

  constructor(weights: StateDict, options: RMSpropOptions = {}) {
    const { learningRate = 1e-2, ...rest } = options;
    this.weights = weights;
    this.learningRate = learningRate;
    this.options = { alpha: 0.99, epsilon: 1e-8, weightDecay: 0, momentum: 0, ...rest };
    this.v = zerosLike(weights);
    this.buffer = zerosLike(weights);
  }

  step(gradients: StateDict): void {
    const { alpha, epsilon, weightDecay, momentum } = this.options;
    for (const name of Object.keys(this.weights)) {
      const weight = get(this.weights, name).data;
      const gradient = get(gradients, name).data;
      const v = get(this.v, name).data;
      const buffer = get(this.buffer, name).data;
      for (let i = 0; i < weight.length; i++) {
        const w = at(weight, i);
        const g = at(gradient, i) + weightDecay * w;
        v[i] = alpha * at(v, i) + (1 - alpha) * g * g;
        buffer[i] = momentum * at(buffer, i) + g / (Math.sqrt(at(v, i)) + epsilon);
        weight[i] = w - this.learningRate * at(buffer, i);
      }
    }
  }
}

export interface SGDOptions {
  learningRate?: number; // 1e-3
  momentum?: number; // 0
  weightDecay?: number; // 0
  nesterov?: boolean; // false
}

export class SGD {
  readonly weights: StateDict;
  learningRate: number;
  readonly options: Required<Omit<SGDOptions, "learningRate">>;
  private readonly buffer: StateDict;

  constructor(weights: StateDict, options: SGDOptions = {}) {
    const { learningRate = 1e-3, ...rest } = options;
    this.weights = weights;
    this.learningRate = learningRate;
    this.options = { momentum: 0, weightDecay: 0, nesterov: false, ...rest };
    this.buffer = zerosLike(weights);
  }

  step(gradients: StateDict): void {
    const { momentum, weightDecay, nesterov } = this.options;
    for (const name of Object.keys(this.weights)) {
      const weight = get(this.weights, name).data;
      const gradient = get(gradients, name).data;
      const buffer = get(this.buffer, name).data;
      for (let i = 0; i < weight.length; i++) {
        const w = at(weight, i);
        const g = at(gradient, i) + weightDecay * w;
        buffer[i] = momentum * at(buffer, i) + g;
        const direction = nesterov ? g + momentum * at(buffer, i) : at(buffer, i);
        weight[i] = w - this.learningRate * direction;
      }
    }
  }
}

function zerosLike(weights: StateDict): StateDict {
  return Object.fromEntries(Object.entries(weights).map(([name, { shape }]) => [name, zeros(shape)]));
}
