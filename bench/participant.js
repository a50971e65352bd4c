import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { summarize } from "./harness.js";
import { moveToQuietest } from "./processor.js";

/** Where a machine is so busy that a workload takes longer than this, it is measured a few times only. */
const PATIENCE_MS = 60_000;
const FEW = 3;

/**
 * Who is measured, in a process of its own that lives as long as the run. It is told a line of JSON at a time:
 * { prepare: workload } is answered with facts, { run: true } with { seconds }, per unit of the workload.
 */
export class Participant {
  #process;
  #lines;
  #errors = "";

  constructor(threads, command, ...args) {
    this.threads = threads;
    this.#process = spawn(command, args, { stdio: ["pipe", "pipe", "pipe"] });
    this.#process.stderr.on("data", (data) => {
      this.#errors += data;
    });
    this.#lines = createInterface({ input: this.#process.stdout })[Symbol.asyncIterator]();
  }

  static ours(numerics, threads) {
    return new Participant(threads, process.execPath, pathOf("ours.js"), numerics, String(threads));
  }

  static pyTorch(python, threads) {
    return new Participant(threads, python, pathOf("peers/pytorch.py"), String(threads));
  }

  /** A JavaScript peer, for one workload. */
  static peer(name) {
    return new Participant(1, process.execPath, pathOf(`peers/${name}.js`));
  }

  /** The core's products by themselves. */
  static gemm(build) {
    return new Participant(1, process.execPath, pathOf("gemm.js"), build);
  }

  /** What the processor can do at most. */
  static limit(kind) {
    return new Participant(1, process.execPath, pathOf("limit.js"), kind);
  }

  get pid() {
    return this.#process.pid;
  }

  prepare(workload) {
    return this.#ask({ prepare: workload });
  }

  async run() {
    const { seconds } = await this.#ask({ run: true });
    return seconds;
  }

  end() {
    this.#process.stdin.end();
  }

  async #ask(question) {
    this.#process.stdin.write(`${JSON.stringify(question)}\n`);
    const { done, value } = await this.#lines.next();
    if (done) throw new Error(this.#errors || "a participant of the benchmark ended");
    return JSON.parse(value);
  }
}

/**
 * Seconds per unit of a workload for each participant, by name: one run of each after the other, so that what else the
 * machine does hits all of them; those of one thread run on the same processor. One that says in its facts that it is
 * `skipped` has nothing but these. Beside them `processors`: how many times as much as that one all of them do together.
 */
export async function measureByTurns(participants, workload, repeats) {
  const facts = {};
  for (const [name, { participant, kind = workload.kind }] of Object.entries(participants)) {
    facts[name] = await participant.prepare({ ...workload, kind });
  }
  requireEqualLosses(workload, facts);
  const taking = Object.keys(participants).filter((name) => !facts[name].skipped);
  const seconds = Object.fromEntries(taking.map((name) => [name, []]));
  const single = taking.map((name) => participants[name].participant).filter(({ threads }) => threads === 1);
  const together = [];
  let spent = 0;
  for (let i = 0; i < repeats && (i < FEW || spent < PATIENCE_MS); i++) {
    together.push(await moveToQuietest(single.map(({ pid }) => pid)));
    const start = performance.now();
    for (const name of taking) seconds[name].push(await participants[name].participant.run());
    spent += performance.now() - start;
  }
  const measured = Object.entries(facts).map(([name, own]) => [
    name,
    { ...own, ...(seconds[name] && summarize(seconds[name])) },
  ]);
  return { ...Object.fromEntries(measured), ...(together[0] && { processors: summarize(together) }) };
}

/** All begin with the same weights and the same batch: who has another loss does other work. */
function requireEqualLosses({ name }, facts) {
  const losses = Object.values(facts)
    .map(({ firstLoss }) => firstLoss)
    .filter((loss) => loss !== undefined);
  if (losses.some((loss) => !(Math.abs(loss - losses[0]) < 1e-4))) {
    throw new Error(`${name}: first losses differ: ${losses.join(", ")}`);
  }
}

function pathOf(name) {
  return fileURLToPath(new URL(name, import.meta.url));
}
