import { requireFinite } from "../network/stepper.js";
import type { Vocabulary } from "../text/vocabulary.js";
import { type Constraint, constraintOf } from "./constraint.js";
import type { Context } from "./context.js";
import { drawIndex, filterWeights } from "./filters.js";
import type { ResolvedDraw } from "./options.js";

/** 2⁻¹²⁶: its inverse is a finite float. Two different logits are so far apart then that nothing is left to chance. */
const LOWEST_TEMPERATURE = 1.1754943508222875e-38;
const FLOAT_MAX = 3.4028234663852886e38;

/**
 * Chooses symbols by DrawOptions, in two halves with the core's softmax between them: `prepare` what it reads, `choose`
 * from what it gave. At temperature 0 there is nothing between.
 */
export class Sampler {
  readonly #options: ResolvedDraw;
  readonly #constraint: Constraint | undefined;
  /** (V) of the row under way, or undefined for all. */
  #mask: Uint8Array | undefined;
  readonly #sorted: Float32Array;
  readonly #penalized: Uint8Array;

  /** @throws TypeError, RangeError for a constraint that allows nothing */
  constructor(options: ResolvedDraw, vocabulary: Vocabulary) {
    this.#options = options;
    this.#constraint = options.allowed && constraintOf(options.allowed, vocabulary);
    this.#sorted = new Float32Array(vocabulary.size);
    this.#penalized = new Uint8Array(vocabulary.size);
  }

  /** Whether nothing but the temperature decides: the core can draw by itself. */
  get isPlain(): boolean {
    const { repetitionPenalty, topK, topP, minP } = this.#options;
    return !this.#constraint && repetitionPenalty === 1 && topK === undefined && topP === 1 && minP === 0;
  }

  /** What the softmax divides by, or undefined where it is not needed. */
  get temperature(): number | undefined {
    const { temperature } = this.#options;
    return temperature === 0 ? undefined : Math.max(temperature, LOWEST_TEMPERATURE);
  }

  /**
   * Constrains and penalizes a row of logits (V), and shifts it so that the likeliest symbol is at 0, where no temperature
   * overflows.
   *
   * @throws RangeError where no symbol is allowed, or where the logits are not finite
   */
  prepare(logits: Float32Array, context: Context): void {
    requireFinite(logits);
    const mask = this.#constraint?.(context);
    this.#mask = mask;
    if (this.#options.repetitionPenalty !== 1) this.#penalize(logits, context);
    let highest = -Infinity;
    for (let i = 0; i < logits.length; i++) {
      if (mask?.[i] !== 0 && (logits[i] as number) > highest) highest = logits[i] as number;
    }
    // What is not allowed stands beside the likeliest symbol until `choose` drops it: no Infinity meets a zero.
    for (let i = 0; i < logits.length; i++) {
      logits[i] = mask?.[i] === 0 ? 0 : Math.max((logits[i] as number) - highest, -FLOAT_MAX);
    }
  }

  #penalize(logits: Float32Array, context: Context): void {
    const { repetitionPenalty, repetitionWindow } = this.#options;
    const penalized = this.#penalized;
    const reach = Math.min(repetitionWindow, context.length);
    for (let back = 1; back <= reach; back++) {
      const index = context.at(back);
      if (penalized[index]) continue;
      penalized[index] = 1;
      const logit = logits[index] as number;
      const changed = logit < 0 ? logit * repetitionPenalty : logit / repetitionPenalty;
      logits[index] = Math.min(FLOAT_MAX, Math.max(-FLOAT_MAX, changed));
    }
    for (let back = 1; back <= reach; back++) penalized[context.at(back)] = 0;
  }

  /** Leaves the weights that are drawn from, up to a common factor, in a row (V) that `prepare` or the softmax left. */
  weigh(row: Float32Array): void {
    const mask = this.#mask;
    if (this.#options.temperature === 0) {
      const first = row.findIndex((logit, i) => logit === 0 && mask?.[i] !== 0);
      row.fill(0);
      row[first] = 1;
      return;
    }
    if (mask) for (let i = 0; i < row.length; i++) if (mask[i] === 0) row[i] = 0;
    filterWeights(row, this.#options, this.#sorted);
  }

  /** The index of the chosen symbol; `uniform` gives one number, and is not asked at temperature 0. */
  choose(row: Float32Array, uniform: () => number): number {
    this.weigh(row);
    return this.#options.temperature === 0 ? row.indexOf(1) : drawIndex(row, uniform());
  }
}
