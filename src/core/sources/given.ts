import { WasmUnavailableError } from "../../errors.js";
import { custom, describe, optional, readOptions } from "../../validate.js";
import { KERNELS, LENGTHS } from "../generated/facts.js";
import type { CoreCode, CoreKind, CoreSource } from "./source.js";

/** A core: what fetch gives for the package's file, its bytes, or a module compiled from it. */
export type CoreInput = WebAssembly.Module | BufferSource | Response;

/** The cores to take. At least one of them. */
export interface Cores {
  /** `rnn-wasm/core.wasm`, for every engine with fixed-width SIMD; `numerics: "reproducible"` needs it. */
  readonly simd?: CoreInput | Promise<CoreInput>;
  /** `rnn-wasm/core-relaxed.wasm`, faster where the engine has relaxed SIMD; engines without it take the other one. */
  readonly relaxed?: CoreInput | Promise<CoreInput>;
}

const FILES = { simd: "core.wasm", relaxed: "core-relaxed.wasm" } as const;
const EXPECTED = "a WebAssembly.Module, its bytes, a Response or a promise of one of them";

const isPromise = (value: unknown) => typeof (value as PromiseLike<unknown> | null)?.then === "function";
const rule = optional(
  custom<CoreInput | Promise<CoreInput>>(EXPECTED, (value) => isPromise(value) || kindOf(value) !== undefined),
);
const given = new Map<CoreKind, Promise<CoreCode>>();

/**
 * Says where the cores come from. To be called before the first model or network is made; what it is given is awaited,
 * and checked, when the first one is made. Threads need bytes or a Response: a compiled module has its memory for itself.
 *
 * @example
 * useCores({ simd: fetch("/core.wasm"), relaxed: fetch("/core-relaxed.wasm") });
 * @throws TypeError for anything else than cores, RangeError for none
 */
export function useCores(cores: Cores): void {
  const { simd, relaxed } = readOptions("useCores", cores, { simd: rule, relaxed: rule });
  if (!simd && !relaxed) throw new RangeError('useCores: expected "simd" or "relaxed" or both, got neither');
  given.clear();
  for (const [kind, input] of Object.entries({ simd, relaxed }) as [CoreKind, typeof simd][]) {
    if (!input) continue;
    const code = resolve(kind, input);
    // It is for the one who makes a model to hear of it.
    code.catch(() => undefined);
    given.set(kind, code);
  }
}

/** The cores are what `useCores` was given. */
export const source: CoreSource = {
  async load(kind) {
    if (given.size === 0) {
      throw new WasmUnavailableError(
        'no core was given: call useCores({ simd: fetch("/core.wasm") }) before, or import "rnn-wasm", which brings its own',
      );
    }
    if (kind === "simd" && !given.has("simd")) {
      throw new WasmUnavailableError("useCores was given no simd core, and the relaxed one cannot be used here");
    }
    return given.get(kind);
  },
};

function kindOf(value: unknown): "module" | "bytes" | "response" | undefined {
  if (typeof WebAssembly !== "undefined" && value instanceof WebAssembly.Module) return "module";
  if (value instanceof ArrayBuffer || ArrayBuffer.isView(value)) return "bytes";
  return typeof Response !== "undefined" && value instanceof Response ? "response" : undefined;
}

async function resolve(kind: CoreKind, input: CoreInput | Promise<CoreInput>): Promise<CoreCode> {
  const value = await input;
  const file = FILES[kind];
  switch (kindOf(value)) {
    case "module":
      return checkModule(kind, value as WebAssembly.Module);
    case "bytes":
      return checkBytes(kind, value as BufferSource);
    case "response": {
      const { ok, status, url } = value as Response;
      if (!ok) throw new WasmUnavailableError(`"${kind}": expected ${file}, got HTTP status ${status} from ${url}`);
      return checkBytes(kind, await (value as Response).arrayBuffer());
    }
    default:
      throw new TypeError(`"${kind}": expected ${EXPECTED}, got a promise of ${describe(value)}`);
  }
}

/** Files of another version would be called with the wrong arguments. */
function checkBytes(kind: CoreKind, data: BufferSource): CoreCode {
  const { buffer, byteOffset, byteLength } = ArrayBuffer.isView(data) ? data : new Uint8Array(data);
  const length = LENGTHS[kind];
  if (byteLength !== length) {
    throw new WasmUnavailableError(
      `"${kind}": expected the ${length} bytes of this version's ${FILES[kind]}, got ${byteLength}`,
    );
  }
  return new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength);
}

function checkModule(kind: CoreKind, module: WebAssembly.Module): CoreCode {
  const names = new Set(WebAssembly.Module.exports(module).map(({ name }) => name));
  const missing = KERNELS.find((name) => !names.has(name));
  if (missing !== undefined) {
    throw new WasmUnavailableError(
      `"${kind}": expected this version's ${FILES[kind]}, got a module without the function "${missing}"`,
    );
  }
  return module;
}
