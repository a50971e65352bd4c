import { parse } from "node:path";
import {
  CharRNN,
  type FitOptions,
  type History,
  type NetworkConfig,
  type TrainingProgress,
  Vocabulary,
  type VocabularyOptions,
} from "../index.js";
import { Autosave } from "./autosave.js";
import { EXIT, translateError, UsageError } from "./errors.js";
import { describeModel, labelled, plural } from "./format.js";
import { Interruption } from "./interruption.js";
import { checkModelPlace, loadModel } from "./model-files.js";
import { onClosedOutput } from "./output.js";
import { inTurns, openTexts, STANDARD_INPUT, type TextSource } from "./text-files.js";
import { describeEnd, describeInterruption, saveLossChart } from "./training-summary.js";
import { JSONView, LinesView, TerminalView, type TrainingView } from "./training-view.js";

/** What a network is made with: a saved one has its own. */
interface NetworkFlags {
  readonly cell?: NetworkConfig["cell"];
  readonly hidden?: number;
  readonly layers?: number;
  readonly dropout?: number;
  readonly seed?: number;
  readonly unit?: NonNullable<VocabularyOptions["unit"]>;
  readonly numerics?: NetworkConfig["numerics"] & string;
}

/** How it is trained: a run that goes on has its own. */
interface RunFlags {
  readonly batch?: number | "full";
  readonly sequence?: number;
  readonly learningRate?: number;
  readonly validation?: number;
}

export interface TrainFlags extends NetworkFlags, RunFlags {
  readonly threads?: number | "auto";
  readonly model?: string;
  readonly epochs?: number;
  readonly resume?: boolean;
  readonly overwrite?: boolean;
  readonly json?: boolean;
  readonly sampleEvery?: number;
}

/** Each flag that a resumed run does not take. */
const OWN = [
  ...["cell", "hidden", "layers", "dropout", "seed", "unit", "numerics"],
  ...["batch", "sequence", "learningRate", "validation", "overwrite"],
] as const;

/** How the library calls what the flags say. */
const NAMES = {
  cell: "--cell",
  hiddenSize: "--hidden",
  numLayers: "--layers",
  dropout: "--dropout",
  seed: "--seed",
  threads: "--threads",
  unit: "--unit",
  epochs: "--epochs",
  batchSize: "--batch",
  sequenceLength: "--sequence",
  learningRate: "--learning-rate",
  validation: "--validation",
};

const SAMPLE_LENGTH = 200;

export async function train(given: readonly string[], flags: TrainFlags): Promise<void> {
  const files = given.length > 0 ? given : [STANDARD_INPUT];
  if (given.length === 0 && process.stdin.isTTY) {
    throw new UsageError("expected a FILE, or a text on standard input");
  }
  const file = flags.model ?? `${files[0] === STANDARD_INPUT ? "model" : parse(files[0] as string).name}.safetensors`;
  checkFlags(file, flags);
  const source = await openTexts(files);
  try {
    const { threads = "auto" } = flags;
    const model = flags.resume ? await loadModel(file, { threads }) : await createModel(source, flags, threads);
    await run(model, source, file, files, flags);
  } catch (error) {
    throw translateError(error, { ...NAMES, text: source.name }, source.name);
  }
}

/** @throws UsageError */
function checkFlags(file: string, flags: TrainFlags): void {
  const exists = checkModelPlace("--model", file);
  if (!flags.resume) {
    if (!exists || flags.overwrite) return;
    throw new UsageError(`${file}: there is a model already; --resume goes on with it, --overwrite replaces it`);
  }
  if (!exists) throw new UsageError(`${file}: there is no such file to resume`);
  const key = OWN.find((own) => flags[own as keyof TrainFlags] !== undefined);
  if (key === undefined) return;
  const flag = key.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  throw new UsageError(`--${flag}: a resumed run has its own, and takes none`);
}

async function createModel(
  source: TextSource,
  flags: NetworkFlags,
  threads: NonNullable<TrainFlags["threads"]>,
): Promise<CharRNN> {
  const { cell, hidden, layers, dropout, seed, unit, numerics } = flags;
  const vocabulary = Vocabulary.fromText(source.pieces(), { ...(unit && { unit }) });
  const options = {
    vocabulary,
    threads,
    ...(cell && { cell }),
    ...(hidden !== undefined && { hiddenSize: hidden }),
    ...(layers !== undefined && { numLayers: layers }),
    ...(dropout !== undefined && { dropout }),
    ...(seed !== undefined && { seed }),
    ...(numerics && { numerics }),
  };
  try {
    return await CharRNN.create(options);
  } catch (error) {
    // A network that is too large for any memory.
    throw error instanceof RangeError ? new UsageError(error.message, { cause: error }) : error;
  }
}

function fitOptions({ resume, epochs, batch, sequence, learningRate, validation }: TrainFlags): FitOptions {
  return {
    ...(resume && { resume }),
    ...(epochs !== undefined && { epochs }),
    ...(batch !== undefined && { batchSize: batch }),
    ...(sequence !== undefined && { sequenceLength: sequence }),
    ...(learningRate !== undefined && { learningRate }),
    ...(validation !== undefined && { validation }),
  };
}

async function run(
  model: CharRNN,
  source: TextSource,
  file: string,
  files: readonly string[],
  flags: TrainFlags,
): Promise<void> {
  const view = flags.json ? new JSONView() : process.stdout.isTTY ? new TerminalView() : new LinesView();
  const interruption = new Interruption(() => view.stop());
  onClosedOutput(() => interruption.request(EXIT.failed));
  if (!flags.json) {
    view.say(labelled("text", `${source.name}, ${plural(model.vocabulary.size, "different symbol")}`));
    view.say(labelled("network", describeModel(model)));
  }
  const autosave = new Autosave(model, file);
  const sampling = new Sampling(model, view, flags.sampleEvery ?? view.sampleEvery);
  let history: History;
  let isSaved: boolean;
  try {
    history = await model.fit(inTurns(source.pieces()), {
      ...fitOptions(flags),
      signal: interruption.signal,
      async onStep(progress) {
        view.step(progress);
        sampling.afterStep(progress);
        await autosave.afterStep();
      },
      async onEpoch(record) {
        view.epoch(record);
        await autosave.afterEpoch();
      },
    });
    isSaved = await autosave.afterRun();
  } finally {
    view.stop();
    interruption.stop();
  }
  const summary = { model, history, file, files, isSaved, ...(flags.threads && { threads: flags.threads }) };
  if (history.stopped === "aborted") {
    process.exitCode = interruption.exitCode;
    for (const line of describeInterruption(summary)) process.stderr.write(`${line}\n`);
  } else if (!flags.json) {
    for (const line of describeEnd(summary, flags.sampleEvery === 0 ? "" : sampling.sample())) view.say(line);
  }
  await saveLossChart(summary);
}

/** A text that the model writes now and then, another one each time. */
class Sampling {
  readonly #model: CharRNN;
  readonly #view: TrainingView;
  readonly #every: number;
  #last = performance.now();
  #step = 0;

  /** every: seconds, 0 for never */
  constructor(model: CharRNN, view: TrainingView, every: number) {
    this.#model = model;
    this.#view = view;
    this.#every = every;
  }

  afterStep({ step }: TrainingProgress): void {
    this.#step = step + 1;
    if (this.#every === 0 || performance.now() - this.#last < this.#every * 1000) return;
    this.#view.sample(this.sample());
    this.#last = performance.now();
  }

  sample(): string {
    return this.#model.generate({ length: SAMPLE_LENGTH, seed: this.#step });
  }
}
