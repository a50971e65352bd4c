import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { summarize } from "./harness.js";

const script = fileURLToPath(new URL("peers/pytorch.py", import.meta.url));

/** A Python that has torch: RNN_WASM_PYTHON, or one on the path. */
export function findPyTorch() {
  const candidates = [process.env.RNN_WASM_PYTHON, "python3", "/usr/bin/python3"].filter(Boolean);
  return candidates.find((python) => spawnSync(python, ["-c", "import torch"]).status === 0);
}

/** Seconds of each workload by its key. */
export function measurePyTorch(python, workloads, threads) {
  const input = JSON.stringify({ threads, workloads });
  const { status, stdout, stderr } = spawnSync(python, [script], { input, encoding: "utf8", maxBuffer: 1 << 26 });
  if (status !== 0) throw new Error(stderr);
  const { version, seconds } = JSON.parse(stdout);
  return { version, results: Object.fromEntries(Object.entries(seconds).map(([key, all]) => [key, summarize(all)])) };
}
