import { cores } from "../generated/cores.js";
import { LENGTHS } from "../generated/facts.js";
import type { CoreSource } from "./source.js";

let bytes: Uint8Array<ArrayBuffer> | undefined;

/** The cores are in the library's own text, one behind the other. */
export const source: CoreSource = {
  async load(kind) {
    bytes ??= bytesOf(cores());
    return kind === "simd" ? bytes.subarray(0, LENGTHS.simd) : bytes.subarray(LENGTHS.simd);
  },
};

/**
 * The inverse of scripts/core-text.js, which says how the text is made. Without a function for a character's value it takes
 * a third of the time (2 ms, Node 24): it runs once, and is never compiled.
 */
function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(LENGTHS.simd + LENGTHS.relaxed);
  for (let i = 0, at = 0; i < bytes.length; i++) {
    let code = text.charCodeAt(at++);
    let value = (code === 33 ? 92 : code) - 35;
    if (value >= 90) {
      code = text.charCodeAt(at++);
      value = 83 * (value - 90) + 90 + (code === 33 ? 92 : code) - 35;
    }
    bytes[i] = value - 4;
  }
  return bytes;
}
