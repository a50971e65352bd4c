import type { ParameterLayout } from "../core/layout.js";
import { CheckpointError } from "../errors.js";
import type { ResolvedConfig } from "../network/config.js";
import { checkStateDict, type StateDict } from "../network/state-dict.js";
import { checkTensorShape } from "../tensor/tensor.js";
import type { EpochRecord } from "../training/history.js";
import { checkRunOptions } from "../training/options.js";
import type { RunState } from "../training/run.js";
import { custom, integer, object, optional, readOptions, real } from "../validate.js";

/*
 * Where a training run stands, as JSON and tensors: "moment0.rnn.weight_ih_l0" … of the optimizer, "best." … where the
 * run may stop early, "state.h" and "state.c" where it carries a state.
 */

export function writeRunState(run: RunState): { json: string; tensors: StateDict } {
  const { optimizer, state, best, ...rest } = run;
  const tensors: StateDict = {};
  const add = (prefix: string, dict: StateDict) => {
    for (const [name, tensor] of Object.entries(dict)) tensors[prefix + name] = tensor;
  };
  for (const [i, moment] of optimizer.moments.entries()) add(`moment${i}.`, moment);
  if (best) add("best.", best.weights);
  if (state) add("state.", { h: state.h, ...(state.c && { c: state.c }) });
  const json = JSON.stringify({
    ...rest,
    optimizer: { steps: optimizer.steps, moments: optimizer.moments.length },
    ...(best && { best: { loss: best.loss, epoch: best.epoch } }),
    carriesState: state !== undefined,
  });
  return { json, tensors };
}

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
  carriesState: custom<boolean>("true or false", (value) => typeof value === "boolean"),
};
const sumsTable = { loss: real(), gradNorm: real(), seconds: real({ min: 0 }) };
const optimizerTable = { steps: count, moments: integer({ min: 0, max: 2 }) };
const bestTable = { loss: real(), epoch: count };
const epochTable = {
  epoch: count,
  loss: real(),
  validationLoss: optional(real()),
  learningRate: real({ above: 0 }),
  gradNorm: real(),
  symbolsPerSecond: real({ min: 0 }),
  seconds: real({ min: 0 }),
};

/** @throws CheckpointError, TypeError, RangeError with what is wrong */
export function readRunState(
  json: unknown,
  tensors: StateDict,
  layout: ParameterLayout,
  config: ResolvedConfig,
): RunState {
  const { carriesState, ...read } = readOptions("training", json, table);
  const options = checkRunOptions(read.options);
  const optimizer = readOptions("optimizer", read.optimizer, optimizerTable);
  const best = read.best && readOptions("best", read.best, bestTable);

  const left = { ...tensors };
  const take = (prefix: string) => {
    const dict: StateDict = {};
    for (const [name, tensor] of Object.entries(left)) {
      if (!name.startsWith(prefix)) continue;
      dict[name.slice(prefix.length)] = tensor;
      delete left[name];
    }
    return dict;
  };
  const moments = Array.from({ length: optimizer.moments }, (_, i) => checkStateDict(layout, take(`moment${i}.`)));
  const weights = best && checkStateDict(layout, take("best."));
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
    epochs: read.epochs.map((epoch) => readOptions("epoch", epoch, epochTable) as EpochRecord),
    optimizer: { steps: optimizer.steps, moments },
    ...(state && { state }),
    ...(best && weights && { best: { ...best, weights } }),
  };
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
