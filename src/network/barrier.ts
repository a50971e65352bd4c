import type { Crew } from "./pass.js";

/** 32-bit words in shared memory through which a crew talks. */
export const CONTROL_WORDS = 16;
const ARRIVED = 0;
const GENERATION = 1;
const JOB = 2;
const FAILED = 3;
/** From here on what the job is: see `Job`. */
const ARGUMENTS = 4;

/** What all threads are to do next. */
export interface Job {
  readonly kind: "forward" | "crossEntropy" | "backward";
  readonly B: number;
  readonly T: number;
  readonly dense: boolean;
  /** Where the activations start, in bytes. */
  readonly start: number;
  readonly hasState: boolean;
  readonly dropoutKey: number | undefined;
}

const KINDS: readonly Job["kind"][] = ["forward", "crossEntropy", "backward"];

/** Looks that a thread takes before it goes to sleep: some tens of microseconds, as long as waking up takes. */
const SPINS = 20_000;
/** A thread that is behind the others by so much is not coming any more. */
const PATIENCE_MS = 10_000;
/** What one look counts for at most: it takes less than a millisecond where nothing else runs. */
const LONGEST_LOOK_MS = 100;

const LOST =
  "a worker thread was lost in the middle of a pass, whose gradients are not to be used; the next ones have one thread";

/** Where the threads of a crew wait for each other. Member 0 is the one that gives out the jobs. */
export class Barrier implements Crew {
  readonly index: number;
  readonly count: number;
  readonly #words: Int32Array<SharedArrayBuffer>;
  #jobStart = 0;
  #lastJob = 0;

  /** offset: of CONTROL_WORDS zeros, in bytes. */
  constructor(memory: SharedArrayBuffer, offset: number, index: number, count: number) {
    this.#words = new Int32Array(memory, offset, CONTROL_WORDS);
    this.index = index;
    this.count = count;
  }

  /** Returns when all have come. @throws Error in member 0 where one does not come; in the others, once that is so */
  barrier(): void {
    const words = this.#words;
    const generation = Atomics.load(words, GENERATION);
    if (Atomics.add(words, ARRIVED, 1) === this.count - 1) {
      Atomics.store(words, ARRIVED, 0);
      Atomics.add(words, GENERATION, 1);
      Atomics.notify(words, GENERATION);
    } else if (this.index === 0) {
      this.#spinUntilChanged(generation);
    } else {
      this.#sleepUntilChanged(GENERATION, generation);
    }
    if (this.hasFailed) throw new Error(LOST);
  }

  /** Member 0: gives out a job. */
  give({ kind, B, T, dense, start, hasState, dropoutKey }: Job): void {
    const drops = dropoutKey !== undefined;
    const values = [KINDS.indexOf(kind), B, T, Number(dense), start, Number(hasState), Number(drops), dropoutKey ?? 0];
    this.#words.set(values, ARGUMENTS);
    this.#jobStart = performance.now();
    Atomics.add(this.#words, JOB, 1);
    Atomics.notify(this.#words, JOB);
  }

  /** The others: wait for the next job. */
  take(): Job {
    this.#sleepUntilChanged(JOB, this.#lastJob);
    this.#lastJob++;
    const [kind = 0, B = 0, T = 0, dense, start = 0, hasState, drops, dropoutKey] = this.#words.subarray(ARGUMENTS);
    return {
      kind: KINDS[kind] as Job["kind"],
      B,
      T,
      dense: dense === 1,
      start: start >>> 0,
      hasState: hasState === 1,
      dropoutKey: drops === 1 ? dropoutKey : undefined,
    };
  }

  /** Whether a thread has ended or failed: the crew is no more. */
  get hasFailed(): boolean {
    return Atomics.load(this.#words, FAILED) === 1;
  }

  /** Lets nobody wait any longer. */
  fail(): void {
    Atomics.store(this.#words, FAILED, 1);
    Atomics.add(this.#words, GENERATION, 1);
    Atomics.notify(this.#words, GENERATION);
  }

  /** A page's main thread must not sleep. */
  #spinUntilChanged(generation: number): void {
    const arrival = performance.now();
    // The others have the same work to do: what took this one a second takes none of them a minute.
    const patience = PATIENCE_MS + 60 * (arrival - this.#jobStart);
    let waited = 0;
    let looked = arrival;
    for (let spins = 1; Atomics.load(this.#words, GENERATION) === generation; spins++) {
      if (this.hasFailed) return;
      if (spins % SPINS !== 0) continue;
      const now = performance.now();
      // Between two looks a stopped process may have stood still for hours, and the others with it.
      waited += Math.min(now - looked, LONGEST_LOOK_MS);
      looked = now;
      if (waited > patience) {
        this.fail();
        throw new Error(LOST);
      }
    }
  }

  #sleepUntilChanged(word: number, value: number): void {
    for (let spins = 0; spins < SPINS; spins++) if (Atomics.load(this.#words, word) !== value) return;
    while (Atomics.load(this.#words, word) === value) Atomics.wait(this.#words, word, value);
  }
}
