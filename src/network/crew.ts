import type { Core } from "../core/core.js";
import { Barrier, type Job } from "./barrier.js";
import type { ResolvedConfig } from "./config.js";
import { crewWorkerSource } from "./generated/crew-worker.js";

/** What a worker is told at its start. */
export interface CrewStart {
  readonly module: Core["module"];
  readonly memory: Core["memory"];
  readonly config: ResolvedConfig;
  readonly blocks: { readonly parameters: number; readonly gradients: number };
  /** Byte offset of the words that the crew talks through. */
  readonly control: number;
  readonly index: number;
  readonly count: number;
}

/** What Web Workers and Node's worker threads have in common. */
interface Thread {
  postMessage(message: CrewStart): void;
  terminate(): unknown;
  /** Node's. */
  once?(event: "exit", listener: () => void): unknown;
  unref?(): void;
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
  ): Promise<WorkerCrew> {
    const { module, memory } = core;
    const threads: Thread[] = [];
    try {
      const ready: Promise<void>[] = [];
      for (let index = 1; index < start.count; index++) {
        const thread = startThread(ready);
        threads.push(thread);
        thread.postMessage({ ...start, module, memory, index });
      }
      await Promise.all(ready);
    } catch (error) {
      stop(threads);
      throw error;
    }
    const barrier = new Barrier(memory.buffer as unknown as SharedArrayBuffer, start.control, 0, start.count);
    for (const thread of threads) {
      thread.once?.("exit", () => barrier.fail());
      // Waiting workers do not keep a process alive.
      thread.unref?.();
    }
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

/** Starts a worker; what it says first, "ready" or an error, settles one more of these promises. */
function startThread(ready: Promise<void>[]): Thread {
  const node = (globalThis as { process?: NodeJS.Process }).process?.getBuiltinModule?.("node:worker_threads");
  if (node) {
    const worker = new node.Worker(crewWorkerSource, { eval: true });
    ready.push(
      new Promise((resolve, reject) => {
        worker.once("message", () => resolve());
        worker.once("error", reject);
        worker.once("exit", () => reject(new Error("a worker thread ended before it was ready")));
      }),
    );
    return worker;
  }
  const url = URL.createObjectURL(new Blob([crewWorkerSource], { type: "text/javascript" }));
  const worker = new Worker(url);
  ready.push(
    new Promise<void>((resolve, reject) => {
      worker.onmessage = () => resolve();
      // A page whose policy forbids blob workers hears of it here.
      worker.onerror = (event) => reject(new Error(event.message || "the page forbids workers from blob: URLs"));
    }).finally(() => URL.revokeObjectURL(url)),
  );
  return worker;
}
