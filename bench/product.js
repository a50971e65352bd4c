import { readFileSync } from "node:fs";
import { flopsOf } from "./workloads.js";

/** Operations that a product is measured with at a time. */
const FLOPS = 1e8;

/**
 * One product by the kernels of a build of the core, on numbers between −0.5 and 0.5. Its weights are packed already, as
 * those of training are; TN packs as it goes.
 *
 * @returns a function that returns seconds per product
 */
export function prepareProduct(build, workload) {
  const { form, M, N, K } = workload;
  const memory = new WebAssembly.Memory({ initial: 4096, maximum: 65536 });
  const module = new WebAssembly.Module(readFileSync(`build/${build}.wasm`));
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
  const multiply = {
    NN: () => kernels.multiply(c, padded(N), zeros, 0, a, lda, 1, panels, M, N, K),
    NT: () => kernels.multiply(c, padded(N), zeros, 0, a, lda, 1, panels, M, N, K),
    TN: () => kernels.weightGradient(c, padded(N), a, lda, b, padded(N), M, N, K, zeros, panels, 0),
  }[form];
  const calls = Math.ceil(FLOPS / flopsOf(workload));
  return () => {
    const start = performance.now();
    for (let i = 0; i < calls; i++) multiply();
    return (performance.now() - start) / 1000 / calls;
  };
}
