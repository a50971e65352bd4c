/** What every error class of this library extends. `code` is stable: test it, not the message. */
export abstract class RnnError extends Error {
  abstract readonly code: string;
  // Written out in every class: a bundler that minifies renames the classes themselves.
  abstract override readonly name: string;
}

/** A text has a symbol that the vocabulary lacks. */
export class UnknownSymbolError extends RnnError {
  override readonly name = "UnknownSymbolError";
  readonly code = "ERR_UNKNOWN_SYMBOL";
  /** The symbol that is not in the vocabulary. */
  readonly symbol: string;
  /** Where it starts in the text, in UTF-16 code units, as `text.indexOf` counts. */
  readonly offset: number;
  constructor(symbol: string, offset: number) {
    super(`${JSON.stringify(symbol)} at offset ${offset} is not in the vocabulary`);
    this.symbol = symbol;
    this.offset = offset;
  }
}

/** Saved weights do not fit: the message says which tensor, or what is wrong with the file. */
export class CheckpointError extends RnnError {
  override readonly name = "CheckpointError";
  readonly code = "ERR_CHECKPOINT";
}

/** The training loss stopped being a finite number. The model holds the last weights that gave a finite loss. */
export class DivergedError extends RnnError {
  override readonly name = "DivergedError";
  readonly code = "ERR_DIVERGED";
  /** The training step, counted from 0, whose loss or gradient was not finite. */
  readonly step: number;
  /** The learning rate of the step before. */
  readonly learningRate: number;
  /** The global gradient norm at that step. */
  readonly gradNorm: number;
  constructor(loss: number, step: number, learningRate: number, gradNorm: number) {
    super(
      `training diverged at step ${step}: loss ${loss}, gradient norm ${gradNorm}, learning rate ${learningRate}; ` +
        "the last good weights were restored, a smaller learningRate or maxGradNorm may help",
    );
    this.step = step;
    this.learningRate = learningRate;
    this.gradNorm = gradNorm;
  }
}

/** This engine cannot run the core; the message says what it lacks. */
export class WasmUnavailableError extends RnnError {
  override readonly name = "WasmUnavailableError";
  readonly code = "ERR_WASM_UNAVAILABLE";
}

/** The worker that held a model has ended, or could not be started; the message says why. The model is gone with it. */
export class WorkerLostError extends RnnError {
  override readonly name = "WorkerLostError";
  readonly code = "ERR_WORKER_LOST";
}
