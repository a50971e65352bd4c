import { MersenneTwister } from "../network/mersenne-twister.js";

/** Numbers of one generator: then another follows, so that any place of a stream is reached in less than a millisecond. */
const BLOCK = 0x10000;

/** Uniform numbers of a seed, the same in every engine. Where it stands is one number. */
export class RandomStream {
  readonly seed: number;
  #drawn: number;
  #generator: MersenneTwister;

  /** drawn: where it begins. */
  constructor(seed: number, drawn = 0) {
    this.seed = seed;
    this.#drawn = drawn - (drawn % BLOCK);
    this.#generator = this.#generatorOfBlock();
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
    if (this.#drawn % BLOCK === 0 && this.#drawn > 0) this.#generator = this.#generatorOfBlock();
    this.#drawn++;
    const high = this.#generator.next() >>> 5; // 27 bits
    const low = this.#generator.next() >>> 6; // 26 bits
    return (high * 0x4000000 + low) / 0x20000000000000;
  }

  /** Block 0 has the seed itself; the others seeds far from it, 2³² divided by the golden ratio apart. */
  #generatorOfBlock(): MersenneTwister {
    return new MersenneTwister((this.seed + Math.imul(this.#drawn / BLOCK, 0x9e3779b1)) >>> 0);
  }
}
