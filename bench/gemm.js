/*
 * The core's products as a participant of the benchmark: node bench/gemm.js <relaxed | simd>. See participant.js.
 */
import { prepareProduct } from "./product.js";
import { serve } from "./serve.js";

const build = process.argv[2];
await serve((workload) => {
  const run = prepareProduct(build, workload);
  for (let i = 0; i < 20; i++) run();
  // Short as it is, it is not to be timed with the caches that the others have left.
  const runTwice = () => {
    run();
    return run();
  };
  return { run: runTwice, facts: {} };
});
