import * as comlink from "comlink";
import { WorkerLostError } from "../index.js";
import { type CreateWorker, startWorker, type Thread } from "../worker-start.js";
import { workerThreadSource } from "./generated/worker-thread.js";
import { buffersOf, keepErrorClasses, type RemoteHost } from "./protocol.js";

/** The page's side of one worker, which models and sessions have in common. */
export class Link {
  /** When the last model and session is gone, so is this, and then the worker. */
  readonly #owner = {};
  readonly ends: LinkEnds;

  /** @throws WorkerLostError where the engine refuses at once; often that turns out at the first call */
  constructor(createWorker: CreateWorker | undefined) {
    this.ends = new LinkEnds(createWorker);
    dropped.register(this.#owner, this.ends);
  }

  /** Asks the worker. @throws WorkerLostError where it is lost before it has answered */
  ask<T>(question: (host: RemoteHost) => Promise<T>): Promise<T> {
    return this.ends.ask(question, this.#owner);
  }

  /** Calls a method of a model or a session, or reads a property. */
  call<T>(target: number, path: string, args: readonly unknown[]): Promise<T> {
    const [bytes] = args;
    const moved = bytes instanceof Uint8Array ? buffersOf(bytes) : [];
    return this.ask((host) => host.call(target, path, comlink.transfer([...args], moved)) as Promise<T>);
  }
}

/** What the worker's listeners hold on to: it must not keep the link alive. */
class LinkEnds {
  readonly #thread: Thread;
  readonly #host: RemoteHost;
  /** Who is to be told when the worker is lost, and what lives as long as the answer is awaited. */
  readonly #underWay = new Map<(lost: WorkerLostError) => void, object | undefined>();
  #lost: WorkerLostError | undefined;

  constructor(createWorker: CreateWorker | undefined) {
    let receive: (event: { data: unknown }) => void = () => undefined;
    let hasSpoken = false;
    try {
      this.#thread = startWorker(workerThreadSource, createWorker, {
        message(data) {
          hasSpoken = true;
          receive({ data });
        },
        lost: (reason) => this.lose(hasSpoken ? reason : `it could not be started: ${reason}`),
      });
    } catch (error) {
      if (error instanceof TypeError) throw error;
      throw lostError(`it could not be started: ${(error as Error).message}`);
    }
    // It keeps a process alive while it is asked, and not when it is idle.
    this.#thread.unref?.();
    this.#host = comlink.wrap({
      postMessage: (message: unknown, transfer: ArrayBuffer[] = []) => this.#thread.postMessage(message, transfer),
      addEventListener(_: string, listener: unknown) {
        receive = listener as typeof receive;
      },
      removeEventListener() {},
    } as comlink.Endpoint) as unknown as RemoteHost;
  }

  ask<T>(question: (host: RemoteHost) => Promise<T>, owner?: object): Promise<T> {
    return new Promise((resolve, reject) => {
      if (this.#lost) {
        reject(this.#lost);
        return;
      }
      if (this.#underWay.size === 0) this.#thread.ref?.();
      this.#underWay.set(reject, owner);
      question(this.#host)
        .then(resolve, (error) => reject(uncloneable(error)))
        .finally(() => {
          this.#underWay.delete(reject);
          if (this.#underWay.size === 0) this.#thread.unref?.();
        });
    });
  }

  /** Lets the worker forget a model or session. */
  free(target: number): void {
    this.ask((host) => host.free(target)).catch(() => undefined);
  }

  get isLost(): boolean {
    return this.#lost !== undefined;
  }

  lose(reason: string): void {
    if (this.#lost) return;
    const lost = lostError(reason);
    this.#lost = lost;
    void this.#thread.terminate();
    for (const tell of this.#underWay.keys()) tell(lost);
    this.#underWay.clear();
  }
}

function lostError(reason: string): WorkerLostError {
  return new WorkerLostError(`the worker that holds the model is lost: ${reason}`);
}

/** What cannot be sent is an argument of the wrong type. */
function uncloneable(error: unknown): unknown {
  const { name, message } = error as Error;
  return name === "DataCloneError" ? new TypeError(`expected what can be sent to a worker: ${message}`) : error;
}

const dropped = new FinalizationRegistry<LinkEnds>((ends) => ends.lose("nobody needed it any more"));
keepErrorClasses();
