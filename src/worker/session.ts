import type { Allowed, DrawOptions, SymbolProbability } from "../index.js";
import type { Link } from "./link.js";

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

/** Sessions of the worker that nobody on this side knows any more. */
const dropped = new FinalizationRegistry<() => void>((free) => free());

/** The Session of `rnn-wasm` with a model that is in a worker: every call is asynchronous, and errors are the same. */
export class Session {
  readonly #link: Link;
  readonly #target: number;

  /** @internal */
  constructor(link: Link, target: number) {
    this.#link = link;
    this.#target = target;
    const { ends } = link;
    dropped.register(this, () => ends.free(target));
  }

  /** What was fed and drawn, as for the other class. */
  get text(): Promise<string> {
    return this.#call("text");
  }

  /** As for the other class. */
  feed(text: string): Promise<void> {
    return this.#call("feed", text);
  }

  /** As for the other class. */
  async probabilities(options: Portable<DrawOptions> = {}): Promise<SymbolProbability[]> {
    return this.#call("probabilities", portable(options));
  }

  /** As for the other class. */
  async draw(options: Portable<DrawOptions> = {}): Promise<string> {
    return this.#call("draw", portable(options));
  }

  /** As for the other class. */
  undo(): Promise<string | undefined> {
    return this.#call("undo");
  }

  /** As for the other class. */
  async fork(options: { readonly seed?: number } = {}): Promise<Session> {
    return new Session(this.#link, await this.#call("fork", options));
  }

  /** As for the other class; `CharRNN.restoreSession` goes on from it. The bytes move here. */
  save(): Promise<Uint8Array<ArrayBuffer>> {
    return this.#call("save");
  }

  #call<T>(method: string, ...args: readonly unknown[]): Promise<T> {
    return this.#link.call(this.#target, method, args);
  }
}
