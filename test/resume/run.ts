import { createHash } from "node:crypto";
import { expect } from "vitest";
import { CharRNN, type CharRNNOptions, type FitOptions, type History } from "../../src/index.js";
import { openFile, textOf } from "../formats/files.js";

/*
 * Runs that are interrupted, and what they must be equal to.
 */

export const TEXT = "the quick brown fox jumps over the lazy dog; pack my box with five dozen jugs";

export interface Case {
  readonly model: Partial<CharRNNOptions>;
  readonly fit: FitOptions;
}

/** A saved state and the moment at which it was saved. */
export interface Snapshot {
  readonly when: string;
  readonly bytes: Uint8Array;
}

export function createModel(options: Partial<CharRNNOptions>): Promise<CharRNN> {
  return CharRNN.create({ vocabulary: TEXT, cell: "rnn", hiddenSize: 5, numLayers: 1, seed: 7, ...options });
}

/** Callbacks that save after every step and every epoch. */
export function snapshooter(model: CharRNN): { snapshots: Snapshot[]; options: FitOptions } {
  const snapshots: Snapshot[] = [];
  const save = (when: string) => void snapshots.push({ when, bytes: model.save({ training: true }) });
  return {
    snapshots,
    options: {
      onStep: ({ step }) => save(`step ${step}`),
      onEpoch: ({ epoch }) => save(`epoch ${epoch}`),
    },
  };
}

export async function resume(
  bytes: Uint8Array,
  options: FitOptions = {},
): Promise<{ model: CharRNN; history: History }> {
  const model = await CharRNN.load(bytes);
  return { model, history: await model.fit(TEXT, { resume: true, ...options }) };
}

/** The same file, the same training state but for the time that it took, the same history. */
export function expectSameRun(
  actual: { model: CharRNN; history: History },
  expected: { model: CharRNN; history: History },
  when: string,
): void {
  expect(textOf(actual.model.save()) === textOf(expected.model.save()), `${when}: the same file`).toBe(true);
  expect(stateOf(actual.model), when).toEqual(stateOf(expected.model));
  expect(withoutTime(actual.history), when).toEqual(withoutTime(expected.history));
}

/** What a resumed run goes on from: the bytes of its tensors, hashed, and its numbers but for the time. */
function stateOf(model: CharRNN) {
  const { metadata, entries, data } = openFile(model.save({ training: true }));
  const state = JSON.parse(metadata.training as string, (key, value) => (TIME.has(key) ? undefined : value));
  const tensors = Object.entries(entries).map(([name, { shape, data_offsets }]) => {
    const bytes = data.subarray(...(data_offsets as [number, number]));
    return [name, shape, createHash("sha256").update(bytes).digest("hex")];
  });
  return { state, tensors };
}

function withoutTime(history: History): unknown {
  return JSON.parse(JSON.stringify(history, (key, value) => (TIME.has(key) ? undefined : value)));
}

const TIME: ReadonlySet<string> = new Set(["seconds", "symbolsPerSecond"]);
