import { decodeCheckpoint, encodeCheckpoint } from "./formats/checkpoint.js";
import { type NetworkConfig, networkOptionRules } from "./network/config.js";
import { Network } from "./network/network.js";
import { growStateDict } from "./network/state-dict.js";
import { type ActivationOptions, type Activations, activations } from "./sampling/activations.js";
import { type Beam, beamSearch } from "./sampling/beam-search.js";
import { type EvaluateOptions, type Evaluation, evaluate, predict, type Ranking, rank } from "./sampling/evaluate.js";
import { generate, generateMany, stream } from "./sampling/generate.js";
import type { BeamSearchOptions, GenerateManyOptions, GenerateOptions } from "./sampling/options.js";
import { type ScoreOptions, type ScoreStreamOptions, type SymbolScore, score, scoreStream } from "./sampling/score.js";
import { Session, type SessionOptions } from "./sampling/session.js";
import { Vocabulary } from "./text/vocabulary.js";
import { encodeCorpus } from "./training/corpus.js";
import { trainSteps } from "./training/fit.js";
import type { History, TrainingProgress } from "./training/history.js";
import { checkFitOptions, completeOptions, type FitOptions } from "./training/options.js";
import { Run, type RunState } from "./training/run.js";
import {
  anyText,
  boolean,
  byteArray,
  check,
  custom,
  either,
  integer,
  oneOf,
  readOptions,
  textOrPieces,
  withDefault,
} from "./validate.js";
import type { CreateWorker } from "./worker-start.js";

/** How many threads a model has, which no file says: as in NetworkConfig. */
export type ThreadOptions = Pick<NetworkConfig, "threads" | "createWorker">;

/** What a model is made of. */
export interface CharRNNOptions
  extends Pick<
    NetworkConfig,
    "nonlinearity" | "dropout" | "seed" | "initialization" | "numerics" | keyof ThreadOptions
  > {
  /** The symbols of the model, or a text that has them all. */
  readonly vocabulary: Vocabulary | string;
  /** Default "lstm". */
  readonly cell?: NetworkConfig["cell"];
  /** H ≥ 1. Default 128. */
  readonly hiddenSize?: number;
  /** L, from 1 to 1024. Default 2. */
  readonly numLayers?: number;
}

const vocabularyRule = custom<Vocabulary>("a Vocabulary", (value) => value instanceof Vocabulary);
const textRule = textOrPieces();

const threadTable = { threads: networkOptionRules.threads, createWorker: networkOptionRules.createWorker };

