import type { Core } from "../core/core.js";
import type { ParameterLayout } from "../core/layout.js";
import { type CreateWorker, startWorker, type Thread } from "../worker-start.js";
import { Barrier, type Job } from "./barrier.js";
import type { ResolvedConfig } from "./config.js";
import { crewWorkerSource } from "./generated/crew-worker.js";

/** What a worker is told at its start. */
export interface CrewStart {
  readonly module: Core["module"];
  readonly memory: Core["memory"];
  readonly config: ResolvedConfig;
  readonly layout: ParameterLayout;
  readonly blocks: { readonly parameters: number; readonly gradients: number };
  /** Byte offset of the words that the crew talks through. */
  readonly control: number;
  readonly index: number;
  readonly count: number;
}

/** Threads end with the network that they worked for. */
const dropped = new FinalizationRegistry<readonly Thread[]>(stop);

/** The workers of one network, with this thread as member 0. */
export class WorkerCrew {
  readonly barrier: Barrier;
  readonly #threads: readonly Thread[];

  /** @throws where workers cannot be started */
  static async start(
    owner: object,
    core: Core,
    start: Omit<CrewStart, "module" | "memory" | "index">,
    createWorker: CreateWorker | undefined,
  ): Promise<WorkerCrew> {
    const { module, memory } = core;
    const barrier = new Barrier(memory.buffer as unknown as SharedArrayBuffer, start.control, 0, start.count);
    const threads: Thread[] = [];
    try {
      const ready: Promise<void>[] = [];
      for (let index = 1; index < start.count; index++) {
        ready.push(
          new Promise((resolve, reject) => {
            const thread = startWorker(crewWorkerSource, createWorker, {
              message: () => resolve(),
              lost(reason) {
                reject(new Error(`a worker thread could not be started: ${reason}`));
                barrier.fail();
              },
            });
            threads.push(thread);
            thread.postMessage({ ...start, module, memory, index } satisfies CrewStart, []);
          }),
        );
      }
      await Promise.all(ready);
    } catch (error) {
      stop(threads);
      throw error;
    }
    // Waiting workers do not keep a process alive.
    for (const thread of threads) thread.unref?.();
    dropped.register(owner, threads);
    return new WorkerCrew(barrier, threads);
  }

  private constructor(barrier: Barrier, threads: readonly Thread[]) {
    this.barrier = barrier;
    this.#threads = threads;
  }

  give(job: Job): void {
    this.barrier.give(job);
  }

  stop(): void {
    stop(this.#threads);
  }
}

function stop(threads: readonly Thread[]): void {
  for (const thread of threads) void thread.terminate();
}
