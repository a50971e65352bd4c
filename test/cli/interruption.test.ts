import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { CharRNN } from "rnn-wasm";
import { expect, test } from "vitest";
import { textOf } from "../formats/files.js";
import { COMMAND, ended, run, start, temporaryFolder } from "./process.js";

/*
 * Runs that do not come to their end at once.
 */

const folder = temporaryFolder();
const EPOCHS = 40;
const TRAIN = [
  ...["--cell", "lstm", "--hidden", "16", "--layers", "2", "--dropout", "0.2"],
  ...["--epochs", String(EPOCHS), "--validation", "0.1", "--numerics", "reproducible"],
];
writeFileSync(join(folder, "fox.txt"), "the quick brown fox jumps over the lazy dog; ".repeat(100));

async function weightsOf(name: string): Promise<string> {
  return textOf((await CharRNN.load(readFileSync(join(folder, name)))).save());
}

/** How to go on, as the last line of an interrupted run says it: the arguments. */
function wayOn(stderr: string): string[] {
  const [where, how] = stderr.split("\n");
  expect(where).toMatch(new RegExp(`^interrupted in epoch \\d+ of ${EPOCHS}, saved in .*\\.safetensors$`));
  const [, words = ""] = /^go on with: rnn-wasm (.*)$/.exec(how as string) ?? [];
  return words.split(" ");
}

test("interrupted, resumed, and the same bytes in the end", async () => {
  const whole = await run(folder, ["train", "fox.txt", "--model", "whole.safetensors", ...TRAIN]);
  expect(whole.code).toBe(0);

  let args = ["train", "fox.txt", "--model", "parts.safetensors", ...TRAIN];
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    const child = start(folder, [...args, "--sample-every", "0.01"]); // samples change nothing either
    const { code, stdout, stderr } = await ended(child, (soFar) => {
      if (soFar.split("\nepoch").length >= 3 && !child.killed) child.kill(signal);
    });
    expect(code).toBe(signal === "SIGINT" ? 130 : 143);
    expect(stdout).toContain("\nsample ");
    args = wayOn(stderr);
    expect(args).toEqual(["train", "fox.txt", "--model", "parts.safetensors", "--resume"]);
    expect(existsSync(join(folder, "parts.loss.svg"))).toBe(true);
  }
  const { code, stdout, stderr } = await run(folder, args);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(stdout).not.toMatch(/^epoch +[1-4]\//m);
  expect(await weightsOf("parts.safetensors")).toBe(await weightsOf("whole.safetensors"));
});

test("a killed run goes on from its last save", async () => {
  const args = ["train", "fox.txt", "--model", "killed.safetensors", ...TRAIN];
  const child = start(folder, args);
  const { code } = await ended(child, (soFar) => {
    if (soFar.includes("\nepoch  3")) child.kill("SIGKILL");
  });
  expect(code).toBeNull();
  const resumed = await run(folder, ["train", "fox.txt", "--model", "killed.safetensors", "--resume", "--json"]);
  expect(resumed.code).toBe(0);
  expect(await weightsOf("killed.safetensors")).toBe(await weightsOf("whole.safetensors"));
});

test("a resumed run has the threads that it is told, and says so again", async () => {
  // Says at the end how many were started.
  writeFileSync(
    join(folder, "count.mjs"),
    `import threads from "node:worker_threads";
    let count = 0;
    const { Worker } = threads;
    threads.Worker = class extends Worker {
      constructor(...args) {
        super(...args);
        count++;
      }
    };
    process.on("exit", () => console.error("workers:", count));`,
  );
  const node = ["--import", "./count.mjs"];
  const again = ["train", "fox.txt", "--model", "threads.safetensors"];
  const child = start(folder, [...again, "--threads", "1", ...TRAIN], { node });
  const { stderr } = await ended(child, (soFar) => {
    if (soFar.includes("\nepoch  3")) child.kill("SIGINT");
  });
  expect(stderr.endsWith("\nworkers: 0\n")).toBe(true);
  expect(wayOn(stderr)).toEqual([...again, "--resume", "--threads", "1"]);

  const resumed = await run(folder, [...again, "--resume", "--threads", "2"], { node });
  expect(resumed).toMatchObject({ code: 0, stderr: "workers: 1\n" });
  expect(await weightsOf("threads.safetensors")).toBe(await weightsOf("whole.safetensors"));
});

