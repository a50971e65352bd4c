import { readFileSync } from "node:fs";
import { summarize } from "./harness.js";
import { createLimit } from "./limit.js";
import { products } from "./workloads.js";

/*
 * node bench/gemm.js <relaxed | simd> : GFLOP/s of each product on a build of the core as JSON, packing included as
 * training has it (weights are packed for every product of many rows), and its share of what the registers alone can do,
 * both by turns.
 */

/** Operations that a product is measured with at a time, as many as of the registers alone just before. */
const FLOPS = 2e8;
const [WARM_UP, TURNS] = [15, 25];

const kind = process.argv[2];
const limit = await createLimit(kind);
console.log(JSON.stringify(products.map((product) => ({ ...product, ...measureProduct(product) }))));

function measureProduct({ form, M, N, K }) {
  const multiply = prepareProduct(form, M, N, K);
  const flops = 2 * M * N * K;
  const calls = Math.max(1, Math.round(FLOPS / flops));
  const turn = () => {
    const atLimit = limit.compute(FLOPS);
    const start = performance.now();
    for (let i = 0; i < calls; i++) multiply();
    const seconds = (performance.now() - start) / 1000 / (calls * flops);
    return { seconds, share: atLimit / seconds };
  };
  for (let i = 0; i < WARM_UP; i++) turn();
  const turns = Array.from({ length: TURNS }, turn);
  const median = (key) => summarize(turns.map((turn) => turn[key])).median;
  return { gflops: 1e-9 / median("seconds"), share: median("share") };
}

/** One product by the kernels themselves, on numbers between −0.5 and 0.5. */
function prepareProduct(form, M, N, K) {
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
  const values = new Float32Array(memory.buffer, a, (end - a) / 4);
  for (let i = 0; i < values.length; i++) values[i] = ((i * 7) % 13) / 13 - 0.5;
  const lda = padded(form === "TN" ? M : K);
  if (form === "NN") kernels.pack(panels, b, padded(N), K, N);
  if (form === "NT") kernels.packTransposed(panels, b, padded(K), K, N);
  return {
    NN: () => kernels.multiply(c, padded(N), zeros, 0, a, lda, 1, panels, M, N, K),
    NT: () => kernels.multiply(c, padded(N), zeros, 0, a, lda, 1, panels, M, N, K),
    TN: () => kernels.weightGradient(c, padded(N), a, lda, b, padded(N), M, N, K, zeros, panels, 0),
  }[form];
}