const createTable = {
  ...networkOptionRules,
  vocabulary: either(vocabularyRule, anyText()),
  cell: withDefault(oneOf("rnn", "gru", "lstm"), "lstm"),
  hiddenSize: withDefault(integer({ min: 1 }), 128),
  numLayers: withDefault(integer({ min: 1, max: 1024 }), 2),
};

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
  /** For the threads of models that are made of this one. */
  readonly #createWorker: CreateWorker | undefined;

  /**
   * A model with PyTorch's initial weights for its seed.
   *
   * @throws TypeError, RangeError for a bad option or an empty text; WasmUnavailableError
   */
  static async create(options: CharRNNOptions): Promise<CharRNN> {
    const { vocabulary: given, createWorker, ...config } = readOptions("CharRNN.create", options, createTable);
    if (given === "") throw new RangeError('"vocabulary": expected at least one symbol, got ""');
    const vocabulary = typeof given === "string" ? Vocabulary.fromText(given) : given;
    const network = await Network.create({
      ...config,
      inputSize: vocabulary.size,
      outputSize: vocabulary.size,
      createWorker,
    });
    return new CharRNN(network, vocabulary, createWorker);
  }

  private constructor(network: Network, vocabulary: Vocabulary, createWorker?: CreateWorker, run?: RunState) {
    this.network = network;
    this.vocabulary = vocabulary;
    this.#createWorker = createWorker;
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
   * @param options threads, createWorker: as in `create`, a file does not say
   * @throws TypeError for anything but bytes, CheckpointError with what is wrong with them, WasmUnavailableError
   */
  static async load(bytes: Uint8Array, options: ThreadOptions = {}): Promise<CharRNN> {
    const { threads, createWorker } = readOptions("options", options, threadTable);
    const { config, vocabulary, weights, run } = decodeCheckpoint(check("bytes", bytes, byteArray()));
    const network = await Network.create({ ...config, threads, createWorker });
    network.loadStateDict(weights);
    return new CharRNN(network, vocabulary, createWorker, run);
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
    const createWorker = this.#createWorker;
    const network = await Network.create({
      ...this.network.config,
      inputSize: size,
      outputSize: size,
      createWorker,
    });
    network.loadStateDict(growStateDict(this.network.stateDict(), network.stateDict()));
    return new CharRNN(network, vocabulary, createWorker);
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
    check("text", text, textRule);
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
    return predict(this, text, options);
  }

  /**
   * The mean loss of every symbol but the first, each after all symbols before it, from a zero state; with a prime, which
   * is read before, of every symbol. In the memory of one chunk.
   *
   * @throws TypeError, RangeError for a text of less than two symbols (one, with a prime); UnknownSymbolError
   */
  evaluate(text: string, options: EvaluateOptions = {}): Evaluation {
    return evaluate(this, text, options);
  }

  /**
   * Texts by how well the model foresees them, the likeliest first: by bits per symbol, equal ones as they came. For
   * lines a prime is best that ends a line: "\n", or a few lines like those that the model learned from.
   *
   * @throws as `evaluate`, naming the text: `"texts[2]"`
   */
  rank(texts: readonly string[], options: EvaluateOptions = {}): Ranking[] {
    return rank(this, texts, options);
  }

  /**
   * How well each symbol of a text was foreseen after all symbols before it, and what was expected in its place. The
   * surprisals' mean is `evaluate(text).bitsPerSymbol`, but for rounding.
   *
   * @returns T − 1 scores of T symbols, or with a prime T: see ScoreOptions.prime
   * @throws TypeError, RangeError; UnknownSymbolError
   */
  score(text: string, options: ScoreOptions = {}): SymbolScore[] {
    return score(this, text, options);
  }

  /**
   * The scores one after another, in the memory of one chunk, of a text that may come in pieces. The event loop turns
   * between chunks.
   *
   * @throws as `score`
   */
  scoreStream(text: string | AsyncIterable<string>, options: ScoreStreamOptions = {}): AsyncIterable<SymbolScore> {
    return scoreStream(this, text, options);
  }

  /**
   * Writes a text: `length` symbols after the prime, or less where a stop string or the signal ends it.
   *
   * @example
   * model.generate({ prime: "ROMEO:", length: 500, temperature: 0.8, stop: "\n\n" });
   * @throws TypeError, RangeError for a bad option, or where `allowed` allows nothing; UnknownSymbolError for the prime
   */
  generate(options: GenerateOptions): string {
    return generate(this, options);
  }

  /**
   * The text of `generate`, one symbol at a time: a character of several bytes once it is whole, and what may become a
   * stop string once it is clear that it does not. Each symbol costs the same, and nothing grows. The event loop turns
   * now and then; leaving the loop, or the signal, ends the text.
   *
   * @throws as `generate`
   */
  stream(options: GenerateOptions): AsyncIterable<string> {
    return stream(this, options);
  }

  /**
   * Several texts at once, faster than one after another. Text i is what `generate` writes with the seed plus i.
   *
   * @throws as `generate`
   */
  generateMany(options: GenerateManyOptions): string[] {
    return generateMany(this, options);
  }

  /**
   * The likeliest texts of up to `length` symbols that a beam search finds, likeliest first, at most beamWidth. A text
   * that a stop string ended keeps its place beside those that go on; probabilities are not weighed by length.
   *
   * @throws TypeError, RangeError for a bad option; UnknownSymbolError for the prime
   */
  beamSearch(options: BeamSearchOptions): Beam[] {
    return beamSearch(this, options);
  }

  /**
   * A text that is read and written by turns, whose distribution can be looked at and whose symbols can be taken back.
   *
   * @throws TypeError, RangeError for a bad option
   */
  session(options: SessionOptions = {}): Session {
    return Session.open(this, options);
  }

  /**
   * What the units of one layer hold after each symbol of a text, read from a zero state: for heat maps as in Karpathy et
   * al., "Visualizing and Understanding Recurrent Networks", https://arxiv.org/abs/1506.02078.
   *
   * @throws TypeError, RangeError for a bad option; UnknownSymbolError
   */
  activations(text: string, options: ActivationOptions = {}): Activations {
    return activations(this, text, options);
  }
}
