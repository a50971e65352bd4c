import { type Batches, streamBatches, streamLayout, windowBatches } from "./batches.js";
import type { Corpus } from "./corpus.js";
import type { RunOptions } from "./options.js";

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
