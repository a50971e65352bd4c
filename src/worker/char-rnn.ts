/// <reference lib="esnext.disposable" preserve="true" />
import {
  type ActivationOptions,
  type Activations,
  type Beam,
  type BeamSearchOptions,
  type CharRNNOptions,
  type EvaluateOptions,
  type Evaluation,
  type FitOptions,
  type GenerateManyOptions,
  type GenerateOptions,
  type History,
  type Ranking,
  type ResolvedConfig,
  type ScoreOptions,
  type ScoreStreamOptions,
  type SessionOptions,
  type StateDict,
  type SymbolScore,
  type ThreadOptions,
  type TrainingProgress,
  Vocabulary,
} from "../index.js";
import { check } from "../validate.js";
import { createWorkerRule } from "../worker-start.js";
import { drive, resultOf } from "./drive.js";
import { Link } from "./link.js";
import type { ModelFacts } from "./protocol.js";
import { Remote } from "./remote.js";
import { type Portable, portable, Session } from "./session.js";

/** What a page knows of a network that is in a worker. */
export interface RemoteNetwork {
  readonly config: ResolvedConfig;
  /** Weights and biases of all layers. */
  readonly parameterCount: number;
  /** Copies of all parameters under PyTorch's names, in PyTorch's layouts. */
  stateDict(): Promise<StateDict>;
  /** Rejects with CheckpointError naming the tensor that is missing, extra or misshapen; the weights then stay as they were. */
  loadStateDict(dict: StateDict): Promise<void>;
}

/**
 * The CharRNN of `rnn-wasm` in a worker of its own: training never keeps the page from painting. Every call is
 * asynchronous, and errors are those of the other class, with their classes; beside them WorkerLostError, when the worker
 * has ended or could not be started.
 *
 * The worker ends with `terminate`, with `using`, and when the model and its sessions are garbage. An idle one does not
 * keep a Node process alive.
 *
 * @example
 * import { CharRNN } from "rnn-wasm/worker";
 * using model = await CharRNN.create({ vocabulary: text });
 * for await (const { epoch, loss } of model.train(text)) show(epoch, loss);
 */
export class CharRNN {
  readonly network: RemoteNetwork;
  readonly vocabulary: Vocabulary;
  readonly #remote: Remote;

  /**
   * A model in a new worker.
   *
   * @param options as for the other class. createWorker starts this worker, from the package's `rnn-wasm/worker-thread.js`;
   * threads that the model has beside it are always started from blob: URLs.
   * @throws TypeError, RangeError, WasmUnavailableError, WorkerLostError
   */
  static async create(options: CharRNNOptions): Promise<CharRNN> {
    const { createWorker, vocabulary, ...rest } = { ...options };
    const known = vocabulary instanceof Vocabulary ? vocabulary.toJSON() : vocabulary;
    return CharRNN.#open(createWorker, (link) => link.ask((host) => host.create({ ...rest, vocabulary: known })));
  }

  /**
   * The model that `save` wrote, in a new worker.
   *
   * @param bytes they move to the worker, and are gone here; part of a larger buffer is copied
   * @throws TypeError, CheckpointError, WasmUnavailableError, WorkerLostError
   */
  static async load(bytes: Uint8Array, options: ThreadOptions = {}): Promise<CharRNN> {
    const { createWorker, ...rest } = { ...options };
    return CharRNN.#open(createWorker, (link) => link.call(0, "load", [bytes, rest]));
  }

