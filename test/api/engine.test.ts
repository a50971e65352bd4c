import { readFileSync } from "node:fs";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

/*
 * Engines that cannot run the core. Each test imports the library anew: it remembers what it has compiled.
 */

const config = { cell: "rnn", inputSize: 2, hiddenSize: 3, outputSize: 2 } as const;

beforeEach(() => {
  vi.resetModules();
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

async function expectUnavailable(numerics: "fast" | "reproducible", message: string): Promise<void> {
  const { Network, CharRNN, WasmUnavailableError, RnnError } = await import("../../src/index.js");
  for (const create of [
    () => Network.create({ ...config, numerics }),
    () => CharRNN.create({ vocabulary: "ab", numerics }),
  ]) {
    const error: unknown = await create().catch((error) => error);
    expect(error).toBeInstanceOf(WasmUnavailableError);
    expect(error).toBeInstanceOf(RnnError);
    expect(error).toMatchObject({ name: "WasmUnavailableError", code: "ERR_WASM_UNAVAILABLE", message });
  }
}

test.each(["fast", "reproducible"] as const)("no WebAssembly (%s)", async (numerics) => {
  vi.stubGlobal("WebAssembly", undefined);
  await expectUnavailable(numerics, "this engine has no WebAssembly");
  vi.unstubAllGlobals();
  const { Network } = await import("../../src/index.js");
  await expect(Network.create({ ...config, numerics })).resolves.toBeDefined();
});

test.each(["fast", "reproducible"] as const)("no SIMD (%s)", async (numerics) => {
  vi.spyOn(WebAssembly, "validate").mockReturnValue(false);
  await expectUnavailable(numerics, "this engine's WebAssembly has no fixed-width SIMD (v128)");
  vi.restoreAllMocks();
  const { Network } = await import("../../src/index.js");
  await expect(Network.create({ ...config, numerics })).resolves.toBeDefined();
});

test("no relaxed SIMD: fast takes the plain core, and its bits", async () => {
  // The first core that is tried is the relaxed one.
  const validate = vi.spyOn(WebAssembly, "validate").mockReturnValueOnce(false);
  const { Network } = await import("../../src/index.js");
  const fast = await Network.create({ ...config, numerics: "fast" });
  expect(validate).toHaveBeenCalledTimes(2);
  const reproducible = await Network.create({ ...config, numerics: "reproducible" });
  const rows = { data: Int32Array.of(0, 1, 1, 0), shape: [2, 2] };
  expect(fast.forward(rows).logits).toEqual(reproducible.forward(rows).logits);
});

test("reproducible never asks for relaxed SIMD", async () => {
  const validate = vi.spyOn(WebAssembly, "validate");
  const { Network } = await import("../../src/index.js");
  await Network.create({ ...config, numerics: "reproducible" });
  expect(validate.mock.calls.map(([bytes]) => Buffer.from(bytes as Uint8Array))).toEqual([
    readFileSync("build/simd.wasm"),
  ]);
});

test("an engine whose policy forbids to compile, and then allows it", async () => {
  const policy = new Error("blocked by CSP");
  const compile = vi.spyOn(WebAssembly, "compile").mockRejectedValue(policy);
  await expectUnavailable(
    "reproducible",
    "this engine refused to compile the core (blocked by CSP); a content security policy needs 'wasm-unsafe-eval' in its " +
      "script-src",
  );
  compile.mockRestore();
  const { Network } = await import("../../src/index.js");
  await expect(Network.create({ ...config, numerics: "reproducible" })).resolves.toBeDefined();
});

test("importing the library and working with text needs no WebAssembly", async () => {
  vi.stubGlobal("WebAssembly", undefined);
  const { Vocabulary, oneHot, argmax, slidingWindows, stitchWindows } = await import("../../src/index.js");
  const vocabulary = Vocabulary.fromText("hello");
  const { targets } = slidingWindows(vocabulary.encode("hello"), 2);
  expect(vocabulary.decode(stitchWindows(argmax(oneHot(targets, vocabulary.size), -1)))).toBe("ello");
});
