import { defineConfig } from "vitest/config";

// Node 20 has relaxed SIMD behind a flag; with it the tests see both cores there too.
const relaxedSimd = process.versions.node.startsWith("20.") ? ["--experimental-wasm-relaxed-simd"] : [];

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    execArgv: relaxedSimd,
    pool: "forks",
    // On two cores there would be one worker otherwise.
    maxWorkers: "100%",
    testTimeout: 60_000,
  },
});