  static async #open(
    createWorker: ThreadOptions["createWorker"],
    make: (link: Link) => Promise<ModelFacts>,
  ): Promise<CharRNN> {
    if (createWorker !== undefined) check("createWorker", createWorker, createWorkerRule);
    const link = new Link(createWorker);
    try {
      return new CharRNN(link, await make(link));
    } catch (error) {
      link.ends.lose("no model was made");
      throw error;
    }
  }

  private constructor(link: Link, { target, vocabulary, config, parameterCount }: ModelFacts) {
    this.#remote = new Remote(link, target);
    this.vocabulary = Vocabulary.fromJSON(vocabulary);
    this.network = {
      config: Object.freeze(config),
      parameterCount,
      stateDict: () => this.#remote.call("network.stateDict"),
      loadStateDict: (dict) => this.#remote.call("network.loadStateDict", dict),
    };
  }

  /** Ends the worker at once. Calls under way, and later ones, reject with WorkerLostError. */
  terminate(): void {
    this.#remote.link.ends.lose("it was terminated");
  }

  // An engine that does not know these symbols has one method named "undefined" for both, which is none the worse.
  /** `using model = …` terminates at the end of the block. */
  [Symbol.dispose](): void {
    this.terminate();
  }

  /** As Symbol.dispose. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.terminate();
  }

  /**
   * Trains on a text.
   *
   * @param text a string, or its pieces, which the worker asks for one by one
   * @param options as for the other class. onStep and onEpoch are called on this side, and the run waits for them:
   * without them, it does not wait for this side at all.
   * @throws as the other class; what a callback throws, which ends the run; WorkerLostError
   */
  fit(text: string | AsyncIterable<string>, options: FitOptions = {}): Promise<History> {
    return resultOf(drive(this.#remote, "fit", text, options));
  }

  /**
   * The same run as `fit`, step by step: the worker waits until the next one is asked for, and leaving the loop ends it.
   *
   * @throws as `fit`, at the first step
   */
  train(text: string | AsyncIterable<string>, options: FitOptions = {}): AsyncIterable<TrainingProgress> {
    return drive(this.#remote, "train", text, options) as AsyncIterable<TrainingProgress>;
  }

  /** As for the other class. The bytes move here. */
  save(options: { training?: boolean } = {}): Promise<Uint8Array<ArrayBuffer>> {
    return this.#remote.call("save", options);
  }

  /** As for the other class: a model in the same worker, which ends for both. */
  async extend(text: string | Iterable<string>): Promise<CharRNN> {
    const pieces = typeof text === "string" ? text : [...text];
    return new CharRNN(this.#remote.link, await this.#remote.call<ModelFacts>("extend", pieces));
  }

  /** As for the other class. */
  predict(text: string, options: { sequenceLength: number }): Promise<string> {
    return this.#remote.call("predict", text, options);
  }

  /** As for the other class. */
  evaluate(text: string, options: EvaluateOptions = {}): Promise<Evaluation> {
    return this.#remote.call("evaluate", text, options);
  }

  /** As for the other class. */
  rank(texts: readonly string[], options: EvaluateOptions = {}): Promise<Ranking[]> {
    return this.#remote.call("rank", texts, options);
  }

  /** As for the other class. */
  score(text: string, options: ScoreOptions = {}): Promise<SymbolScore[]> {
    return this.#remote.call("score", text, options);
  }

  /** As for the other class; errors come at the first score. The worker is ahead by a few milliseconds at most. */
  scoreStream(text: string | AsyncIterable<string>, options: ScoreStreamOptions = {}): AsyncIterable<SymbolScore> {
    return drive(this.#remote, "scoreStream", text, options) as AsyncIterable<SymbolScore>;
  }

  /** As for the other class. `allowed` is a list or a RegExp: the worker cannot call a function of this side. */
  async generate(options: Portable<GenerateOptions>): Promise<string> {
    portable(options);
    if (options?.signal === undefined) return this.#remote.call("generate", options);
    return resultOf(drive(this.#remote, "generate", undefined, options));
  }

  /** As for the other class; errors come at the first symbol. The worker is ahead by a few milliseconds at most. */
  stream(options: Portable<GenerateOptions>): AsyncIterable<string> {
    return drive(this.#remote, "stream", undefined, portable(options)) as AsyncIterable<string>;
  }

  /** As for the other class, but with a signal one text after another. */
  async generateMany(options: Portable<GenerateManyOptions>): Promise<string[]> {
    portable(options);
    if (options?.signal === undefined) return this.#remote.call("generateMany", options);
    return resultOf(drive(this.#remote, "generateMany", undefined, options));
  }

  /** As for the other class. */
  beamSearch(options: BeamSearchOptions): Promise<Beam[]> {
    return this.#remote.call("beamSearch", options);
  }

  /** As for the other class, with its values moved here. */
  activations(text: string, options: ActivationOptions = {}): Promise<Activations> {
    return this.#remote.call("activations", text, options);
  }

  /** As for the other class: a session in the same worker. */
  async session(options: SessionOptions = {}): Promise<Session> {
    return new Session(this.#remote.other(await this.#remote.call("session", options)));
  }

  /** The session that `Session.save` wrote, for the same model: `Session.restore` of the other class. The bytes move. */
  async restoreSession(bytes: Uint8Array): Promise<Session> {
    return new Session(this.#remote.other(await this.#remote.call("restore", bytes)));
  }
}
