import { createInterface } from "node:readline";

/**
 * The side of whoever takes part in a benchmark: answers what Participant of participant.js asks.
 *
 * @param prepare resolves, for a workload, to facts and `run`, which returns or resolves to seconds per unit
 */
export async function serve(prepare) {
  let prepared;
  for await (const line of createInterface({ input: process.stdin })) {
    const { prepare: workload } = JSON.parse(line);
    if (workload) {
      prepared = undefined;
      prepared = await prepare(workload);
      answer(prepared.facts);
    } else {
      answer({ seconds: await prepared.run() });
    }
  }
}

function answer(message) {
  process.stdout.write(`${JSON.stringify(message)}\n`);
}
