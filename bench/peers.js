import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";

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