test("a closed pipe ends the run as Ctrl-C does", async () => {
  const child = start(folder, ["train", "fox.txt", "--model", "o'clock.safetensors", ...TRAIN]);
  const { code, stderr } = await ended(child, (soFar) => {
    if (soFar.includes("\nepoch")) child.stdout?.destroy();
  });
  expect(code).toBe(1);
  expect(stderr).toContain("\ngo on with: rnn-wasm train fox.txt --model 'o'\\''clock.safetensors' --resume\n");
});

test("standard input is named in the way to go on", async () => {
  const child = start(folder, ["train", "--model", "input.safetensors", "--json", ...TRAIN]);
  child.stdin?.end(readFileSync(join(folder, "fox.txt")));
  const { stderr } = await ended(child, () => child.kill("SIGINT"));
  expect(stderr).toContain(
    "rnn-wasm train - --model input.safetensors --resume, with the same text on standard input\n",
  );
});

/** A command in a terminal of so many columns. */
function inTerminal(columns: number, args: readonly string[]): ChildProcess {
  const command = [process.execPath, COMMAND, ...args].map((word) => `'${word}'`).join(" ");
  const line = `stty cols ${columns}; ${command}`;
  return spawn("script", ["--quiet", "--return", "--command", line, "/dev/null"], { cwd: folder });
}

const hasScript = spawnSync("script", ["--version"]).status === 0;
if (!hasScript) console.info("skipped: the command line in a terminal (no `script` of util-linux was found)");

test.skipIf(!hasScript)("in a terminal: a bar, samples above it, Ctrl-C", async () => {
  const often = ["--sample-every", "0.2", "--epochs", "3000"];
  writeFileSync(join(folder, "long.txt"), "the quick brown fox jumps over the lazy dog; ".repeat(10_000));
  const args = ["train", "long.txt", "--model", "terminal.safetensors", ...TRAIN, ...often];
  const child = inTerminal(100, args);
  let isInterrupted = false;
  const { code, stdout } = await ended(child, (soFar) => {
    if (isInterrupted || !/░ .*\(held out/.test(soFar) || !/\d\/3000 {2}\d/.test(soFar)) return;
    isInterrupted = true;
    child.stdin?.write("\x03");
  });
  expect(code).toBe(130);
  expect(stdout).toMatch(/epoch 1\/3000 {2}loss/); // it knows of how many before the first one ends
  expect(stdout).toMatch(
    /[█░]{8,30} +\d+ % {2}epoch \d+\/3000 {2}loss \d\.\d{3} \(held out \d\.\d{3}\) {2}[\d,]+ symbols\/s {2}[\d:]+( s)? left/,
  );
  expect(stdout.lastIndexOf("\x1b[?7h")).toBeGreaterThan(stdout.lastIndexOf("\x1b[?7l")); // lines wrap again
  expect(stdout).toContain("go on with: rnn-wasm train long.txt --model terminal.safetensors --resume");
});

test.skipIf(!hasScript)("a narrow terminal: lines are cut between words", async () => {
  const args = ["info", "whole.safetensors"];
  const { stdout } = await ended(inTerminal(50, args));
  const lines = stdout.split("\r\n");
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(50);
  const plain = (await run(folder, args)).stdout;
  expect(lines.length).toBeGreaterThan(plain.split("\n").length);
  expect(lines.join("\n").replaceAll(/\s+/g, " ")).toBe(plain.replaceAll(/\s+/g, " "));
});
