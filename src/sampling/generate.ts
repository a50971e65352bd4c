import { Stepper } from "../network/stepper.js";
import { nextTask } from "../next-task.js";
import { readOptions } from "../validate.js";
import { Context } from "./context.js";
import {
  type GenerateManyOptions,
  type GenerateOptions,
  generateManyTable,
  generateTable,
  type ResolvedGenerate,
  seedOf,
  stopList,
  streamTable,
} from "./options.js";
import { RandomStream } from "./random-stream.js";
import { startRows, type TextModel } from "./reader.js";
import { Sampler } from "./sampler.js";
import { Spelling } from "./spelling.js";
import { StopStrings, TextOutput } from "./stop-strings.js";

/** How long a stream keeps the event loop, in milliseconds: half a frame. */
const PATIENCE = 8;

export function generate(model: TextModel, options: GenerateOptions): string {
  const [text = ""] = writeAll(model, readOptions("options", options, generateTable), 1);
  return text;
}

export function generateMany(model: TextModel, options: GenerateManyOptions): string[] {
  const { count, ...resolved } = readOptions("options", options, generateManyTable);
  return writeAll(model, resolved, count);
}

/** Bad options throw here, not when the first symbol is awaited. */
export function stream(model: TextModel, options: GenerateOptions): AsyncGenerator<string, void, undefined> {
  const resolved = readOptions("options", options, streamTable);
  return writeOn(new Writers(model, resolved, 1), resolved.signal);
}

async function* writeOn(writers: Writers, signal: AbortSignal | undefined): AsyncGenerator<string, void, undefined> {
  let turned = performance.now();
  while (!writers.finished) {
    if (performance.now() - turned > PATIENCE) {
      await nextTask();
      turned = performance.now();
    }
    if (signal?.aborted) return;
    const [piece = ""] = writers.next();
    if (piece !== "") yield piece;
  }
  if (signal?.aborted) return;
  const [rest = ""] = writers.end();
  if (rest !== "") yield rest;
}

function writeAll(model: TextModel, options: ResolvedGenerate, count: number): string[] {
  const writers = new Writers(model, options, count);
  const texts = new Array<string>(count).fill("");
  const add = (piece: string, row: number) => {
    texts[row] += piece;
  };
  while (!writers.finished && !options.signal?.aborted) writers.next().forEach(add);
  if (!options.signal?.aborted) writers.end().forEach(add);
  return texts;
}

/** One text of those that are written side by side. */
interface Writer {
  readonly sampler: Sampler;
  readonly context: Context;
  readonly random: () => number;
  readonly output: TextOutput;
}

/** Writes B texts at a time, each as if it were alone, a symbol of each per call. */
class Writers {
  readonly #options: ResolvedGenerate;
  readonly #stepper: Stepper;
  readonly #writers: readonly Writer[];
  readonly #V: number;
  /** Whether the core draws by itself. */
  readonly #isPlain: boolean;
  /** (B, V) of the first symbols. */
  readonly #first: Float32Array;
  /** (B) symbols that were chosen, but not read yet. */
  #chosen: Int32Array;
  #written = 0;

  constructor(model: TextModel, options: ResolvedGenerate, count: number) {
    const { network, vocabulary } = model;
    this.#options = options;
    this.#V = vocabulary.size;
    this.#chosen = new Int32Array(count);
    const spelling = new Spelling(vocabulary);
    const stops = new StopStrings(stopList(options.stop).map((stop) => spelling.spellText(stop)));
    const prime = vocabulary.encode(options.prime);
    const context = new Context(spelling);
    for (const index of prime) context.push(index);
    this.#writers = Array.from({ length: count }, (_, row) => {
      const random = new RandomStream(seedOf(options.seed, row));
      return {
        sampler: new Sampler(options, vocabulary),
        context: row === 0 ? context : context.copy(),
        random: () => random.next(),
        output: new TextOutput(spelling, stops),
      };
    });
    const start = startRows(model, prime, count);
    this.#first = start.logits;
    this.#stepper = new Stepper(network, count);
    this.#stepper.position = { ...start, logits: start.logits.slice() };
    this.#isPlain = this.#writers.every(({ sampler }) => sampler.isPlain);
  }

  get finished(): boolean {
    return this.#written === this.#options.length || this.#writers.every(({ output }) => output.stopped);
  }

  /** One more symbol of each: the pieces of text that are clear now. */
  next(): string[] {
    const chosen = this.#isPlain ? this.#draw() : this.#choose();
    this.#written++;
    this.#chosen = chosen;
    return this.#writers.map(({ context, output }, row) => {
      if (output.stopped) return ""; // its row goes on with whatever comes
      const index = chosen[row] as number;
      context.push(index);
      return output.push(index);
    });
  }

  /** By the core alone: one call reads the last symbols and draws the next. */
  #draw(): Int32Array {
    const { temperature } = this.#options;
    const tempered = this.#writers[0]?.sampler.temperature ?? 0;
    const uniforms = this.#writers.map(({ output, random }) =>
      output.stopped ? -1 : temperature === 0 ? 0 : random(),
    );
    if (this.#written === 0) return this.#stepper.draw(tempered, uniforms);
    return this.#stepper.write(this.#chosen, tempered, uniforms);
  }

  /** By the sampler of each, which filters what the core's softmax gives. */
  #choose(): Int32Array {
    const logits = this.#written === 0 ? this.#first : this.#stepper.feed(this.#chosen);
    let rows = this.#rowsOf(logits);
    for (const [row, { sampler, context, output }] of this.#writers.entries()) {
      if (!output.stopped) sampler.prepare(rows[row] as Float32Array, context);
    }
    const temperature = this.#writers[0]?.sampler.temperature;
    if (temperature !== undefined) rows = this.#rowsOf(this.#stepper.probabilities(logits, temperature));
    return Int32Array.from(this.#writers, ({ sampler, random, output }, row) =>
      output.stopped ? (this.#chosen[row] as number) : sampler.choose(rows[row] as Float32Array, random),
    );
  }

  /** What was held back, at the end. */
  end(): string[] {
    return this.#writers.map(({ output }) => output.end());
  }

  #rowsOf(matrix: Float32Array): Float32Array[] {
    if (this.#writers.length === 1) return [matrix];
    return Array.from(this.#writers, (_, row) => matrix.subarray(row * this.#V, (row + 1) * this.#V));
  }
}
