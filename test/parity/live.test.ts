import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { testPasses, testTraining } from "./cases.js";
import type { Fixture } from "./fixture.js";

/*
 * Fresh random cases, computed by the PyTorch of this machine. RNN_WASM_PYTHON names the interpreter, RNN_WASM_LIVE_SEED
 * the seed; in CI it is the day's date, so that every day has other cases.
 */
const CELLS = ["rnn", "gru", "lstm"] as const;
const OPTIMIZERS = ["Adam", "AdamW", "RMSprop", "SGD"] as const;

const inCI = Boolean(process.env.CI);
const seed = process.env.RNN_WASM_LIVE_SEED ?? (inCI ? new Date().toISOString().slice(0, 10).replaceAll("-", "") : "1");
const candidates = process.env.RNN_WASM_PYTHON ? [process.env.RNN_WASM_PYTHON] : ["python3", "/usr/bin/python3"];
const python = candidates.find(hasTorch);

if (python) {
  console.log(`live parity: ${python}, seed ${seed}`);
  describe(`live, seed ${seed}`, () => {
    const fixture = askPyTorch(python);
    testPasses(fixture);
    testTraining(fixture, OPTIMIZERS);
  });
} else {
  const missing = `no Python with torch was found (tried ${candidates.join(", ")}; RNN_WASM_PYTHON can name one)`;
  if (!inCI) console.log(`skipped: ${missing}`);
  test.skipIf(!inCI)("live parity with PyTorch", () => expect.fail(missing));
}

/** Only looked for: importing it takes more than a second. */
function hasTorch(command: string): boolean {
  try {
    const look = "import importlib.util, sys; sys.exit(importlib.util.find_spec('torch') is None)";
    execFileSync(command, ["-c", look], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

function askPyTorch(command: string): Fixture {
  const script = fileURLToPath(new URL("reference.py", import.meta.url));
  const json = execFileSync(command, [script, "--live", seed, ...CELLS], { maxBuffer: 2 ** 30, encoding: "utf8" });
  return JSON.parse(json) as Fixture;
}
