import { DivergedError } from "../errors.js";
import { engineOf, type Network, type State } from "../network/network.js";
import { Adam, AdamW, type Optimizer, type OptimizerState, RMSprop, SGD } from "../network/optimizers.js";
import { type Batches, streamBatches, streamLayout, windowBatches } from "./batches.js";
import type { Corpus } from "./corpus.js";
import type { OptimizerChoice, RunOptions } from "./options.js";
import { learningRateAt } from "./schedule.js";

/** What one step of training did. Losses are in nats per symbol. */
export interface TrainingProgress {
  /** From 0. */
  readonly epoch: number;
  /** Of the whole run, from 0. */
  readonly step: number;
  readonly totalSteps: number;
  /** Mean cross-entropy of the step's batch, before the step. */
  readonly loss: number;
  readonly learningRate: number;
  /** Global norm of the gradients, before clipping. */
  readonly gradNorm: number;
  /** Over the epoch so far. */
  readonly symbolsPerSecond: number;
  /** After the last step of an epoch. */
  readonly record?: EpochRecord;
}

export interface EpochRecord {
  /** From 0. */
  readonly epoch: number;
  /** Mean over the epoch's steps, before each step; nats per symbol. */
  readonly loss: number;
  /** After the epoch's last step, where something is held out. */
  readonly validationLoss?: number;
  /** Of the epoch's last step. */
  readonly learningRate: number;
  /** Mean over the epoch's steps, before clipping. */
  readonly gradNorm: number;
  readonly symbolsPerSecond: number;
  /** Of training and validation. */
  readonly seconds: number;
}

export interface History {
  readonly epochs: readonly EpochRecord[];
  readonly stopped: "finished" | "early" | "aborted";
  /** All options of the run, those chosen from the text's length too. */
  readonly options: RunOptions;
}

/** Sums over the epoch under way. */
interface EpochSums {
  loss: number;
  gradNorm: number;
  seconds: number;
}

/** Where a run stands between two steps: with the network's weights all that it needs to go on with the same bits. */
export interface RunState {
  readonly step: number;
  readonly sums: Readonly<EpochSums>;
  readonly epochs: readonly EpochRecord[];
  readonly optimizer: OptimizerState;
  /** Training passes of the network, for its dropout masks. */
  readonly passes: number;
  /** The state carried between chunks. */
  readonly state?: State;
  /** The best weights so far and their loss, where the run stops early. */
  readonly best?: { readonly loss: number; readonly epoch: number; readonly weights: Float32Array };
}

/** One training run over one text. */
export class Run {
  readonly options: RunOptions;
  readonly #network: Network;
  readonly #batches: Batches;
  readonly #validation: Batches | undefined;
  readonly #optimizer: Optimizer;
  /** The weights before the last step, which gave a finite loss. */
  readonly #lastGood: Float32Array;
  #step = 0;
  #sums: EpochSums = { loss: 0, gradNorm: 0, seconds: 0 };
  #epochs: EpochRecord[] = [];
  #state: State | undefined;
  #best: RunState["best"];
  #learningRate = 0;

