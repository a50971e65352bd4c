const N = 624;
const M = 397;

/**
 * mt19937, the generator behind torch.manual_seed: 32-bit integers, the same in every engine.
 * Matsumoto and Nishimura, "Mersenne Twister" (1998), http://www.math.sci.hiroshima-u.ac.jp/m-mat/MT/emt.html
 */
export class MersenneTwister {
  readonly #state = new Uint32Array(N);
  #index = N;

  /** seed: an integer from 0 to 2³² − 1. */
  constructor(seed: number) {
    const state = this.#state;
    state[0] = seed;
    for (let i = 1; i < N; i++) {
      const previous = state[i - 1] as number;
      state[i] = Math.imul(1812433253, previous ^ (previous >>> 30)) + i;
    }
  }

  /** The next number, from 0 to 2³² − 1. */
  next(): number {
    if (this.#index === N) this.#twist();
    let x = this.#state[this.#index++] as number;
    x ^= x >>> 11;
    x ^= (x << 7) & 0x9d2c5680;
    x ^= (x << 15) & 0xefc60000;
    x ^= x >>> 18;
    return x >>> 0;
  }

  #twist(): void {
    const state = this.#state;
    for (let i = 0; i < N; i++) {
      const mixed = ((state[i] as number) & 0x80000000) | ((state[(i + 1) % N] as number) & 0x7fffffff);
      const far = state[(i + M) % N] as number;
      state[i] = far ^ (mixed >>> 1) ^ (mixed & 1 ? 0x9908b0df : 0);
    }
    this.#index = 0;
  }
}
