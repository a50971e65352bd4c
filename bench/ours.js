/*
 * rnn-wasm as a participant of the benchmark: node bench/ours.js <fast | reproducible> <threads>. See participant.js.
 */
import { serve } from "./serve.js";
import { prepare } from "./work.js";

const [numerics, threads] = process.argv.slice(2);
await serve((workload) => prepare(workload, { numerics, threads: Number(threads) }));
