import type { ParameterLayout } from "../core/layout.js";
import { CheckpointError } from "../errors.js";
import type { ResolvedConfig } from "../network/config.js";
import { checkStateDict, type StateDict } from "../network/state-dict.js";
import { checkTensorShape } from "../tensor/tensor.js";
import type { EpochRecord } from "../training/history.js";
import { checkRunOptions } from "../training/options.js";
import type { RunState } from "../training/run.js";
import { boolean, custom, integer, object, optional, readOptions, real } from "../validate.js";
import { splitByPrefix, withPrefix } from "./prefixes.js";

/*
 * Where a training run stands, as JSON and tensors: "moment0.rnn.weight_ih_l0" … of the optimizer, "best." … where the
 * run may stop early, "last." … where it ended with its best weights, "state.h" and "state.c" where it carries a state.
 */

export function writeRunState(run: RunState): { json: string; tensors: StateDict } {
  const { optimizer, state, best, last, ...rest } = run;
  const tensors: StateDict = Object.assign(
    {},
    ...optimizer.moments.map((moment, i) => withPrefix(`moment${i}.`, moment)),
    best && withPrefix("best.", best.weights),
    last && withPrefix("last.", last),
    state && withPrefix("state.", { h: state.h, ...(state.c && { c: state.c }) }),
  );
  const all = {
    ...rest,
    options: checkRunOptions(rest.options), // in the order in which a loaded state has them
    optimizer: { steps: optimizer.steps, moments: optimizer.moments.length },
    ...(best && { best: { loss: best.loss, epoch: best.epoch } }),
    carriesState: state !== undefined,
    hasLast: last !== undefined,
  };
  return { json: JSON.stringify(all, (_, value) => (isUnbounded(value) ? String(value) : value)), tensors };
}

/** What JSON would write as null: a diverging run's validation loss, the speed by a clock that stood still. */
const UNBOUNDED: readonly unknown[] = ["NaN", "Infinity", "-Infinity"];

function isUnbounded(value: unknown): boolean {
  return typeof value === "number" && !Number.isFinite(value);
}

/** Any number: a finite one, or the text of one that is not. */
const measured = custom<number | string>("a number", (value) => Number.isFinite(value) || UNBOUNDED.includes(value));

const count = integer({ min: 0 });
const table = {
  options: object<Record<string, unknown>>(),
  symbols: integer({ min: 2 }),
  fingerprint: integer({ min: 0, max: 2 ** 32 - 1 }),
  step: count,
  passes: count,
  sums: object<Record<string, unknown>>(),
  epochs: custom<unknown[]>("a list of epochs", Array.isArray),
  optimizer: object<Record<string, unknown>>(),
  best: optional(object<Record<string, unknown>>()),
  carriesState: boolean(),
  hasLast: boolean(),
};
const sumsTable = { loss: real(), gradNorm: real(), seconds: real({ min: 0 }) };
const optimizerTable = { steps: count, moments: integer({ min: 0, max: 2 }) };
const bestTable = { loss: measured, epoch: count };
const epochTable = {
  epoch: count,
  loss: real(),
  validationLoss: optional(measured),
  learningRate: real({ above: 0 }),
  gradNorm: real(),
  symbolsPerSecond: measured,
  seconds: real({ min: 0 }),
};

/** @throws CheckpointError, TypeError, RangeError with what is wrong */
export function readRunState(
  json: unknown,
  tensors: StateDict,
  layout: ParameterLayout,
  config: ResolvedConfig,
): RunState {
  const { carriesState, hasLast, ...read } = readOptions("training", json, table);
  const options = checkRunOptions(read.options);
  const optimizer = readOptions("optimizer", read.optimizer, optimizerTable);
  const best = read.best && readOptions("best", read.best, bestTable);
  requireConsistent("a carried state", carriesState, options.batching === "streams" && read.step > 0);
  requireConsistent("best weights", best !== undefined, options.earlyStopping !== undefined && read.epochs.length > 0);

  let left = tensors;
  const take = (prefix: string) => {
    const { own, others } = splitByPrefix(prefix, left);
    left = others;
    return own;
  };
  const moments = Array.from({ length: optimizer.moments }, (_, i) => checkStateDict(layout, take(`moment${i}.`)));
  const weights = best && checkStateDict(layout, take("best."));
  const last = hasLast ? checkStateDict(layout, take("last.")) : undefined;
  const state = carriesState ? readState(take("state."), options.batchSize, config) : undefined;
  const [extra] = Object.keys(left);
  if (extra !== undefined) throw new CheckpointError(`tensor "${extra}" is none of a training state's`);
  return {
    options,
    symbols: read.symbols,
    fingerprint: read.fingerprint,
    step: read.step,
    passes: read.passes,
    sums: readOptions("sums", read.sums, sumsTable),
    epochs: read.epochs.map(readEpoch),
    optimizer: { steps: optimizer.steps, moments },
    ...(state && { state }),
    ...(best && weights && { best: { loss: Number(best.loss), epoch: best.epoch, weights } }),
    ...(last && { last }),
  };
}

function requireConsistent(what: string, has: boolean, needs: boolean): void {
  if (has !== needs)
    throw new CheckpointError(`the training state ${has ? "has" : "lacks"} ${what} against its options`);
}

function readEpoch(epoch: unknown): EpochRecord {
  const read = readOptions("epoch", epoch, epochTable);
  const { validationLoss, symbolsPerSecond } = read;
  // Each key stays in its place, so that a loaded state is saved as the same bytes.
  return {
    ...read,
    symbolsPerSecond: Number(symbolsPerSecond),
    ...(validationLoss !== undefined && { validationLoss: Number(validationLoss) }),
  } as EpochRecord;
}

function readState({ h, c, ...others }: StateDict, batchSize: number | "full", config: ResolvedConfig) {
  const shape = [config.numLayers, batchSize as number, config.hiddenSize];
  const hasCell = config.cell === "lstm";
  const [extra] = Object.keys(others);
  if (!h || hasCell !== (c !== undefined) || extra !== undefined) {
    throw new CheckpointError(`the carried state is not that of cell "${config.cell}"`);
  }
  checkTensorShape("state.h", h, shape);
  if (c) checkTensorShape("state.c", c, shape);
  return { h, ...(c && { c }) };
}
