import { instantiateSync } from "@assemblyscript/loader";
import { WasmUnavailableError } from "../errors.js";
import type { Abi } from "./generated/abi.js";
import { MEMORY_FLAGS } from "./generated/facts.js";
import { source } from "./sources/inlined.js";
import type { CoreCode, CoreKind } from "./sources/source.js";

/** "fast": the fastest core that this engine accepts. "reproducible": the same bits in every engine. */
export type Numerics = "fast" | "reproducible";

/** One instance of the core with a memory of its own. */
export interface Core {
  readonly module: WebAssembly.Module;
  readonly kernels: Abi;
  readonly memory: WebAssembly.Memory;
  /** Why other threads cannot share the memory, where that was asked for in vain. */
  readonly sharingFault?: string | undefined;
}

/** WebAssembly's page, in bytes. */
export const PAGE = 65_536;
/** The most that a 32-bit memory can have, in bytes. */
export const MEMORY_LIMIT = 65_536 * PAGE;

const compiled = new Map<string, Promise<WebAssembly.Module>>();

/**
 * A fresh instance of the core with its own memory; each module is compiled once.
 *
 * @param sharing whether threads are to share the memory; where they cannot, the core says why
 * @throws WasmUnavailableError naming what this engine lacks
 */
export async function createCore(numerics: Numerics, sharing = false): Promise<Core> {
  const { kind, code } = await chooseCore(numerics);
  const fault = sharing ? sharingFaultOf(code) : undefined;
  const shared = sharing && !fault;
  const key = `${kind}${shared ? ", shared" : ""}`;
  let module = compiled.get(key);
  if (!module) {
    module = compile(code, shared);
    compiled.set(key, module);
    // A refusal is not remembered: a page's policy may be another one at the next call.
    module.catch(() => compiled.delete(key));
  }
  let memory: WebAssembly.Memory;
  try {
    memory = new WebAssembly.Memory({ initial: 1, maximum: MEMORY_LIMIT / PAGE, ...(shared && { shared }) });
  } catch (error) {
    if (!shared) throw error;
    // A shared memory sets aside at once all that it may ever have; a telephone may not have so much.
    const reason = `this engine refused to share a memory (${(error as Error).message})`;
    return { ...(await createCore(numerics)), sharingFault: reason };
  }
  const ready = await module;
  try {
    return { ...instantiateCore(ready, memory), sharingFault: fault };
  } catch (cause) {
    // WebKit compiles what a page's policy forbids, and refuses here.
    throw refusal(cause);
  }
}

/** Another instance on the same memory, for another thread. */
export function instantiateCore(module: WebAssembly.Module, memory: WebAssembly.Memory): Core {
  // The asynchronous way asks whether the module is a Response, which Node takes a tenth of a second to load.
  const { instance } = instantiateSync(module, { env: { memory } });
  return { module, kernels: instance.exports as unknown as Abi, memory };
}

function sharingFaultOf(code: CoreCode): string | undefined {
  if (code instanceof WebAssembly.Module) return "a core that comes as a compiled module has its memory for itself";
  if (typeof SharedArrayBuffer === "undefined") {
    return "there is no SharedArrayBuffer; a page has to be cross-origin isolated (COOP and COEP headers)";
  }
  return undefined;
}

async function chooseCore(numerics: Numerics): Promise<{ kind: CoreKind; code: CoreCode }> {
  if (typeof WebAssembly === "undefined") throw new WasmUnavailableError("this engine has no WebAssembly");
  for (const kind of numerics === "fast" ? (["relaxed", "simd"] as const) : (["simd"] as const)) {
    const code = await source.load(kind);
    if (code && (code instanceof WebAssembly.Module || WebAssembly.validate(code))) return { kind, code };
  }
  throw new WasmUnavailableError("this engine's WebAssembly has no fixed-width SIMD (v128)");
}

async function compile(code: CoreCode, shared: boolean): Promise<WebAssembly.Module> {
  if (code instanceof WebAssembly.Module) return code;
  const bytes = code.slice();
  // One core for both: whether it imports a shared memory is one bit of the import's limits.
  if (shared) bytes[MEMORY_FLAGS] = (bytes[MEMORY_FLAGS] as number) | 2;
  try {
    return await WebAssembly.compile(bytes);
  } catch (cause) {
    throw refusal(cause);
  }
}

function refusal(cause: unknown): WasmUnavailableError {
  const hint = "a content security policy needs 'wasm-unsafe-eval' in its script-src";
  return new WasmUnavailableError(`this engine refused to compile the core (${(cause as Error).message}); ${hint}`);
}
