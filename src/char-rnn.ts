import { decodeCheckpoint, encodeCheckpoint } from "./formats/checkpoint.js";
import { type NetworkConfig, networkOptionRules } from "./network/config.js";
import { Network, type State } from "./network/network.js";
import { growStateDict } from "./network/state-dict.js";
import { argmax } from "./tensor/argmax.js";
import type { Tensor } from "./tensor/tensor.js";
import { Vocabulary } from "./text/vocabulary.js";
import { slidingWindows, stitchWindows } from "./text/windows.js";
import { encodeCorpus } from "./training/corpus.js";
import { trainSteps } from "./training/fit.js";
import type { History, TrainingProgress } from "./training/history.js";
import { checkFitOptions, completeOptions, type FitOptions } from "./training/options.js";
import { Run, type RunState } from "./training/run.js";
import { anyText, boolean, check, custom, either, integer, oneOf, readOptions, withDefault } from "./validate.js";

export interface CharRNNOptions
  extends Pick<NetworkConfig, "nonlinearity" | "dropout" | "seed" | "initialization" | "numerics"> {
  /** The symbols of the model, or a text that has them all. */
  readonly vocabulary: Vocabulary | string;
  /** Default "lstm". */
  readonly cell?: NetworkConfig["cell"];
  /** H ≥ 1. Default 128. */
  readonly hiddenSize?: number;
  /** L, from 1 to 1024. Default 2. */
  readonly numLayers?: number;
}

/** How well a model foresees a text. */
export interface Evaluation {
  /** Nats per symbol. */
  readonly loss: number;
  /** loss / ln 2 */
  readonly bitsPerSymbol: number;
  /** e^loss: among how many equally likely symbols the model seems to choose. */
  readonly perplexity: number;
}

const vocabularyRule = custom<Vocabulary>("a Vocabulary", (value) => value instanceof Vocabulary);
const bytesRule = custom<Uint8Array>("a Uint8Array", (value) => value instanceof Uint8Array);
const corpusRule = either(
  anyText(),
  custom<AsyncIterable<string>>(
    "an async iterable of texts",
    (value) => typeof (value as AsyncIterable<string> | null)?.[Symbol.asyncIterator] === "function",
  ),
);

const createTable = {
  ...networkOptionRules,
  vocabulary: either(vocabularyRule, anyText()),
  cell: withDefault(oneOf("rnn", "gru", "lstm"), "lstm"),
  hiddenSize: withDefault(integer({ min: 1 }), 128),
  numLayers: withDefault(integer({ min: 1, max: 1024 }), 2),
};

/** Windows that `predict` runs at a time. */
const PREDICTED_WINDOWS = 512;
/** Symbols that `evaluate` runs at a time; the state goes on from one chunk to the next. */
const EVALUATED_SYMBOLS = 512;

/**
 * A character-level recurrent network: text in, text out.
 *
 * @example
 * const text = "the quick brown fox jumps over the lazy dog";
 * const model = await CharRNN.create({ vocabulary: text, cell: "rnn", hiddenSize: 25 });
 * const history = await model.fit(text, { epochs: 10, onEpoch: ({ epoch, loss }) => console.log(epoch, loss) });
 * model.predict(text, { sequenceLength: 10 });
 */
export class CharRNN {
  readonly network: Network;
  readonly vocabulary: Vocabulary;
  /** The run under way, or the last one; before the first, what a file had of one. */
  #run: Run | RunState | undefined;
  #isTraining = false;

  /**
   * A model with PyTorch's initial weights for its seed.
   *
   * @throws TypeError, RangeError for a bad option or an empty text; WasmUnavailableError
   */
  static async create(options: CharRNNOptions): Promise<CharRNN> {
    const { vocabulary: given, ...config } = readOptions("CharRNN.create", options, createTable);
    if (given === "") throw new RangeError('"vocabulary": expected at least one symbol, got ""');
    const vocabulary = typeof given === "string" ? Vocabulary.fromText(given) : given;
    const network = await Network.create({ ...config, inputSize: vocabulary.size, outputSize: vocabulary.size });
    return new CharRNN(network, vocabulary);
  }

  private constructor(network: Network, vocabulary: Vocabulary, run?: RunState) {
    this.network = network;
    this.vocabulary = vocabulary;
    this.#run = run;
  }

