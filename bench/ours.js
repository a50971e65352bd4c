/*
 * rnn-wasm as a participant of the benchmark: node bench/ours.js <fast | reproducible> <threads>. See participant.js.
 */
import { createInterface } from "node:readline";
import { prepare } from "./work.js";

const [numerics, threads] = process.argv.slice(2);
let prepared;

for await (const line of createInterface({ input: process.stdin })) {
  const { prepare: workload } = JSON.parse(line);
  if (workload) {
    prepared = undefined;
    prepared = await prepare(workload, { numerics, threads: Number(threads) });
    answer(prepared.facts);
  } else {
    answer({ seconds: prepared.run() });
  }
}

function answer(message) {
  process.stdout.write(`${JSON.stringify(message)}\n`);
}
