import { expect, test } from "vitest";
import { CheckpointError, DivergedError, RnnError, UnknownSymbolError, WasmUnavailableError } from "../../src/index.js";

test.each([
  [
    "UnknownSymbolError",
    "ERR_UNKNOWN_SYMBOL",
    new UnknownSymbolError("é", 3),
    '"é" at offset 3 is not in the vocabulary',
  ],
  ["CheckpointError", "ERR_CHECKPOINT", new CheckpointError("what is wrong"), "what is wrong"],
  [
    "DivergedError",
    "ERR_DIVERGED",
    new DivergedError(Number.NaN, 7, 0.5, Infinity),
    "training diverged at step 7: loss NaN, gradient norm Infinity, learning rate 0.5; " +
      "the last good weights were restored, a smaller learningRate or maxGradNorm may help",
  ],
  ["WasmUnavailableError", "ERR_WASM_UNAVAILABLE", new WasmUnavailableError("what is missing"), "what is missing"],
])("%s has its name, code and message", (name, code, error, message) => {
  expect(error).toBeInstanceOf(RnnError);
  expect(error).toBeInstanceOf(Error);
  expect([error.name, error.code, error.message]).toEqual([name, code, message]);
  expect(String(error)).toBe(`${name}: ${message}`);
  expect(error.stack).toContain("errors.test");
});

test("what an error knows beside its message", () => {
  expect(new UnknownSymbolError("é", 3)).toMatchObject({ symbol: "é", offset: 3 });
  expect(new DivergedError(1, 7, 0.5, Infinity)).toMatchObject({ step: 7, learningRate: 0.5, gradNorm: Infinity });
});
