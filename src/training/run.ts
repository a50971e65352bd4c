import { CheckpointError, DivergedError } from "../errors.js";
import { engineOf, type Network, type State } from "../network/network.js";
import { Adam, AdamW, type Optimizer, type OptimizerState, RMSprop, SGD } from "../network/optimizers.js";
import { readStateDict, type StateDict, writeStateDict } from "../network/state-dict.js";
import { fingerprint } from "../text/fingerprint.js";
import type { Batches } from "./batches.js";
import type { Corpus } from "./corpus.js";
import { cutText } from "./cut-text.js";
import type { EpochRecord, History, TrainingProgress } from "./history.js";
import type { OptimizerChoice, RunOptions } from "./run-options.js";
import { learningRateAt } from "./schedule.js";

/** Sums over the epoch under way. */
export interface EpochSums {
  loss: number;
  gradNorm: number;
  seconds: number;
}

/** Where a run stands between two steps: with the network's weights all that it needs to go on with the same bits. */
export interface RunState {
  readonly options: RunOptions;
  /** The text, by its length and a hash. */
  readonly symbols: number;
  readonly fingerprint: number;
  readonly step: number;
  /** Training passes of the network, for its dropout masks. */
  readonly passes: number;
  readonly sums: Readonly<EpochSums>;
  readonly epochs: readonly EpochRecord[];
  readonly optimizer: OptimizerState;
  /** What streams carry from chunk to chunk. */
  readonly state?: State;
  /** Where the run may stop early. */
  readonly best?: { readonly loss: number; readonly epoch: number; readonly weights: StateDict };
  /** The weights after the last step, where the network has the best ones instead. */
  readonly last?: StateDict;
}

/** One training run over one text. */
export class Run {
  readonly options: RunOptions;
  readonly #network: Network;
  readonly #corpus: Corpus;
  readonly #batches: Batches;
  readonly #validation: Batches | undefined;
  readonly #optimizer: Optimizer;
  /** The weights before the last step, which gave a finite loss. */
  readonly #lastGood: Float32Array;
  #step = 0;
  #sums: EpochSums = { loss: 0, gradNorm: 0, seconds: 0 };
  #epochs: EpochRecord[] = [];
  #state: State | undefined;
  /** The best weights so far, as they lie in the engine. */
  #best: { loss: number; epoch: number; weights: Float32Array } | undefined;
  /** The weights after the last step, once the best ones have taken their place in the network. */
  #last: Float32Array | undefined;
  #fingerprint: number | undefined;
  #learningRate = 0;

