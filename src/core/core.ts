import { instantiateSync } from "@assemblyscript/loader";
import { WasmUnavailableError } from "../errors.js";
import type { Abi } from "./generated/abi.js";
import { cores, MEMORY_FLAGS } from "./generated/cores.js";

/** "fast": the fastest core that this engine accepts. "reproducible": the same bits in every engine. */
export type Numerics = "fast" | "reproducible";
export type CoreKind = keyof typeof cores;

/** One instance of the core with a memory of its own. */
export interface Core {
  readonly module: WebAssembly.Module;
  readonly kernels: Abi;
  readonly memory: WebAssembly.Memory;
}

/** WebAssembly's page, in bytes. */
export const PAGE = 65_536;
/** The most that a 32-bit memory can have, in bytes. */
export const MEMORY_LIMIT = 65_536 * PAGE;

const compiled = new Map<string, Promise<WebAssembly.Module>>();

/**
 * A fresh instance of the core with its own memory; each module is compiled once.
 *
 * @param shared whether threads share the memory
 * @throws WasmUnavailableError naming what this engine lacks
 */
export async function createCore(numerics: Numerics, shared = false): Promise<Core> {
  const kind = await chooseCore(numerics);
  const key = `${kind}${shared ? ", shared" : ""}`;
  let module = compiled.get(key);
  if (!module) {
    module = compile(kind, shared);
    compiled.set(key, module);
    // A refusal is not remembered: a page's policy may be another one at the next call.
    module.catch(() => compiled.delete(key));
  }
  const memory = new WebAssembly.Memory({ initial: 1, maximum: MEMORY_LIMIT / PAGE, ...(shared && { shared }) });
  return instantiateCore(await module, memory);
}

/** Another instance on the same memory, for another thread. */
export function instantiateCore(module: WebAssembly.Module, memory: WebAssembly.Memory): Core {
  // The asynchronous way asks whether the module is a Response, which Node takes a tenth of a second to load.
  const { instance } = instantiateSync(module, { env: { memory } });
  return { module, kernels: instance.exports as unknown as Abi, memory };
}

/** Why threads cannot share a memory here, undefined where they can. */
export function sharingFault(): string | undefined {
  if (typeof SharedArrayBuffer === "undefined") {
    return "there is no SharedArrayBuffer; a page has to be cross-origin isolated (COOP and COEP headers)";
  }
  const { process, Worker } = globalThis as { process?: NodeJS.Process; Worker?: unknown };
  if (process?.getBuiltinModule || Worker) return undefined;
  return "there are no workers";
}

async function chooseCore(numerics: Numerics): Promise<CoreKind> {
  if (typeof WebAssembly === "undefined") throw new WasmUnavailableError("this engine has no WebAssembly");
  if (numerics === "fast" && WebAssembly.validate(await bytesOf("relaxed"))) return "relaxed";
  if (WebAssembly.validate(await bytesOf("simd"))) return "simd";
  throw new WasmUnavailableError("this engine's WebAssembly has no fixed-width SIMD (v128)");
}

async function compile(kind: CoreKind, shared: boolean): Promise<WebAssembly.Module> {
  const bytes = (await bytesOf(kind)).slice();
  // One core for both: whether it imports a shared memory is one bit of the import's limits.
  if (shared) bytes[MEMORY_FLAGS] = (bytes[MEMORY_FLAGS] as number) | 2;
  try {
    return await WebAssembly.compile(bytes);
  } catch (cause) {
    const hint = "a content security policy needs 'wasm-unsafe-eval' in its script-src";
    throw new WasmUnavailableError(`this engine refused to compile the core (${(cause as Error).message}); ${hint}`);
  }
}

const inflated = new Map<CoreKind, Promise<Uint8Array<ArrayBuffer>>>();

function bytesOf(kind: CoreKind): Promise<Uint8Array<ArrayBuffer>> {
  let bytes = inflated.get(kind);
  if (!bytes) {
    bytes = inflate(cores[kind]);
    inflated.set(kind, bytes);
  }
  return bytes;
}

async function inflate(base64: string): Promise<Uint8Array<ArrayBuffer>> {
  const deflated = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  // Node has streams and Response too, but loads them for longer than all the rest takes.
  const zlib = (globalThis as { process?: NodeJS.Process }).process?.getBuiltinModule?.("node:zlib");
  if (zlib) return Uint8Array.from(zlib.inflateRawSync(deflated));
  const stream = new Blob([deflated]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}
