import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { summarize } from "./harness.js";

/** The JavaScript peers, by their file in peers/. */
export const peers = {
  tfjs: { name: "TensorFlow.js Wasm", package: "@tensorflow/tfjs-backend-wasm" },
  "jax-js": { name: "jax-js Wasm", package: "@jax-js/jax" },
  brain: { name: "brain.js", package: "brain.js" },
};

/** A Python that has torch: RNN_WASM_PYTHON, or one on the path. */
export function findPyTorch() {
  const candidates = [process.env.RNN_WASM_PYTHON, "python3", "/usr/bin/python3"].filter(Boolean);
  return candidates.find((python) => spawnSync(python, ["-c", "import torch"]).status === 0);
}

export function isInstalled(peer) {
  return existsSync(new URL(`peers/node_modules/${peers[peer].package}`, import.meta.url));
}

/** Seconds per unit of a workload in a process of its own, or { skipped: why }. */
export function measurePeer(peer, workload, repeats) {
  const { stdout, stderr, status } = spawnSync(
    process.execPath,
    [fileURLToPath(new URL(`peers/${peer}.js`, import.meta.url))],
    { input: JSON.stringify({ ...workload, repeats }), encoding: "utf8", timeout: 300_000 },
  );
  if (status !== 0) {
    const [why = "it ended without a word"] = stderr.split("\n").filter((line) => /error/i.test(line));
    return { skipped: status === null ? "it took more than 300 s" : why.trim() };
  }
  const { version, loss, skipped, seconds } = JSON.parse(stdout.trim().split("\n").at(-1));
  return skipped ? { version, skipped } : { version, loss, ...summarize(seconds) };
}
