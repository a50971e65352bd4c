import { type Batches, streamBatches, streamLayout, windowBatches } from "./batches.js";
import type { Corpus } from "./corpus.js";
import type { RunOptions } from "./run-options.js";

/**
 * The text as training and validation batches.
 *
 * @throws RangeError where it is too short for the options
 */
export function cutText(
  corpus: Corpus,
  validationText: Corpus | undefined,
  options: RunOptions,
  seed: number,
): [Batches, Batches | undefined] {
  const { batching, sequenceLength: T, batchSize, stride = 1, shuffle = false, validation } = options;
  const fraction = typeof validation === "number" ? validation : 0;
  if (batching === "windows") {
    const held = Math.ceil(fraction * corpus.length - ROUNDING);
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
  const trained = Math.floor((1 - fraction) * layout.chunks + ROUNDING);
  const needed = fraction > 0 ? 2 : 1;
  const held = fraction > 0 ? ", one of two chunks held out" : "";
  requireSymbols(corpus.length, needed * B * T + 1, `${B} streams of sequenceLength ${T}${held}`, 0);
  const batches = streamBatches(corpus, layout, 0, trained);
  if (validationText) {
    requireValidation(validationText.length, T + 1);
    const streams = Math.min(B, Math.floor((validationText.length - 1) / T));
    const own = streamLayout(validationText.length, streams, T);
    return [batches, streamBatches(validationText, own, 0, own.chunks)];
  }
  if (fraction === 0) return [batches, undefined];
  if (trained === 0 || trained === layout.chunks) {
    const some = `a fraction that leaves some of the ${layout.chunks} chunks of a stream on both sides`;
    throw new RangeError(`"validation": expected ${some}, got ${fraction}`);
  }
  return [batches, streamBatches(corpus, layout, trained, layout.chunks)];
}

/** 0.07 · 100 is a little more than 7: a fraction that comes out whole is whole. */
const ROUNDING = 1e-9;

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