  /** @throws RangeError where the text is too short for the options */
  constructor(network: Network, corpus: Corpus, validation: Corpus | undefined, options: RunOptions) {
    this.options = options;
    this.#network = network;
    this.#corpus = corpus;
    [this.#batches, this.#validation] = cutText(corpus, validation, options, network.config.seed);
    this.#optimizer = createOptimizer(network, options.optimizer);
    this.#lastGood = this.#weights().slice();
  }

  get totalSteps(): number {
    return this.options.epochs * this.#batches.stepsPerEpoch;
  }

  /** All steps of an epoch are done, and it has no record yet. */
  get isEpochOver(): boolean {
    return this.#step === (this.#epochs.length + 1) * this.#batches.stepsPerEpoch;
  }

  /** Why there is no further step, if there is none. */
  get stopped(): "finished" | "early" | undefined {
    if (this.#step < this.totalSteps && this.#isPatienceOver()) return "early";
    return this.#step === this.totalSteps && !this.isEpochOver ? "finished" : undefined;
  }

  /**
   * One step: a batch, its gradients, clipping, the optimizer.
   *
   * @throws DivergedError where the loss or a gradient is not finite; the weights are then the last good ones
   */
  step(): TrainingProgress {
    const start = performance.now();
    const network = this.#network;
    const { stepsPerEpoch, carriesState } = this.#batches;
    const { maxGradNorm, maxGradValue } = this.options;
    const epoch = this.#epochs.length;
    const { inputs, targets } = this.#batches.batch(epoch, this.#step % stepsPerEpoch);

    const { loss, state } = network.backward(inputs, targets, this.#state && { state: this.#state });
    const gradNorm = network.gradNorm();
    this.#requireFinite(loss, gradNorm);
    if (maxGradValue !== undefined) network.clipGradValue(maxGradValue);
    if (maxGradNorm !== undefined) network.clipGradNorm(maxGradNorm);
    this.#learningRate = this.#learningRateOf(this.#step);
    this.#lastGood.set(this.#weights());
    this.#optimizer.learningRate = this.#learningRate;
    this.#optimizer.step();
    // A step that is too large can break weights whose loss and gradients were finite.
    if (!Number.isFinite(network.weightNorm())) this.#requireFinite(Number.NaN, gradNorm);

    if (carriesState) this.#state = state;
    this.#sums.loss += loss;
    this.#sums.gradNorm += gradNorm;
    this.#sums.seconds += (performance.now() - start) / 1000;
    this.#step++;
    const symbols = inputs.data.length * (this.#step - epoch * stepsPerEpoch);
    const symbolsPerSecond = symbols / this.#sums.seconds;
    const { totalSteps } = this;
    return {
      epoch,
      totalEpochs: this.options.epochs,
      step: this.#step - 1,
      totalSteps,
      loss,
      gradNorm,
      learningRate: this.#learningRate,
      symbolsPerSecond,
    };
  }

  /**
   * The record of the epoch that is over, with its validation; `pause` is waited for between two of its passes, and
   * ends it without a record when it resolves to false.
   */
  async endEpoch(pause: () => Promise<boolean>, symbolsPerSecond = 0): Promise<EpochRecord | undefined> {
    const start = performance.now();
    const { stepsPerEpoch } = this.#batches;
    let validationLoss: number | undefined;
    if (this.#validation) {
      let sum = 0;
      let count = 0;
      let state: State | undefined;
      for (let step = 0; step < this.#validation.stepsPerEpoch; step++) {
        const { inputs, targets } = this.#validation.batch(0, step);
        const result = this.#network.evaluate(inputs, targets, state);
        sum += result.loss * inputs.data.length;
        count += inputs.data.length;
        if (this.#validation.carriesState) state = result.state;
        if (!(await pause())) return undefined;
      }
      validationLoss = sum / count;
    }
    const { loss, gradNorm, seconds } = this.#sums;
    const record = {
      epoch: this.#epochs.length,
      loss: loss / stepsPerEpoch,
      ...(validationLoss !== undefined && { validationLoss }),
      learningRate: this.#learningRate,
      gradNorm: gradNorm / stepsPerEpoch,
      symbolsPerSecond,
      seconds: seconds + (performance.now() - start) / 1000,
    };
    this.#keepIfBest(record);
    this.#epochs.push(record);
    this.#sums = { loss: 0, gradNorm: 0, seconds: 0 };
    return record;
  }

  /** Ends the run: with the best weights, where it could stop early. */
  finish(stopped: History["stopped"]): History {
    if (this.#best && stopped !== "aborted") {
      this.#last = this.#weights().slice();
      this.#setWeights(this.#best.weights);
    }
    return { epochs: [...this.#epochs], stopped, options: this.options };
  }

  /** Copies of all that the run needs to go on, but for the network's weights. */
  saveState(): RunState {
    const engine = engineOf(this.#network);
    // A resumed run must see the text that it was interrupted on.
    this.#fingerprint ??= fingerprint(this.#corpus);
    return {
      options: this.options,
      symbols: this.#corpus.length,
      fingerprint: this.#fingerprint,
      step: this.#step,
      passes: engine.passes,
      sums: { ...this.#sums },
      epochs: [...this.#epochs],
      optimizer: this.#optimizer.saveState(),
      ...(this.#state && { state: this.#state }),
      ...(this.#best && { best: { ...this.#best, weights: readStateDict(engine.layout, this.#best.weights) } }),
      ...(this.#last && { last: readStateDict(engine.layout, this.#last) }),
    };
  }

  /**
   * Goes on from where a run stopped; the network has the weights of that moment.
   *
   * @throws RangeError for another text, CheckpointError for a state that is none of this run's
   */
  loadState({ symbols, fingerprint: hash, step, passes, sums, epochs, optimizer, state, best, last }: RunState): void {
    if (symbols !== this.#corpus.length || hash !== fingerprint(this.#corpus)) {
      const theirs = `the ${symbols} symbols that the interrupted run was on`;
      throw new RangeError(`"text": expected ${theirs}, got ${this.#corpus.length} others`);
    }
    const done = epochs.length;
    if (done > this.options.epochs) {
      throw new RangeError(`"epochs": expected at least ${done}, which the run has done, got ${this.options.epochs}`);
    }
    const { stepsPerEpoch } = this.#batches;
    if (step > this.totalSteps || step < done * stepsPerEpoch || step > (done + 1) * stepsPerEpoch) {
      throw new CheckpointError(`the training state has ${done} epochs after step ${step}`);
    }
    this.#optimizer.loadState(optimizer);
    const engine = engineOf(this.#network);
    engine.passes = passes;
    this.#step = step;
    this.#sums = { ...sums };
    this.#epochs = [...epochs];
    if (step > 0) this.#learningRate = this.#learningRateOf(step - 1);
    this.#state = state;
    if (best) {
      const weights = new Float32Array(engine.layout.blockLength);
      writeStateDict(engine.layout, weights, best.weights);
      this.#best = { ...best, weights };
    }
    if (last) this.#network.loadStateDict(last);
    this.#lastGood.set(this.#weights());
  }

  #learningRateOf(step: number): number {
    const epoch = Math.floor(step / this.#batches.stepsPerEpoch);
    return learningRateAt(this.options.learningRate, { epoch, step, totalSteps: this.totalSteps });
  }

  #weights(): Float32Array {
    const engine = engineOf(this.#network);
    return engine.block(engine.parameters);
  }

  #setWeights(weights: Float32Array): void {
    this.#weights().set(weights);
    engineOf(this.#network).parametersChanged();
  }

  #requireFinite(loss: number, gradNorm: number): void {
    if (Number.isFinite(loss) && Number.isFinite(gradNorm)) return;
    this.#setWeights(this.#lastGood);
    throw new DivergedError(loss, this.#step, this.#learningRate, gradNorm);
  }

  #keepIfBest({ epoch, loss, validationLoss }: EpochRecord): void {
    const { earlyStopping } = this.options;
    if (!earlyStopping) return;
    const current = validationLoss ?? loss;
    if (this.#best && !(current < this.#best.loss - (earlyStopping.minDelta ?? 0))) return;
    this.#best = { loss: current, epoch, weights: this.#weights().slice() };
  }

  #isPatienceOver(): boolean {
    const { earlyStopping } = this.options;
    if (!earlyStopping || !this.#best) return false;
    return this.#epochs.length - 1 - this.#best.epoch >= earlyStopping.patience;
  }
}

function createOptimizer(network: Network, choice: OptimizerChoice): Optimizer {
  const { type, ...options } = typeof choice === "string" ? { type: choice } : choice;
  return new { adam: Adam, adamw: AdamW, rmsprop: RMSprop, sgd: SGD }[type](network, options);
}
