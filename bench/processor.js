import { spawnSync } from "node:child_process";
import { cpus } from "node:os";
import { setTimeout } from "node:timers/promises";
import { prepareProduct } from "./product.js";
import { products } from "./workloads.js";

/*
 * Where the machine has other guests, a processor may be half as fast for minutes while the next one is not. So those who
 * are compared share one, and in every turn it is the one that is quickest then, where the system can do that.
 */
const canPin = spawnSync("taskset", ["-c", "0", "true"]).status === 0;
const all = cpus().map((_, processor) => processor);
/** How much slower than in the run's best moment is quiet. */
const QUIET = 1.1;
/** How often a run looks again for a quiet moment, all in all, and milliseconds between two looks. */
let looks = 240;
const WAIT = 1000;
let best = Infinity;
let probe;

/**
 * Moves processes to the processor that is quickest now, and waits for a while until that one is quiet.
 *
 * @returns how many times as much as this one all processors do together now; undefined where the system cannot pin
 */
export async function moveToQuietest(pids) {
  if (!canPin) return undefined;
  probe ??= prepareProbe();
  let quietest = findQuietest();
  for (; quietest.seconds > QUIET * best && looks > 0; looks--) {
    await setTimeout(WAIT);
    quietest = findQuietest();
  }
  for (const pid of pids) pin(pid, quietest.processor);
  return quietest.together;
}

function findQuietest() {
  const measured = all.map((processor) => {
    pin(process.pid, processor);
    return { processor, seconds: Math.min(...Array.from({ length: 3 }, probe)) };
  });
  pin(process.pid, all.join());
  const [quietest] = measured.toSorted((a, b) => a.seconds - b.seconds);
  best = Math.min(best, quietest.seconds);
  const together = measured.reduce((sum, { seconds }) => sum + quietest.seconds / seconds, 0);
  return { ...quietest, together };
}

/** A product out of the nearest cache: it feels a neighbour more than what stays in the registers. */
function prepareProbe() {
  const run = prepareProduct(
    "simd",
    products.find(({ name }) => name === "LSTM 128, recurrent step"),
  );
  for (let i = 0; i < 20; i++) run();
  return run;
}

function pin(pid, processors) {
  spawnSync("taskset", ["--all-tasks", "--cpu-list", "--pid", String(processors), String(pid)]);
}
