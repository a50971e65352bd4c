import { instantiate } from "@assemblyscript/loader";
import { WasmUnavailableError } from "../errors.js";
import type { Abi } from "./generated/abi.js";
import { cores } from "./generated/cores.js";

/** "fast": the fastest core that this engine accepts. "reproducible": the same bits in every engine. */
export type Numerics = "fast" | "reproducible";
export type CoreKind = keyof typeof cores;

/** One instance of the core with a memory of its own. */
export interface Core {
  readonly kind: CoreKind;
  readonly kernels: Abi;
  readonly memory: WebAssembly.Memory;
}

/** WebAssembly's page, in bytes. */
export const PAGE = 65_536;
/** The most that a 32-bit memory can have, in bytes. */
export const MEMORY_LIMIT = 65_536 * PAGE;

const compiled = new Map<CoreKind, Promise<WebAssembly.Module>>();

/**
 * A fresh instance of the core with its own memory; the module is compiled once.
 *
 * @throws WasmUnavailableError naming what this engine lacks
 */
export async function createCore(numerics: Numerics): Promise<Core> {
  const kind = chooseCore(numerics);
  let module = compiled.get(kind);
  if (!module) {
    module = compile(kind);
    compiled.set(kind, module);
    // A refusal is not remembered: a page's policy may be another one at the next call.
    module.catch(() => compiled.delete(kind));
  }
  const memory = new WebAssembly.Memory({ initial: 1, maximum: MEMORY_LIMIT / PAGE });
  const { instance } = await instantiate(await module, { env: { memory } });
  return { kind, kernels: instance.exports as unknown as Abi, memory };
}

function chooseCore(numerics: Numerics): CoreKind {
  if (typeof WebAssembly === "undefined") throw new WasmUnavailableError("this engine has no WebAssembly");
  if (numerics === "fast" && WebAssembly.validate(bytesOf("relaxed"))) return "relaxed";
  if (WebAssembly.validate(bytesOf("simd"))) return "simd";
  throw new WasmUnavailableError("this engine's WebAssembly has no fixed-width SIMD (v128)");
}

async function compile(kind: CoreKind): Promise<WebAssembly.Module> {
  try {
    return await WebAssembly.compile(bytesOf(kind));
  } catch (cause) {
    const hint = "a content security policy needs 'wasm-unsafe-eval' in its script-src";
    throw new WasmUnavailableError(`this engine refused to compile the core (${(cause as Error).message}); ${hint}`);
  }
}

function bytesOf(kind: CoreKind): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(cores[kind]), (character) => character.charCodeAt(0));
}
