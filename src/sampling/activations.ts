import { Stepper } from "../network/stepper.js";
import type { Tensor } from "../tensor/tensor.js";
import { anyText, check, integer, optional, readOptions } from "../validate.js";
import type { TextModel } from "./reader.js";

/** Which layer to look into. */
export interface ActivationOptions {
  /** From 0, the lowest, to L − 1. Default: the highest. */
  readonly layer?: number;
}

/** What the units of a layer hold after each symbol of a text of T symbols. */
export interface Activations {
  /** (T) as the vocabulary has them. */
  readonly symbols: readonly string[];
  /** h (T, H); of tanh, gru and lstm from −1 to 1. */
  readonly hidden: Tensor;
  /** c (T, H), cell "lstm" only: without bounds, tanh c is what is often drawn. */
  readonly cell?: Tensor;
}

export function activations(model: TextModel, text: string, options: ActivationOptions): Activations {
  const { network, vocabulary } = model;
  const { numLayers, hiddenSize: H, cell } = network.config;
  const table = { layer: optional(integer({ min: 0, max: numLayers - 1 })) };
  const { layer = numLayers - 1 } = readOptions("options", options, table);
  const indices = vocabulary.encode(check("text", text, anyText()));
  const rows = (): Tensor => ({ data: new Float32Array(indices.length * H), shape: [indices.length, H] });
  const hidden = rows();
  const cells = cell === "lstm" ? rows() : undefined;
  const stepper = new Stepper(network);
  for (let t = 0; t < indices.length; t++) {
    stepper.feed(indices.subarray(t, t + 1));
    const { state } = stepper;
    if (state) hidden.data.set(state.h.data.subarray(layer * H, (layer + 1) * H), t * H);
    if (state?.c) cells?.data.set(state.c.data.subarray(layer * H, (layer + 1) * H), t * H);
  }
  const symbols = Array.from(indices, (index) => vocabulary.symbols[index] as string);
  return { symbols, hidden, ...(cells && { cell: cells }) };
}
