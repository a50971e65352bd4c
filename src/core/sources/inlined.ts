import { cores, SIMD_LENGTH } from "../generated/cores.js";
import { inflateText } from "../inflate.js";
import type { CoreSource } from "./source.js";

let inflated: Promise<Uint8Array<ArrayBuffer>> | undefined;

/** The cores are in the library's own text, one behind the other. */
export const source: CoreSource = {
  async load(kind) {
    inflated ??= inflateText(cores);
    const bytes = await inflated;
    return kind === "simd" ? bytes.subarray(0, SIMD_LENGTH) : bytes.subarray(SIMD_LENGTH);
  },
};
