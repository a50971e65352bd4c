import { mkdirSync, readFileSync } from "node:fs";
import asc from "assemblyscript/asc";
import { measure } from "./harness.js";

/**
 * GFLOP/s of each product on a build of the core, packing included as training has it (weights are packed for every
 * product of many rows), beside what the registers alone can do.
 */
export async function measureProducts(kind, products) {
  mkdirSync("build", { recursive: true });
  const limit = await measureLimit(kind);
  return { limit, products: products.map((product) => ({ ...product, gflops: measureProduct(kind, product) })) };
}

/** Seconds that reading so many bytes takes, over and over: from the nearest cache that holds them all. */
export async function measureReading(kind, bytes) {
  const { readAll, memory } = await instantiateLimit(kind);
  const whole = Math.ceil(bytes / 128) * 128;
  const pages = Math.ceil((whole + 1024) / 65536) - memory.buffer.byteLength / 65536;
  if (pages > 0) memory.grow(pages);
  const calls = Math.ceil(2e8 / whole);
  const run = () => {
    for (let i = 0; i < calls; i++) readAll(1024, whole);
  };
  return measure(run, { warmUp: 30, repeats: 15 }).median / calls;
}

async function measureLimit(kind) {
  const { registerResident } = await instantiateLimit(kind);
  // Many short calls: an engine compiles a hot function anew, but not while it runs.
  const [calls, rounds] = [400, 5_000];
  const run = () => {
    for (let i = 0; i < calls; i++) registerResident(rounds, 0.999, 0.001);
  };
  const { min } = measure(run, { warmUp: 10, repeats: 15 });
  return (calls * rounds * 96) / min / 1e9;
}

async function instantiateLimit(kind) {
  const file = `build/limit-${kind}.wasm`;
  const features = kind === "relaxed" ? ["simd", "relaxed-simd"] : ["simd"];
  const enable = features.flatMap((feature) => ["--enable", feature]);
  const { error, stderr } = await asc.main([
    "bench/limit.ts",
    "--config",
    "none",
    "--runtime",
    "stub",
    "-O3",
    ...enable,
    "--outFile",
    file,
  ]);
  if (error) throw new Error(stderr.toString());
  return new WebAssembly.Instance(new WebAssembly.Module(readFileSync(file)), { env: { abort() {} } }).exports;
}

function measureProduct(kind, { form, M, N, K }) {
  const memory = new WebAssembly.Memory({ initial: 4096, maximum: 65536 });
  const module = new WebAssembly.Module(readFileSync(`build/${kind}.wasm`));
  const { exports: kernels } = new WebAssembly.Instance(module, { env: { memory } });
  const padded = (n) => Math.ceil(n / 4) * 4;
  let end = 1024;
  const take = (rows, columns) => {
    const offset = end;
    end += Math.ceil((rows * padded(columns) * 4) / 64) * 64;
    return offset;
  };
  const zeros = take(1, N);
  const panels = take(form === "TN" ? Math.min(K, 256) : K, N);
  const c = take(M, N);
  const [a, b] = form === "TN" ? [take(K, M), take(K, N)] : [take(M, K), form === "NT" ? take(N, K) : take(K, N)];
  new Float32Array(memory.buffer, a, (end - a) / 4).map((_, i, all) => {
    all[i] = ((i * 7) % 13) / 13 - 0.5;
    return 0;
  });
  const lda = padded(form === "TN" ? M : K);
  const run = {
    NN: () => kernels.multiply(c, padded(N), zeros, 0, a, lda, 1, panels, M, N, K),
    NT: () => kernels.multiply(c, padded(N), zeros, 0, a, lda, 1, panels, M, N, K),
    TN: () => kernels.weightGradient(c, padded(N), a, lda, b, padded(N), M, N, K, zeros, panels, 0),
  }[form];
  if (form === "NN") kernels.pack(panels, b, padded(N), K, N);
  if (form === "NT") kernels.packTransposed(panels, b, padded(K), K, N);
  const flops = 2 * M * N * K;
  const calls = Math.max(1, Math.round(2e7 / flops));
  const { min } = measure(
    () => {
      for (let i = 0; i < calls; i++) run();
    },
    { warmUp: 20, repeats: 15 },
  );
  return (flops * calls) / min / 1e9;
}
