import type { RunOptions } from "./run-options.js";

/** What one step of training did. Losses are in nats per symbol. */
export interface TrainingProgress {
  /** From 0. */
  readonly epoch: number;
  /** Of the whole run, if it does not stop early. */
  readonly totalEpochs: number;
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

/** What one epoch of training did. Losses are in nats per symbol. */
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

/** What a run did, and how it ended. */
export interface History {
  readonly epochs: readonly EpochRecord[];
  readonly stopped: "finished" | "early" | "aborted";
  /** All options of the run, those chosen from the text's length too. */
  readonly options: RunOptions;
}
