import type { RunRequest } from "./protocol.js";
import type { Remote } from "./remote.js";

type Callback = (value: never) => unknown;

interface RunOptions {
  readonly signal?: AbortSignal;
  readonly onStep?: Callback;
  readonly onEpoch?: Callback;
}

/** The page's side of a run: yields its items, calls back, feeds it with pieces, and returns what it ends with. */
export async function* drive(
  remote: Remote,
  method: RunRequest["method"],
  text: unknown,
  given: object,
): AsyncGenerator<unknown, unknown, undefined> {
  const { callbacks, signal, options } = takeApart(given);
  const pieces = piecesOf(text);
  const request: RunRequest = {
    method,
    text: pieces ? undefined : text,
    textComesInPieces: pieces !== undefined,
    options,
    callbacks: [...callbacks.keys()],
    hasSignal: signal !== undefined,
  };
  const { link } = remote;
  // The target is asked for here: a loop that has not begun keeps the worker from forgetting the model.
  const run = await link.ask((host) => host.start(remote.target, request));
  const abort = () => void link.ask((host) => host.abort(run)).catch(() => undefined);
  signal?.addEventListener("abort", abort);
  // Before, nobody listened. The worker hears of it before it is asked for the first event.
  if (signal?.aborted) abort();
  let isOver = false;
  try {
    for (let answer: unknown; ; ) {
      isOver = true;
      const event = await link.ask((host) => host.next(run, answer));
      isOver = event.kind === "end";
      answer = undefined;
      switch (event.kind) {
        case "items":
          yield* event.items;
          break;
        case "piece":
          answer = await pieces?.next();
          break;
        case "end":
          return event.value;
        default:
          await callbacks.get(event.kind)?.(event.value);
      }
    }
  } finally {
    signal?.removeEventListener("abort", abort);
    await pieces?.return?.();
    // A run that has thrown is over too.
    if (!isOver && !link.ends.isLost) await link.ask((host) => host.stop(run));
  }
}

/** The end of a run that has no items, or whose items nobody wants. */
export async function resultOf<T>(run: AsyncGenerator<unknown, unknown, undefined>): Promise<T> {
  for (;;) {
    const { done, value } = await run.next();
    if (done) return value as T;
  }
}

/** Options without what stays on this side. What is of the wrong type goes across: the worker says what is wrong. */
function takeApart(given: RunOptions) {
  const { ...options }: { -readonly [K in keyof RunOptions]?: RunOptions[K] } = given;
  const callbacks = new Map<"onStep" | "onEpoch", Callback>();
  for (const name of ["onStep", "onEpoch"] as const) {
    const callback = options[name];
    if (typeof callback !== "function") continue;
    callbacks.set(name, callback);
    delete options[name];
  }
  const { signal } = options;
  const isSignal = typeof AbortSignal !== "undefined" && signal instanceof AbortSignal;
  if (isSignal) delete options.signal;
  return { callbacks, signal: isSignal ? signal : undefined, options };
}

function piecesOf(text: unknown): AsyncIterator<unknown> | undefined {
  const pieces = text as Partial<AsyncIterable<unknown>> | null | undefined;
  return typeof text === "object" ? pieces?.[Symbol.asyncIterator]?.() : undefined;
}
