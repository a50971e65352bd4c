import simd from "./core.wasm";
import relaxed from "./core-relaxed.wasm";
import type { CoreSource } from "./source.js";

const modules = { simd, relaxed };

/** The cores are modules that the bundler or the engine imports: workerd compiles nothing at run time. */
export const source: CoreSource = { load: async (kind) => modules[kind] };
