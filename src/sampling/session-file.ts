import { CheckpointError } from "../errors.js";
import { decodeSafetensors, encodeSafetensors, requireFormat, VERSION } from "../formats/safetensors.js";
import type { Position } from "../network/stepper.js";
import { checkTensorShape, type Tensor } from "../tensor/tensor.js";
import { fingerprint } from "../text/fingerprint.js";
import { custom, integer, readOptions } from "../validate.js";
import { CONTEXT } from "./context.js";
import { seedRule } from "./options.js";
import type { TextModel } from "./reader.js";

/*
 * A session's file is a safetensors file with the tensors "logits" (V), "h" (L, 1, H) and for lstm "c", none before the
 * first symbol, and one piece of JSON in its metadata.
 */

const FORMAT = "rnn-wasm session";

export interface SavedSession {
  readonly undoLimit: number;
  readonly seed: number;
  /** Random numbers drawn. */
  readonly drawn: number;
  /** Symbols of the whole text. */
  readonly count: number;
  /** The indices of its last symbols, at most CONTEXT. */
  readonly recent: ArrayLike<number> & Iterable<number>;
  readonly position: Position | undefined;
}

const table = {
  undoLimit: integer({ min: 0, max: CONTEXT }),
  seed: seedRule,
  drawn: integer({ min: 0 }),
  count: integer({ min: 0 }),
  recent: custom<number[]>("a list of indices", (value) => Array.isArray(value) && value.length <= CONTEXT),
  vocabulary: integer({ min: 0, max: 2 ** 32 - 1 }),
};

export function encodeSession(model: TextModel, { position, recent, ...rest }: SavedSession): Uint8Array<ArrayBuffer> {
  const tensors: Record<string, Tensor> = {};
  if (position) {
    const { logits, state } = position;
    tensors.logits = { data: logits, shape: [logits.length] };
    if (state) tensors.h = state.h;
    if (state?.c) tensors.c = state.c;
  }
  const session = JSON.stringify({ ...rest, recent: [...recent], vocabulary: vocabularyPrint(model) });
  return encodeSafetensors({ tensors, metadata: { format: FORMAT, version: VERSION, session } });
}

/** @throws CheckpointError with the reason */
export function decodeSession(model: TextModel, bytes: Uint8Array): SavedSession {
  const { tensors, metadata } = decodeSafetensors(bytes);
  requireFormat(metadata, FORMAT, "the session");
  try {
    const { vocabulary, ...read } = readOptions("session", JSON.parse(metadata.session ?? ""), table);
    if (vocabulary !== vocabularyPrint(model))
      throw new CheckpointError("it belongs to a model with another vocabulary");
    model.vocabulary.decode(read.recent); // which checks the indices
    return { ...read, position: readPosition(model, tensors) };
  } catch (error) {
    throw new CheckpointError(`the session's file: ${(error as Error).message}`);
  }
}

function readPosition({ network }: TextModel, tensors: Readonly<Record<string, Tensor>>): Position | undefined {
  const { logits, h, c, ...others } = tensors;
  const { cell, numLayers, hiddenSize, outputSize } = network.config;
  if (!logits && !h && !c) return undefined;
  const [extra] = Object.keys(others);
  if (!logits || !h || (c !== undefined) !== (cell === "lstm") || extra !== undefined) {
    throw new CheckpointError(`its tensors are not those of cell "${cell}"`);
  }
  checkTensorShape("logits", logits, [outputSize]);
  for (const [name, tensor] of Object.entries({ h, ...(c && { c }) })) {
    checkTensorShape(name, tensor, [numLayers, 1, hiddenSize]);
  }
  return { logits: logits.data, state: { h, ...(c && { c }) } };
}

/** Of the vocabulary as JSON, code unit by code unit. */
function vocabularyPrint({ vocabulary }: TextModel): number {
  const json = JSON.stringify(vocabulary);
  return fingerprint(Uint16Array.from({ length: json.length }, (_, i) => json.charCodeAt(i)));
}
