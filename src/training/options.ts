import { optimizerTables } from "../network/optimizers.js";
import {
  abortSignal,
  anyText,
  boolean,
  check,
  custom,
  either,
  integer,
  object,
  oneOf,
  optional,
  readOptions,
  real,
} from "../validate.js";
import { defaultsFor } from "./defaults.js";
import type { EpochRecord, TrainingProgress } from "./history.js";
import type { OptimizerChoice, RunOptions } from "./run-options.js";
import { checkSchedule, type Schedule, scheduleRule } from "./schedule.js";

/** How a text is trained on. What is not given is chosen from the text's length: see `defaultsFor`. */
export interface FitOptions {
  /**
   * "windows": sliding windows, each from a zero state. "streams": batchSize parallel streams whose state is carried
   * from chunk to chunk (truncated back-propagation through time), as char-rnn does.
   */
  readonly batching?: "windows" | "streams";
  /** T: symbols of a window or chunk, an integer ≥ 1. */
  readonly sequenceLength?: number;
  /** B: windows of a step, "full" for all of them; or streams. An integer ≥ 1. */
  readonly batchSize?: number | "full";
  /** "windows": from the start of one window to the next, an integer ≥ 1. Default 1. */
  readonly stride?: number;
  /** "windows": in another order every epoch. Default true, but for full batches, where it changes nothing but rounding. */
  readonly shuffle?: boolean;
  /** An integer ≥ 1. */
  readonly epochs?: number;
  readonly optimizer?: OptimizerChoice;
  /** > 0, or a schedule. */
  readonly learningRate?: number | Schedule;
  /** Gradients are scaled to at most this norm, > 0. */
  readonly maxGradNorm?: number;
  /** Gradients are clamped to ± this, > 0, before their norm is clipped. */
  readonly maxGradValue?: number;
  /** A fraction held out for validation, > 0 and < 1: the end of the text, or of each stream. Or a text of its own. */
  readonly validation?: number | string;
  /**
   * Ends the run when the validation loss (the training loss, where nothing is held out) has not been lower by more than
   * minDelta (≥ 0, default 0) for `patience` (≥ 1) epochs. Runs that have it end with their best weights.
   */
  readonly earlyStopping?: { readonly patience: number; readonly minDelta?: number };
  /** Go on where a saved training state stopped: the same bits as an uninterrupted run. Other options are that run's. */
  readonly resume?: boolean;
  /** Ends the run between two steps; the history then says "aborted". */
  readonly signal?: AbortSignal;
  /** Called, and waited for, after every step. */
  readonly onStep?: (progress: TrainingProgress) => unknown;
  /** Called, and waited for, after every epoch. */
  readonly onEpoch?: (record: EpochRecord) => unknown;
}

const functionRule = custom<(argument: never) => unknown>("a function", (value) => typeof value === "function");
const optimizerName = oneOf("adam", "adamw", "rmsprop", "sgd");
const optimizerRule = either(
  optimizerName,
  custom<Exclude<OptimizerChoice, string>>(
    `an object { type: ${optimizerName.expected}, … }`,
    (value) => optimizerName.fault((value as { type?: unknown } | null)?.type) === undefined,
  ),
);

const table = {
  batching: optional(oneOf("windows", "streams")),
  sequenceLength: optional(integer({ min: 1 })),
  batchSize: optional(either(integer({ min: 1 }), oneOf("full"))),
  stride: optional(integer({ min: 1 })),
  shuffle: optional(boolean()),
  epochs: optional(integer({ min: 1 })),
  optimizer: optional(optimizerRule),
  learningRate: optional(either(real({ above: 0 }), scheduleRule)),
  maxGradNorm: optional(real({ above: 0 })),
  maxGradValue: optional(real({ above: 0 })),
  validation: optional(either(real({ above: 0, below: 1 }), anyText())),
  earlyStopping: optional(object<{ patience: number; minDelta?: number }>()),
  resume: optional(boolean()),
  signal: optional(abortSignal()),
  onStep: optional(functionRule),
  onEpoch: optional(functionRule),
};

const earlyStoppingTable = { patience: integer({ min: 1 }), minDelta: optional(real({ min: 0 })) };

/** @throws TypeError, RangeError naming the bad option */
export function checkFitOptions(options: unknown): FitOptions {
  const resolved = readOptions("options", options, table);
  if (typeof resolved.learningRate === "object") checkSchedule(resolved.learningRate);
  if (typeof resolved.optimizer === "object") checkOptimizer(resolved.optimizer);
  if (resolved.earlyStopping) readOptions("earlyStopping", resolved.earlyStopping, earlyStoppingTable);
  if (resolved.batching === "streams") {
    if (resolved.batchSize === "full") {
      throw new RangeError(`"batchSize": expected an integer ≥ 1 with streams, got "full"`);
    }
    for (const key of ["stride", "shuffle"] as const) {
      if (resolved[key] !== undefined) throw new RangeError(`"${key}": only batching "windows" takes it`);
    }
  }
  if (resolved.resume) {
    const given = Object.entries(resolved).find(([key, value]) => value !== undefined && !RESUMABLE.has(key));
    if (given) throw new RangeError(`"${given[0]}": a resumed run has its own, and takes none`);
  }
  return Object.fromEntries(Object.entries(resolved).filter(([, value]) => value !== undefined));
}

function checkOptimizer({ type, ...options }: Exclude<OptimizerChoice, string>): void {
  const { learningRate, ...table } = optimizerTables[type];
  readOptions("optimizer", options, table);
}

/** What can be told to a run that goes on. */
const RESUMABLE: ReadonlySet<string> = new Set(["resume", "epochs", "signal", "onStep", "onEpoch"]);

/** The run that these options ask for, with what they leave open chosen from the text's and the network's size. */
export function completeOptions(options: FitOptions, symbols: number, hiddenSize: number): RunOptions {
  const { resume, signal, onStep, onEpoch, ...given } = options;
  return { ...defaultsFor(symbols, hiddenSize, given), ...given };
}

/** Options that a file has, as complete as a run needs them. @throws TypeError, RangeError naming the bad one */
export function checkRunOptions(options: unknown): RunOptions {
  const { resume, signal, onStep, onEpoch, ...given } = checkFitOptions(options);
  for (const key of ["batching", "sequenceLength", "batchSize", "epochs", "optimizer", "learningRate"] as const) {
    check(key, given[key], { expected: "a value", fault: (value) => (value === undefined ? "type" : undefined) });
  }
  return given as RunOptions;
}
