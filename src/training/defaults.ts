import type { RunOptions } from "./run-options.js";

/** Up to so many symbols a text is memorised; beyond, it is learned from. */
const SHORT = 2_000;
/** Windows that one step sees at most when a text is memorised. */
const WINDOWS = 256;
/** Streams have about so many chunks at least, so that some can be held out. */
const CHUNKS = 40;
/** Fewer chunks in a stream leave nothing to hold out. */
const CHUNKS_FOR_VALIDATION = 10;
/** Training steps after which a network of this kind has learned most of what it will. */
const STEPS = 5_000;

/**
 * What a run does that was told nothing else, from the number of symbols n and the hidden size H:
 *
 * | | n ≤ 2,000: memorised | n > 2,000: learned |
 * |---|---|---|
 * | batching | windows, stride 1 | streams |
 * | sequenceLength | 10 | 50 |
 * | batchSize | all windows up to 256, else 256 shuffled ones | n / 2,000, from 4 to 50 streams |
 * | epochs | 250 for all windows in one step, else 100 | about 5,000 steps, from 2 to 250 epochs |
 * | optimizer | Adam | Adam |
 * | learning rate | cosine from 0.05 · min(1, 25 / H) down to 5 % | cosine from 0.004 · √(128 / H) down to 5 % |
 * | gradient norm | at most 0.25 | at most 1 |
 * | validation | none | 5 %, or 10 % below 40 chunks a stream, none below 10 |
 * | early stopping | none | after a tenth of the epochs, at least 3, without a better validation loss |
 *
 * The lab's own recipe (learning rate 0.1, no clipping) fails for 44 of 100 seeds; a cosine with a small gradient norm
 * does not. A caller's own learning rate is taken as it is, and then nothing is clipped that was not asked for.
 */
export function defaultsFor(symbols: number, hiddenSize: number, given: Partial<RunOptions>): RunOptions {
  const batching = given.batching ?? (symbols <= SHORT ? "windows" : "streams");
  return batching === "windows"
    ? windowDefaults(symbols, hiddenSize, given)
    : streamDefaults(symbols, hiddenSize, given);
}

function windowDefaults(symbols: number, hiddenSize: number, given: Partial<RunOptions>): RunOptions {
  const sequenceLength = given.sequenceLength ?? Math.max(1, Math.min(10, symbols - 1));
  const windows = Math.floor((symbols - sequenceLength - 1) / (given.stride ?? 1)) + 1;
  const batchSize = given.batchSize ?? (windows <= WINDOWS ? "full" : WINDOWS);
  return {
    batching: "windows",
    sequenceLength,
    batchSize,
    stride: 1,
    shuffle: batchSize !== "full",
    epochs: batchSize === "full" ? 250 : 100,
    optimizer: "adam",
    learningRate: { type: "cosine", learningRate: 0.05 * Math.min(1, 25 / hiddenSize), finalFraction: 0.05 },
    ...(given.learningRate === undefined && { maxGradNorm: 0.25 }),
  };
}

function streamDefaults(symbols: number, hiddenSize: number, given: Partial<RunOptions>): RunOptions {
  const sequenceLength = given.sequenceLength ?? 50;
  const fitting = Math.round(symbols / (sequenceLength * CHUNKS));
  const batchSize = (given.batchSize as number | undefined) ?? Math.max(4, Math.min(50, fitting));
  const chunks = Math.floor((symbols - 1) / (batchSize * sequenceLength));
  const epochs = given.epochs ?? Math.max(2, Math.min(250, Math.ceil(STEPS / Math.max(1, chunks))));
  const validates = given.validation !== undefined || chunks >= CHUNKS_FOR_VALIDATION;
  return {
    batching: "streams",
    sequenceLength,
    batchSize,
    epochs,
    optimizer: "adam",
    learningRate: { type: "cosine", learningRate: 0.004 * Math.sqrt(128 / hiddenSize), finalFraction: 0.05 },
    ...(given.learningRate === undefined && { maxGradNorm: 1 }),
    ...(validates && { validation: chunks >= CHUNKS ? 0.05 : 0.1 }),
    ...(validates && { earlyStopping: { patience: Math.max(3, Math.ceil(epochs / 10)) } }),
  };
}
