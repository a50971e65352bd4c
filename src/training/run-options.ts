import type { AdamOptions, RMSpropOptions, SGDOptions } from "../network/optimizers.js";
import type { Schedule } from "./schedule.js";

/** The optimizers of this library by name. */
export type OptimizerName = "adam" | "adamw" | "rmsprop" | "sgd";

/** An optimizer by name, or with options of its own; the learning rate is the run's. */
export type OptimizerChoice =
  | OptimizerName
  | ({ readonly type: "adam" | "adamw" } & Omit<AdamOptions, "learningRate">)
  | ({ readonly type: "rmsprop" } & Omit<RMSpropOptions, "learningRate">)
  | ({ readonly type: "sgd" } & Omit<SGDOptions, "learningRate">);

/** All keys of a run that its result depends on. */
export interface RunOptions {
  readonly batching: "windows" | "streams";
  readonly sequenceLength: number;
  readonly batchSize: number | "full";
  /** "windows" only. */
  readonly stride?: number;
  readonly shuffle?: boolean;
  readonly epochs: number;
  readonly optimizer: OptimizerChoice;
  readonly learningRate: number | Schedule;
  readonly maxGradNorm?: number;
  readonly maxGradValue?: number;
  readonly validation?: number | string;
  readonly earlyStopping?: { readonly patience: number; readonly minDelta?: number };
}
