import { Network, Vocabulary } from "../../src/index.js";
import { Stepper } from "../../src/network/stepper.js";
import { Context } from "../../src/sampling/context.js";
import { type DrawOptions, drawTable } from "../../src/sampling/options.js";
import { RandomStream } from "../../src/sampling/random-stream.js";
import { Sampler } from "../../src/sampling/sampler.js";
import { Spelling } from "../../src/sampling/spelling.js";
import { readOptions } from "../../src/validate.js";

/*
 * The sampler on logits of the tests' own: the same way as a model's go, without a model.
 */

/** Symbols "a", "b", … of a test. */
export function symbolsOf(V: number): string[] {
  return Array.from({ length: V }, (_, i) => String.fromCodePoint(0x61 + i));
}

export class Drawing {
  readonly #stepper: Stepper;
  readonly #vocabulary: Vocabulary;

  static async create(V: number): Promise<Drawing> {
    const config = { cell: "rnn", inputSize: V, hiddenSize: 1, outputSize: V, numerics: "reproducible" } as const;
    return new Drawing(new Stepper(await Network.create(config)), Vocabulary.fromSymbols(symbolsOf(V)));
  }

  private constructor(stepper: Stepper, vocabulary: Vocabulary) {
    this.#stepper = stepper;
    this.#vocabulary = vocabulary;
  }

  #softened(logits: readonly number[], history: readonly number[], options: DrawOptions) {
    const sampler = new Sampler(readOptions("options", options, drawTable), this.#vocabulary);
    const context = new Context(new Spelling(this.#vocabulary));
    for (const index of history) context.push(index);
    const row = Float32Array.from(logits);
    sampler.prepare(row, context);
    const { temperature } = sampler;
    return { sampler, row: temperature === undefined ? row : this.#stepper.probabilities(row, temperature) };
  }

  /** The probability of each index. */
  distribution(logits: readonly number[], history: readonly number[], options: DrawOptions): number[] {
    const { sampler, row } = this.#softened(logits, history, options);
    sampler.weigh(row);
    const total = row.reduce((sum, weight) => sum + weight, 0);
    return Array.from(row, (weight) => weight / total);
  }

  /** How often each index comes in so many draws. */
  count(draws: number, seed: number, logits: readonly number[], history: readonly number[], options: DrawOptions) {
    const { sampler, row } = this.#softened(logits, history, options);
    const random = new RandomStream(seed);
    const counts = new Array<number>(logits.length).fill(0);
    for (let i = 0; i < draws; i++) {
      const index = sampler.choose(row.slice(), () => random.next());
      counts[index] = (counts[index] as number) + 1;
    }
    return counts;
  }
}
