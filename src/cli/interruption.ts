import { constants } from "node:os";

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/**
 * Ctrl-C and its like: the first one asks for an end, which `signal` passes on; the second ends the process at once, as
 * it would any other. The exit code is 128 + the signal's number, as a shell has it: 130 for Ctrl-C.
 */
export class Interruption {
  readonly #controller = new AbortController();
  readonly #onFirst: () => void;
  #exitCode: number | undefined;

  constructor(onFirst: () => void) {
    this.#onFirst = onFirst;
    for (const name of SIGNALS) process.on(name, this.#receive);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Undefined, where nothing was interrupted. */
  get exitCode(): number | undefined {
    return this.#exitCode;
  }

  /** Asks for an end without a signal. */
  request(exitCode: number): void {
    if (this.#exitCode !== undefined) return;
    this.#exitCode = exitCode;
    this.#controller.abort();
    this.#onFirst();
    // All that came during one long step count as one: nobody saw anything happen at the first.
    setImmediate(() => this.stop());
  }

  /** From here on a signal does what it does to any process. */
  stop(): void {
    for (const name of SIGNALS) process.off(name, this.#receive);
  }

  readonly #receive = (name: NodeJS.Signals): void => this.request(128 + constants.signals[name]);
}
