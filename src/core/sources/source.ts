/** One core as it comes: bytes, which can also be compiled for a shared memory, or a module that somebody has compiled. */
export type CoreCode = Uint8Array<ArrayBuffer> | WebAssembly.Module;

/** "simd" runs in every engine with fixed-width SIMD, "relaxed" also needs relaxed SIMD. */
export type CoreKind = "simd" | "relaxed";

/**
 * Where an entry of the package has its cores from. There is one file for each kind of entry beside this one; the build
 * puts the one in the place of ./inlined.ts that the entry names (scripts/build.js), so that nothing has to be installed
 * at run time.
 */
export interface CoreSource {
  /** The core, undefined where there is none of its kind. @throws WasmUnavailableError */
  load(kind: CoreKind): Promise<CoreCode | undefined>;
}
