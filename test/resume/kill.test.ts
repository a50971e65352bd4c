import { spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterAll, expect, test } from "vitest";
import { textOf } from "../formats/files.js";
import { generator } from "../reference/random.js";

/*
 * A process that trains and saves now and then is killed, again and again, and ends with the same bytes all the same. It
 * imports the built library, as a user's would.
 */

const KILLS = 20;
/** So many that no process gets to the end between the line that it is killed for and the signal. */
const EPOCHS = 15;

const root = fileURLToPath(new URL("../../", import.meta.url));
mkdirSync(join(root, "build"), { recursive: true });
const folder = mkdtempSync(join(root, "build/kill-"));
afterAll(() => rmSync(folder, { recursive: true }));

const program = join(folder, "train.mjs");
writeFileSync(
  program,
  `
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { CharRNN } from ${JSON.stringify(new URL("../../dist/index.js", import.meta.url).href)};

const [autosave, result] = process.argv.slice(2);
const text = "the quick brown fox jumps over the lazy dog; ".repeat(40); // 81 steps an epoch
const isResumed = existsSync(autosave);
const model = isResumed
  ? await CharRNN.load(readFileSync(autosave))
  : await CharRNN.create({ vocabulary: text, cell: "lstm", hiddenSize: 6, numLayers: 2, dropout: 0.2, seed: 3 });
const options = isResumed
  ? { resume: true }
  : { batching: "streams", sequenceLength: 5, batchSize: 3, epochs: ${EPOCHS}, validation: 0.3, learningRate: { type: "linear", learningRate: 0.01 } };

function write(file, bytes) {
  writeFileSync(file + ".part", bytes);
  renameSync(file + ".part", file);
}

await model.fit(text, {
  ...options,
  onStep({ step }) {
    process.stdout.write(step + "\\n");
    if (step % 3 === 1) write(autosave, model.save({ training: true }));
  },
});
write(result, model.save());
`,
);

/** Runs the program, and kills it after so many lines. The first step that it made, and how it ended. */
function train(name: string, lines = Infinity) {
  const child = spawn(process.execPath, [program, join(folder, `${name}.autosave`), join(folder, name)], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  let stderr = "";
  child.stderr.on("data", (text) => {
    stderr += text;
  });
  const output = createInterface({ input: child.stdout });
  let first: number | undefined;
  let count = 0;
  output.on("line", (line) => {
    first ??= Number(line);
    if (++count === lines) child.kill("SIGKILL");
  });
  return new Promise<{ first: number | undefined; status: number | null; signal: string | null; stderr: string }>(
    (resolve, reject) => {
      child.on("error", reject);
      child.on("close", (status, signal) => resolve({ first, status, signal, stderr }));
    },
  );
}

test(`killed ${KILLS} times at a random step, and the same bytes in the end`, async () => {
  expect(existsSync(join(root, "dist/index.js")), "run npm run build").toBe(true);
  expect(await train("whole")).toEqual({ first: 0, status: 0, signal: null, stderr: "" });

  const random = generator(20);
  const firsts: number[] = [];
  for (let kill = 0; kill < KILLS; kill++) {
    const { first, ...end } = await train("killed", 1 + Math.floor(30 * random()));
    expect(end, `kill ${kill}`).toEqual({ status: null, signal: "SIGKILL", stderr: "" });
    firsts.push(first as number);
  }
  // Each goes on from an autosave at or behind that of the one before, and far more than one is behind.
  expect(firsts).toEqual(firsts.toSorted((a, b) => a - b));
  expect(new Set(firsts).size).toBeGreaterThan(KILLS / 2);
  const { first, ...end } = await train("killed");
  expect(first).toBeGreaterThan(firsts.at(-1) as number);
  expect(end).toEqual({ status: 0, signal: null, stderr: "" });
  expect(textOf(readFileSync(join(folder, "killed")))).toBe(textOf(readFileSync(join(folder, "whole"))));
});
