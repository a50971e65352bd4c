import { type ParameterLayout, readParameter, writeParameter } from "../core/layout.js";
import { CheckpointError } from "../errors.js";
import { arrayOf, formatShape, sizeOf, type Tensor } from "../tensor/tensor.js";
import { check, describe, object } from "../validate.js";
import { copyRows } from "./rows.js";

/**
 * PyTorch's names and layouts: rnn.weight_ih_l0 (G·H, D), rnn.weight_hh_l0 (G·H, H), rnn.bias_ih_l0 (G·H),
 * rnn.bias_hh_l0 (G·H), …, fc.weight (O, H), fc.bias (O). Gates in PyTorch's order.
 */
export type StateDict = Record<string, Tensor>;

/** Copies of all tensors of a block. */
export function readStateDict(layout: ParameterLayout, block: Float32Array): StateDict {
  return Object.fromEntries(
    layout.slots.map((slot) => [slot.name, { data: readParameter(slot, block), shape: slot.shape }]),
  );
}

/** Writes all tensors of a checked dictionary into a block. */
export function writeStateDict(layout: ParameterLayout, block: Float32Array, dict: StateDict): void {
  // Padding takes part in the products and has to be zero, also after a run that filled it with NaN.
  block.fill(0);
  for (const slot of layout.slots) writeParameter(slot, block, (dict[slot.name] as Tensor).data);
}

/**
 * `fresh` with all that `old` has: where a tensor grew, in its rows or columns, its old part takes the first places.
 */
export function growStateDict(old: StateDict, fresh: StateDict): StateDict {
  return Object.fromEntries(
    Object.entries(fresh).map(([name, { data, shape }]) => {
      const { data: known, shape: knownShape } = old[name] as Tensor;
      const [rows = 0, columns = 1] = knownShape;
      const grown = data.slice();
      copyRows(grown, shape[1] ?? 1, known, columns, rows, columns);
      return [name, { data: grown, shape }];
    }),
  );
}

/** @throws TypeError where it is no object, CheckpointError naming the tensor that is missing, extra or misshapen */
export function checkStateDict(layout: ParameterLayout, dict: unknown): StateDict {
  const given = check("dict", dict, object<Record<string, unknown>>());
  for (const { name, shape } of layout.slots) {
    if (!Object.hasOwn(given, name)) throw new CheckpointError(`tensor "${name}" is missing`);
    const fault = tensorFault(given[name], shape);
    if (fault) throw new CheckpointError(`tensor "${name}": expected shape ${formatShape(shape)}, got ${fault}`);
  }
  const known = new Set(layout.slots.map(({ name }) => name));
  for (const name of Object.keys(given)) {
    if (!known.has(name)) throw new CheckpointError(`tensor "${name}" is none of this network's`);
  }
  return given as StateDict;
}

const floats = arrayOf("Float32Array");

/** What is wrong with a tensor that should have this shape. */
function tensorFault(value: unknown, shape: readonly number[]): string | undefined {
  const { data, shape: theirs } = (value ?? {}) as Partial<Tensor>;
  if (floats.fault(data) || !Array.isArray(theirs)) return describe(value);
  if (theirs.length !== shape.length || theirs.some((dimension, i) => dimension !== shape[i])) {
    return formatShape(theirs);
  }
  const { length } = data as Float32Array;
  return length === sizeOf(shape) ? undefined : `${length} numbers`;
}
