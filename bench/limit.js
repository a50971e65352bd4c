import { mkdirSync, readFileSync } from "node:fs";
import asc from "assemblyscript/asc";
import { serve } from "./serve.js";
import { flopsOf, weightBytes } from "./workloads.js";

/*
 * What the processor can do at most, as a participant of the benchmark: node bench/limit.js <relaxed | simd>. Training and
 * products take it as long as the registers need for the operations alone, a symbol as long as reading its weights once.
 */

/** Floating-point operations of registerResident per round, and rounds of a call: a hot function is compiled anew between two calls. */
const [FLOPS, ROUNDS] = [96, 5_000];

async function createLimit(kind) {
  const file = `build/limit-${kind}.wasm`;
  const features = kind === "relaxed" ? ["simd", "relaxed-simd"] : ["simd"];
  const enable = features.flatMap((feature) => ["--enable", feature]);
  const options = ["--config", "none", "--runtime", "stub", "-O3", ...enable, "--outFile", file];
  mkdirSync("build", { recursive: true });
  const { error, stderr } = await asc.main(["bench/limit-kernels.ts", ...options]);
  if (error) throw new Error(stderr.toString());
  const imports = { env: { abort() {} } };
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(readFileSync(file)), imports);
  const { registerResident, readAll, memory } = exports;
  return {
    /** Seconds per floating-point operation, measured for about as long as `flops` of them take. */
    compute(flops) {
      const calls = Math.ceil(flops / (ROUNDS * FLOPS));
      return secondsOf(() => registerResident(ROUNDS, 0.999, 0.001), calls) / (ROUNDS * FLOPS);
    },
    /** Seconds that reading so many bytes takes, over and over: from the nearest cache that holds them all. */
    read(bytes) {
      const whole = Math.ceil(bytes / 128) * 128;
      const pages = Math.ceil((whole + 1024) / 65536) - memory.buffer.byteLength / 65536;
      if (pages > 0) memory.grow(pages);
      return secondsOf(() => readAll(1024, whole), Math.ceil(2e8 / whole));
    },
  };
}

function secondsOf(call, calls) {
  const start = performance.now();
  for (let i = 0; i < calls; i++) call();
  return (performance.now() - start) / 1000 / calls;
}

const limit = await createLimit(process.argv[2]);
for (let i = 0; i < 20; i++) limit.compute(2e8);
await serve((workload) => {
  const run =
    workload.kind === "sampling"
      ? () => limit.read(weightBytes(workload))
      : () => flopsOf(workload) * limit.compute(workload.kind === "product" ? 1e8 : 2e9);
  run();
  return { run, facts: {} };
});
