import { nodeModule } from "./node-module.js";
import { check, custom, optional } from "./validate.js";

/** A Web Worker, or a worker thread of Node. */
export interface WorkerLike {
  /** As of both. */
  postMessage(message: unknown, transfer: ArrayBuffer[]): void;
  /** As of both. */
  terminate(): unknown;
}

/**
 * Starts a worker where the library may not do so itself: a page whose content security policy forbids workers from
 * blob: URLs has the worker's file of this package on its own server. `source` is that file's text.
 */
export type CreateWorker = (source: string) => WorkerLike;

export const createWorkerRule = optional(
  custom<CreateWorker>("a function that returns a Worker", (value) => typeof value === "function"),
);

/** What Web Workers and Node's worker threads have in common. */
export interface Thread extends WorkerLike {
  /** Node's: whether the thread keeps the process alive. Web Workers end with their page. */
  ref?(): void;
  unref?(): void;
}

interface Listeners {
  message(data: unknown): void;
  /** It has ended, or could not be started; why. It may be called more than once. */
  lost(reason: string): void;
}

/** What Node's threads have and Web Workers do not. */
interface NodeThread extends Thread {
  on(event: "message" | "error" | "exit", listener: (value: never) => void): void;
}

interface WebThread extends Thread {
  addEventListener(event: "message" | "error", listener: (event: { data?: unknown; message?: string }) => void): void;
}

const FORBIDDEN =
  "the page forbids workers from blob: URLs; its content security policy needs worker-src blob:, or give createWorker";
const workerRule = custom<WorkerLike>(
  "a function that returns a Worker",
  (value) => typeof (value as WorkerLike | null)?.postMessage === "function",
);

/**
 * Starts a worker from its whole source.
 *
 * @throws where it cannot be started; often that turns out later, and `lost` is called
 */
export function startWorker(source: string, createWorker: CreateWorker | undefined, listeners: Listeners): Thread {
  if (createWorker) {
    return listen(check("createWorker", createWorker(source), workerRule), listeners, "its file could not be loaded");
  }
  const node = nodeModule("node:worker_threads");
  if (node) return listen(new node.Worker(source, { eval: true }), listeners, "");
  const url = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
  const forget = () => URL.revokeObjectURL(url);
  return listen(
    new Worker(url),
    {
      message(data) {
        forget();
        listeners.message(data);
      },
      lost(reason) {
        forget();
        listeners.lost(reason);
      },
    },
    FORBIDDEN,
  );
}

/** unsaid: what an error without a message means, as a script has that could not be loaded. */
function listen(worker: WorkerLike, { message, lost }: Listeners, unsaid: string): Thread {
  if ("on" in worker) {
    const thread = worker as NodeThread;
    thread.on("message", message);
    thread.on("error", (error: Error) => lost(error.message));
    thread.on("exit", () => lost("it has ended"));
    return thread;
  }
  const thread = worker as WebThread;
  thread.addEventListener("message", ({ data }) => message(data));
  thread.addEventListener("error", ({ message = "" }) => lost(message || unsaid));
  return thread;
}
