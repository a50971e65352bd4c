import { MersenneTwister } from "../network/mersenne-twister.js";

/** Uniform numbers of a seed, the same in every engine. Where it stands is one number. */
export class RandomStream {
  readonly seed: number;
  readonly #generator: MersenneTwister;
  #drawn = 0;

  /** drawn: how many numbers are skipped, at about 10 ns each. */
  constructor(seed: number, drawn = 0) {
    this.seed = seed;
    this.#generator = new MersenneTwister(seed);
    while (this.#drawn < drawn) this.next();
  }

  /** How many numbers were drawn. */
  get drawn(): number {
    return this.#drawn;
  }

  /**
   * k · 2⁻⁵³ for a k from 0 to 2⁵³ − 1 of two 32-bit numbers: genrand_res53 of mt19937's authors, which is Python's
   * random.random() too.
   */
  next(): number {
    this.#drawn++;
    const high = this.#generator.next() >>> 5; // 27 bits
    const low = this.#generator.next() >>> 6; // 26 bits
    return (high * 0x4000000 + low) / 0x20000000000000;
  }
}
