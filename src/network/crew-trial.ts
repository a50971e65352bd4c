import { nodeModule } from "../node-module.js";

/** Passes that are timed before threads are started, and with them. */
const ALONE = 3;
const TOGETHER = 8;
/** Seconds of a training pass below which waiting for each other takes longer than what is saved. */
const WORTH_SHARING = 0.002;
/** What threads have to save. */
const GAIN = 0.9;
/** More have too little each to do in networks of this kind. */
const MOST = 4;

/** How many threads there may be where nobody says: one for each processor, up to four; the page of a Web Worker keeps one. */
export function automaticThreads(): number {
  const { navigator, WorkerGlobalScope } = globalThis as {
    navigator?: { readonly hardwareConcurrency?: number };
    WorkerGlobalScope?: unknown;
  };
  const processors = navigator?.hardwareConcurrency ?? nodeModule("node:os")?.availableParallelism();
  return Math.max(1, Math.min(MOST, (processors ?? 1) - (WorkerGlobalScope ? 1 : 0)));
}

/**
 * Finds out whether several threads help: a few training passes are timed with one, then a few with all, and the faster
 * way stays. Since any number of threads gives the same bits, the times decide nothing else.
 */
export class CrewTrial {
  readonly threads: number;
  /** Seconds per row, the least so far. */
  readonly #best = { alone: Infinity, together: Infinity };
  readonly #passes = { alone: 0, together: 0 };

  constructor(threads: number) {
    this.threads = threads;
  }

  /** @returns what to do now, if anything; "keep" and "dismiss" end the trial */
  record(way: "alone" | "together", seconds: number, rows: number): "start" | "keep" | "dismiss" | undefined {
    this.#passes[way]++;
    this.#best[way] = Math.min(this.#best[way], seconds / rows);
    if (way === "alone") return this.#passes.alone >= ALONE && seconds >= WORTH_SHARING ? "start" : undefined;
    if (this.#passes.together < TOGETHER) return undefined;
    return this.#best.together < GAIN * this.#best.alone ? "keep" : "dismiss";
  }
}
