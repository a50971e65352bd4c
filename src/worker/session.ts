import type { Allowed, DrawOptions, SymbolProbability } from "../index.js";
import type { Remote } from "./remote.js";

/** Options that can be sent to a worker: `allowed` is no function, which the worker could not call. */
export type Portable<O extends { readonly allowed?: Allowed }> = Omit<O, "allowed"> & {
  /** Symbols, or a RegExp that they match. */
  readonly allowed?: Exclude<Allowed, (...args: never) => unknown>;
};

/** @throws TypeError for options that cannot be sent to a worker */
export function portable<O>(options: O): O {
  if (typeof (options as { allowed?: unknown } | null)?.allowed === "function") {
    throw new TypeError(
      '"allowed": expected an array of symbols or a RegExp, got a function, which a worker cannot call while it chooses',
    );
  }
  return options;
}

/** The Session of `rnn-wasm` with a model that is in a worker: every call is asynchronous, and errors are the same. */
export class Session {
  readonly #remote: Remote;

  /** @internal */
  constructor(remote: Remote) {
    this.#remote = remote;
  }

  /** What was fed and drawn, as for the other class. */
  get text(): Promise<string> {
    return this.#remote.call("text");
  }

  /** As for the other class. */
  feed(text: string): Promise<void> {
    return this.#remote.call("feed", text);
  }

  /** As for the other class. */
  async probabilities(options: Portable<DrawOptions> = {}): Promise<SymbolProbability[]> {
    return this.#remote.call("probabilities", portable(options));
  }

  /** As for the other class. */
  async draw(options: Portable<DrawOptions> = {}): Promise<string> {
    return this.#remote.call("draw", portable(options));
  }

  /** As for the other class. */
  undo(): Promise<string | undefined> {
    return this.#remote.call("undo");
  }

  /** As for the other class. */
  async fork(options: { readonly seed?: number } = {}): Promise<Session> {
    return new Session(this.#remote.other(await this.#remote.call("fork", options)));
  }

  /** As for the other class; `CharRNN.restoreSession` goes on from it. The bytes move here. */
  save(): Promise<Uint8Array<ArrayBuffer>> {
    return this.#remote.call("save");
  }
}
