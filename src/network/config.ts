import type { Numerics } from "../core/core.js";
import type { Cell } from "../core/layout.js";
import { either, integer, object, oneOf, optional, readOptions, real, withDefault } from "../validate.js";
import { type CreateWorker, createWorkerRule } from "../worker-start.js";

/** What a network is made of. H = hiddenSize, L = numLayers, D = inputSize, O = outputSize. */
export interface NetworkConfig {
  /** "rnn" is the Elman cell; formulas and gate order of all three are PyTorch's. */
  readonly cell: Cell;
  /** D: classes of an index input, or width of a real-valued one; ≥ 1. */
  readonly inputSize: number;
  /** H ≥ 1. */
  readonly hiddenSize: number;
  /** L, from 1 to 1024. Default 1. */
  readonly numLayers?: number;
  /** O ≥ 1: classes of the targets. */
  readonly outputSize: number;
  /** Of cell "rnn" only. Default "tanh". */
  readonly nonlinearity?: "tanh" | "relu";
  /** Share of each layer's outputs that the next layer does not see in training, ≥ 0 and < 1. Default 0. */
  readonly dropout?: number;
  /** Of the initial weights and of dropout, from 0 to 2³² − 1. Default 0. */
  readonly seed?: number;
  /** Instead of PyTorch's draw. Default {}: PyTorch's. */
  readonly initialization?: Initialization;
  /** "fast": the fastest core that this engine accepts. "reproducible": the same bits in every engine. Default "fast". */
  readonly numerics?: Numerics;
  /**
   * Threads that share the batch, from 1 to 64; the results are the same bits with any number of them. Where workers or
   * shared memory are not to be had (a page that is not cross-origin isolated) there is one; where a number was asked for,
   * with a warning.
   *
   * Default "auto": one thread at first. Where training passes take 2 ms and more, others are started (one for each
   * processor, four in all at most, one less in a Web Worker) as soon as the event loop turns, and stay if they save a
   * tenth of the time.
   */
  readonly threads?: number | "auto";
  /**
   * Starts a thread's worker, for a page whose content security policy forbids workers from blob: URLs:
   * `() => new Worker("/crew-worker.js")`, with the package's `rnn-wasm/crew-worker.js` served there. It is no part of
   * `Network.config`, nor of a file. Default: a blob: URL, and in Node a worker thread.
   */
  readonly createWorker?: CreateWorker | undefined;
}

/** How initial weights are drawn, where not as PyTorch draws them. */
export interface Initialization {
  /** Every weight and bias uniform in ±range, > 0. char-rnn takes 0.08. */
  readonly range?: number;
  /** b_ih of the LSTM's forget gate, and 0 for its b_hh: their sum is what the gate sees. char-rnn takes 1. */
  readonly forgetBias?: number;
}

const initializationTable = { range: optional(real({ above: 0 })), forgetBias: optional(real()) };

/** What a network is told beside its sizes. */
export const networkOptionRules = {
  nonlinearity: withDefault(oneOf("tanh", "relu"), "tanh"),
  dropout: withDefault(real({ min: 0, below: 1 }), 0),
  seed: withDefault(integer({ min: 0, max: 2 ** 32 - 1 }), 0),
  initialization: withDefault(object<Initialization>(), {}),
  numerics: withDefault(oneOf("fast", "reproducible"), "fast"),
  threads: withDefault(either(oneOf("auto"), integer({ min: 1, max: 64 })), "auto"),
  createWorker: createWorkerRule,
};

const table = {
  cell: oneOf("rnn", "gru", "lstm"),
  inputSize: integer({ min: 1 }),
  hiddenSize: integer({ min: 1 }),
  numLayers: withDefault(integer({ min: 1, max: 1024 }), 1),
  outputSize: integer({ min: 1 }),
  ...networkOptionRules,
};

/** All that a network is, each default filled in. */
export type ResolvedConfig = Required<Omit<NetworkConfig, "createWorker">>;

/** @throws TypeError, RangeError as `readOptions` */
export function resolveConfig(config: NetworkConfig): {
  config: ResolvedConfig;
  createWorker: CreateWorker | undefined;
} {
  const { createWorker, ...resolved } = readOptions("Network.create", config, table);
  const { range, forgetBias } = readOptions("initialization", resolved.initialization, initializationTable);
  if (resolved.cell !== "rnn" && resolved.nonlinearity !== "tanh") {
    throw new RangeError(`"nonlinearity": only cell "rnn" has a choice, and the cell is "${resolved.cell}"`);
  }
  if (resolved.cell !== "lstm" && forgetBias !== undefined) {
    throw new RangeError(`"forgetBias": only cell "lstm" has one, and the cell is "${resolved.cell}"`);
  }
  const initialization = Object.freeze({
    ...(range !== undefined && { range }),
    ...(forgetBias !== undefined && { forgetBias }),
  });
  return { config: Object.freeze({ ...resolved, initialization }), createWorker };
}

/** How a message names a network by what makes it large. */
export function describeNetwork({ inputSize, hiddenSize, numLayers, outputSize }: ResolvedConfig): string {
  return `a network with inputSize ${inputSize}, hiddenSize ${hiddenSize}, numLayers ${numLayers}, outputSize ${outputSize}`;
}