  /**
   * The model as a safetensors file: weights under PyTorch's names, config and vocabulary in the metadata.
   *
   * @param options training: also where the last run stands, so that `fit(text, { resume: true })` goes on with the same
   * bits; default false. It may be called between two steps of a run (onStep, onEpoch).
   * @throws RangeError for a training state of a model that was never trained
   */
  save(options: { training?: boolean } = {}): Uint8Array<ArrayBuffer> {
    const { training } = readOptions("options", options, { training: withDefault(boolean(), false) });
    return encodeCheckpoint(this.network, this.vocabulary, training ? this.#runState() : undefined);
  }

  /**
   * The model that `save` wrote. Everything in the file is checked before a model is built from it.
   *
   * @throws TypeError for anything but bytes, CheckpointError with what is wrong with them, WasmUnavailableError
   */
  static async load(bytes: Uint8Array): Promise<CharRNN> {
    const { config, vocabulary, weights, run } = decodeCheckpoint(check("bytes", bytes, bytesRule));
    const network = await Network.create(config);
    network.loadStateDict(weights);
    return new CharRNN(network, vocabulary, run);
  }

  /**
   * A model for more text: this one's weights for the symbols that it knows, newly drawn ones for those that the text
   * adds, behind them. This model stays as it is.
   *
   * @throws TypeError, RangeError as `Vocabulary.extend`
   */
  async extend(text: string | Iterable<string>): Promise<CharRNN> {
    const vocabulary = this.vocabulary.extend(text);
    const size = vocabulary.size;
    const network = await Network.create({ ...this.network.config, inputSize: size, outputSize: size });
    network.loadStateDict(growStateDict(this.network.stateDict(), network.stateDict()));
    return new CharRNN(network, vocabulary);
  }

  /**
   * Trains on a text. The event loop turns after every step. What the options leave open is chosen from the text's
   * length; the history says what was chosen.
   *
   * @param text a string, or its pieces: a file's stream, a response's body as text
   * @throws TypeError, RangeError for a bad option or a text too short; UnknownSymbolError; DivergedError, with the last
   * good weights restored. Whatever ends it, the model stays usable.
   */
  async fit(text: string | AsyncIterable<string>, options: FitOptions = {}): Promise<History> {
    const steps = this.#train(text, options);
    for (;;) {
      const { done, value } = await steps.next();
      if (done) return value;
    }
  }

  /**
   * The same run as `fit`, step by step; leaving the loop ends it.
   *
   * @throws as `fit`
   */
  train(text: string | AsyncIterable<string>, options: FitOptions = {}): AsyncIterable<TrainingProgress> {
    return this.#train(text, options);
  }

  #train(text: string | AsyncIterable<string>, options: FitOptions): AsyncGenerator<TrainingProgress, History> {
    check("text", text, corpusRule);
    return this.#runSteps(text, checkFitOptions(options));
  }

  async *#runSteps(
    text: string | AsyncIterable<string>,
    options: FitOptions,
  ): AsyncGenerator<TrainingProgress, History> {
    if (this.#isTraining) throw new Error("this model is being trained already; wait for the other run, or abort it");
    this.#isTraining = true;
    try {
      const { signal, epochs } = options;
      const saved = options.resume ? this.#runState() : undefined;
      const corpus = await encodeCorpus(this.vocabulary, text, signal);
      const run = saved
        ? { ...saved.options, ...(epochs && { epochs }) }
        : completeOptions(options, corpus.length, this.network.config.hiddenSize);
      const { validation } = run;
      const held = typeof validation === "string" ? await encodeCorpus(this.vocabulary, validation, signal) : undefined;
      // Of a text that comes in pieces there may be too little to begin.
      if (signal?.aborted && typeof text !== "string") {
        return { epochs: saved?.epochs ?? [], stopped: "aborted", options: run };
      }
      const training = new Run(this.network, corpus, held, run);
      if (saved) training.loadState(saved);
      this.#run = training;
      return yield* trainSteps(training, options);
    } finally {
      this.#isTraining = false;
    }
  }

  #runState(): RunState {
    if (!this.#run) {
      throw new RangeError("there is no training state: this model was never trained, nor saved with one");
    }
    return this.#run instanceof Run ? this.#run.saveState() : this.#run;
  }

  /**
   * The likeliest next symbol after each symbol but the last, every one seen through a window of sequenceLength: argmax
   * over the classes, stitched. It is one symbol shorter than the text, and to be compared with text.slice(1).
   *
   * @param options sequenceLength: T, an integer ≥ 1; the text has at least T + 1 symbols
   * @throws TypeError, RangeError; UnknownSymbolError
   */
  predict(text: string, options: { sequenceLength: number }): string {
    const { sequenceLength: T } = readOptions("options", options, { sequenceLength: integer({ min: 1 }) });
    const { inputs } = slidingWindows(this.#encode(text, T + 1, `sequenceLength ${T}`), T);
    const [count = 0] = inputs.shape;
    const predictions = new Int32Array(count * T);
    for (let n = 0; n < count; n += PREDICTED_WINDOWS) {
      const batch = Math.min(PREDICTED_WINDOWS, count - n);
      const { logits } = this.network.forward({
        data: inputs.data.subarray(n * T, (n + batch) * T),
        shape: [batch, T],
      });
      predictions.set(argmax(logits, 2).data, n * T);
    }
    return this.vocabulary.decode(stitchWindows({ data: predictions, shape: [count, T] }));
  }

  /**
   * The mean loss of every symbol but the first, each after all symbols before it, from a zero state.
   *
   * @throws TypeError, RangeError for a text of less than two symbols; UnknownSymbolError
   */
  evaluate(text: string): Evaluation {
    const indices = this.#encode(text, 2, "an evaluation");
    let sum = 0;
    let state: State | undefined;
    const predicted = indices.length - 1;
    for (let start = 0; start < predicted; start += EVALUATED_SYMBOLS) {
      const end = Math.min(start + EVALUATED_SYMBOLS, predicted);
      const row = (from: number, to: number): Tensor<Int32Array> => ({
        data: indices.subarray(from, to),
        shape: [1, to - from],
      });
      const result = this.network.evaluate(row(start, end), row(start + 1, end + 1), state);
      sum += result.loss * (end - start);
      state = result.state;
    }
    const loss = sum / predicted;
    return { loss, bitsPerSymbol: loss / Math.LN2, perplexity: Math.exp(loss) };
  }

  #encode(given: string, needed: number, what: string): Int32Array {
    const indices = this.vocabulary.encode(check("text", given, anyText()));
    if (indices.length < needed) {
      throw new RangeError(`"text": expected at least ${needed} symbols for ${what}, got ${indices.length}`);
    }
    return indices;
  }
}