  /** @throws RangeError where the text is too short for the options */
  constructor(network: Network, corpus: Corpus, validation: Corpus | undefined, options: RunOptions) {
    this.options = options;
    this.#network = network;
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
    const moment = { epoch, step: this.#step, totalSteps: this.totalSteps };
    this.#learningRate = learningRateAt(this.options.learningRate, moment);
    this.#lastGood.set(this.#weights());
    this.#optimizer.learningRate = this.#learningRate;
    this.#optimizer.step();

    if (carriesState) this.#state = state;
    this.#sums.loss += loss;
    this.#sums.gradNorm += gradNorm;
    this.#sums.seconds += (performance.now() - start) / 1000;
    this.#step++;
    const symbols = inputs.data.length * (this.#step - epoch * stepsPerEpoch);
    const symbolsPerSecond = symbols / this.#sums.seconds;
    return { ...moment, loss, gradNorm, learningRate: this.#learningRate, symbolsPerSecond };
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

  /** Ends the run: the best weights, where it could stop early. @throws DivergedError if the last step broke them */
  finish(stopped: History["stopped"]): History {
    if (stopped !== "aborted") {
      if (this.#best) this.#weights().set(this.#best.weights);
      this.#requireFinite(this.#network.weightNorm(), 0);
    }
    return { epochs: [...this.#epochs], stopped, options: this.options };
  }

  /** Copies of all that the run needs to go on, but for the network's weights. */
  saveState(): RunState {
    return {
      step: this.#step,
      sums: { ...this.#sums },
      epochs: [...this.#epochs],
      optimizer: this.#optimizer.saveState(),
      passes: engineOf(this.#network).passes,
      ...(this.#state && { state: this.#state }),
      ...(this.#best && { best: { ...this.#best, weights: this.#best.weights.slice() } }),
    };
  }

  loadState({ step, sums, epochs, optimizer, passes, state, best }: RunState): void {
    this.#step = step;
    this.#sums = { ...sums };
    this.#epochs = [...epochs];
    this.#optimizer.loadState(optimizer);
    engineOf(this.#network).passes = passes;
    this.#state = state;
    this.#best = best;
    this.#lastGood.set(this.#weights());
  }

  #weights(): Float32Array {
    const engine = engineOf(this.#network);
    return engine.block(engine.parameters);
  }

  #requireFinite(loss: number, gradNorm: number): void {
    if (Number.isFinite(loss) && Number.isFinite(gradNorm)) return;
    this.#weights().set(this.#lastGood);
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

/** The text as training and validation batches. */
function cutText(
  corpus: Corpus,
  validationText: Corpus | undefined,
  options: RunOptions,
  seed: number,
): [Batches, Batches | undefined] {
  const { batching, sequenceLength: T, batchSize, stride, shuffle, validation } = options;
  const fraction = typeof validation === "number" ? validation : 0;
  if (batching === "windows") {
    const held = Math.ceil(fraction * corpus.length);
    const text = corpus.subarray(0, corpus.length - held);
    requireSymbols(text.length, T + 1, `one window of sequenceLength ${T}`, held);
    const batches = windowBatches(text, { sequenceLength: T, batchSize, stride, shuffle, seed });
    const heldText = validationText ?? (held > 0 ? corpus.subarray(corpus.length - held) : undefined);
    if (!heldText) return [batches, undefined];
    requireValidation(heldText.length, T + 1);
    const evaluation = { sequenceLength: T, batchSize: VALIDATION_WINDOWS, stride: T, shuffle: false, seed };
    return [batches, windowBatches(heldText, evaluation)];
  }

  const B = batchSize as number;
  const layout = streamLayout(corpus.length, B, T);
  // As char-rnn splits: ⌊(1 − fraction) · chunks⌋ chunks of each stream are trained on.
  const trained = Math.floor((1 - fraction) * layout.chunks + 1e-9);
  requireSymbols(trained > 0 ? corpus.length : 0, B * T + 1, `${B} streams of sequenceLength ${T}`, 0);
  const batches = streamBatches(corpus, layout, 0, trained);
  if (validationText) {
    requireValidation(validationText.length, T + 1);
    const streams = Math.min(B, Math.floor((validationText.length - 1) / T));
    const own = streamLayout(validationText.length, streams, T);
    return [batches, streamBatches(validationText, own, 0, own.chunks)];
  }
  if (fraction === 0) return [batches, undefined];
  if (trained === layout.chunks) {
    throw new RangeError(
      `"validation": expected a fraction that holds out at least one of the ${layout.chunks} chunks of a stream, got ${fraction}`,
    );
  }
  return [batches, streamBatches(corpus, layout, trained, layout.chunks)];
}

/** Windows that are evaluated at a time. */
const VALIDATION_WINDOWS = 256;

function requireSymbols(symbols: number, needed: number, what: string, held: number): void {
  if (symbols >= needed) return;
  const rest = held > 0 ? ` beside the ${held} held out` : "";
  throw new RangeError(`"text": expected at least ${needed} symbols for ${what}${rest}, got ${symbols}`);
}

function requireValidation(symbols: number, needed: number): void {
  if (symbols >= needed) return;
  throw new RangeError(`"validation": expected at least ${needed} symbols to be held out, got ${symbols}`);
}

function createOptimizer(network: Network, choice: OptimizerChoice): Optimizer {
  const { type, ...options } = typeof choice === "string" ? { type: choice } : choice;
  return new { adam: Adam, adamw: AdamW, rmsprop: RMSprop, sgd: SGD }[type](network, options);
}
