import { readFileSync } from "node:fs";

/*
 * What the JavaScript peers have in common: each is a participant of the benchmark for one workload, in a process of its
 * own. See ../participant.js.
 */

/** A step that takes longer is not worth anybody's minutes. */
const PATIENCE = 5;

/**
 * @param step one training step on the workload's batch; resolves when all of it is done
 */
export async function prepareSteps({ steps, key }, version, step) {
  const secondsOf = async (count) => {
    const start = performance.now();
    for (let i = 0; i < count; i++) await step();
    return (performance.now() - start) / 1000;
  };
  // The first step compiles, the second is what a step costs.
  await secondsOf(1);
  const once = await secondsOf(1);
  if (once > PATIENCE) {
    return { facts: { version, skipped: `one step takes ${once.toFixed(1)} s, more than ${PATIENCE} s` } };
  }
  // The lab is its 100 epochs; of the others one step is long enough to be measured by itself.
  return { facts: { version }, run: () => secondsOf(key === "lab" ? steps : 1) };
}

/** The version of an installed package, whose `exports` may hide its package.json. */
export function versionOf(name) {
  return JSON.parse(readFileSync(new URL(`node_modules/${name}/package.json`, import.meta.url), "utf8")).version;
}
