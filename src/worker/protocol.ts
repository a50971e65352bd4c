import * as comlink from "comlink";
import type { CharRNNOptions, ResolvedConfig, VocabularyJSON } from "../index.js";
import { CheckpointError, DivergedError, UnknownSymbolError, WasmUnavailableError } from "../index.js";

/*
 * What a page and its worker say to each other. Calls and answers are comlink's; what comlink does not have is here: runs
 * that hand over one thing at a time, and errors that keep their class.
 */

/** What the worker does, as comlink exposes it. Models, sessions and runs are numbers on the page's side. */
export interface Host {
  create(options: Omit<CharRNNOptions, "vocabulary"> & { vocabulary: VocabularyJSON | string }): Promise<ModelFacts>;
  /**
   * A method or a property of a model or session: "generate", "network.stateDict"; "load" of number 0, which is the class.
   * Models come as facts, sessions as their numbers.
   */
  call(target: number, path: string, args: readonly unknown[]): unknown;
  /** Forgets a model or session that the page has forgotten. */
  free(target: number): void;
  start(target: number, request: RunRequest): number;
  /** Answers the last event of a run, and waits for the next one. */
  next(run: number, answer: unknown): Promise<RunEvent>;
  /** The run's signal. */
  abort(run: number): void;
  /** Ends a run that the page does not go on with; returns when it has ended. */
  stop(run: number): Promise<void>;
}

/** The same as the page sees it. */
export type RemoteHost = {
  readonly [K in keyof Host]: (...args: Parameters<Host[K]>) => Promise<Awaited<ReturnType<Host[K]>>>;
};

/** What a page knows of a model. */
export interface ModelFacts {
  readonly target: number;
  readonly vocabulary: VocabularyJSON;
  readonly config: ResolvedConfig;
  readonly parameterCount: number;
}

export interface RunRequest {
  readonly method: "fit" | "train" | "stream" | "scoreStream" | "generate" | "generateMany";
  /** undefined: it comes in pieces, for which the run asks. Writing takes none. */
  readonly text: unknown;
  readonly textComesInPieces: boolean;
  readonly options: object;
  /** Which callbacks the page has. */
  readonly callbacks: readonly ("onStep" | "onEpoch")[];
  readonly hasSignal: boolean;
}

/** What a run hands over. It goes on when the page asks for the next one: so nothing piles up. */
export type RunEvent =
  | { readonly kind: "items"; readonly items: readonly unknown[] }
  | { readonly kind: "onStep" | "onEpoch"; readonly value: never }
  /** Asks for the next piece of the text: the answer is an IteratorResult. */
  | { readonly kind: "piece" }
  | { readonly kind: "end"; readonly value: unknown };

interface WireError {
  readonly name: string;
  readonly message: string;
  readonly stack: string | undefined;
  /** What the error knows beside them. */
  readonly fields: object;
}

/** By the names that errors have: those of minified classes are other ones. */
const CLASSES: Readonly<Record<string, { readonly prototype: Error }>> = {
  TypeError,
  RangeError,
  CheckpointError,
  DivergedError,
  UnknownSymbolError,
  WasmUnavailableError,
};

/** Lets errors arrive as what they were. To be called on both sides. */
export function keepErrorClasses(): void {
  const plain = comlink.transferHandlers.get("throw") as comlink.TransferHandler<{ value: unknown }, unknown>;
  comlink.transferHandlers.set("throw", {
    canHandle: plain.canHandle,
    serialize({ value }: { value: unknown }): [unknown, Transferable[]] {
      if (!(value instanceof Error)) return [{ value }, []];
      const { name, message, stack } = value;
      return [{ error: { name, message, stack, fields: { ...value } } satisfies WireError }, []];
    },
    deserialize({ error, value }: { error?: WireError; value?: unknown }): never {
      throw error ? revive(error) : value;
    },
  });
}

function revive({ name, message, stack, fields }: WireError): Error {
  const error = new Error(message);
  Object.setPrototypeOf(error, (CLASSES[name] ?? Error).prototype);
  Object.assign(error, fields);
  Object.defineProperty(error, "stack", { value: stack, configurable: true, writable: true });
  return error;
}

/** The buffers of typed arrays that have theirs for themselves, in plain objects and arrays: they move instead of being copied. */
export function buffersOf(value: unknown, found = new Set<ArrayBuffer>()): ArrayBuffer[] {
  if (ArrayBuffer.isView(value)) {
    const { buffer, byteLength } = value;
    if (buffer instanceof ArrayBuffer && buffer.byteLength === byteLength) found.add(buffer);
  } else if (typeof value === "object" && value !== null) {
    for (const each of Object.values(value)) buffersOf(each, found);
  }
  return [...found];
}
