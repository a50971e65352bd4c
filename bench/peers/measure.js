import { readFileSync } from "node:fs";

/*
 * What the JavaScript peers have in common: each runs in a process of its own, reads one workload as JSON on standard
 * input, and prints as JSON { version, loss, seconds } or { version, skipped: why }.
 */

/** A step that takes longer is not worth anybody's minutes. */
const PATIENCE = 5;

/** The workload, with `repeats` that are few: the peers are slow. */
export function readWorkload() {
  return JSON.parse(readFileSync(0, "utf8"));
}

/**
 * @param step one training step on the workload's batch; resolves to its loss when all of it is done
 */
export async function report({ steps, key, repeats }, version, step) {
  const secondsOf = async (count) => {
    const start = performance.now();
    let loss;
    for (let i = 0; i < count; i++) loss = await step();
    return { loss, seconds: (performance.now() - start) / 1000 };
  };
  // The first step compiles, the second is what a step costs.
  await secondsOf(1);
  const { seconds: once } = await secondsOf(1);
  if (once > PATIENCE) {
    const skipped = `one step takes ${once.toFixed(1)} s, more than ${PATIENCE} s`;
    console.log(JSON.stringify({ version, skipped }));
    return;
  }
  // The lab is its 100 epochs; of the others one step is long enough to be measured by itself.
  const count = key === "lab" ? steps : 1;
  const seconds = [];
  let loss;
  for (let i = 0; i < repeats; i++) {
    const run = await secondsOf(count);
    seconds.push(run.seconds);
    loss = run.loss;
  }
  console.log(JSON.stringify({ version, loss, seconds }));
}

/** The version of an installed package, whose `exports` may hide its package.json. */
export function versionOf(name) {
  return JSON.parse(readFileSync(new URL(`node_modules/${name}/package.json`, import.meta.url), "utf8")).version;
}
