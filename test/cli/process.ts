import { type ChildProcess, type SpawnOptions, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll } from "vitest";

/*
 * The built command line as a process, as a user runs it.
 */

const root = fileURLToPath(new URL("../../", import.meta.url));
export const COMMAND = join(root, "dist/cli/rnn-wasm.js");

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A folder that goes with the test file. */
export function temporaryFolder(): string {
  mkdirSync(join(root, "build"), { recursive: true });
  const folder = mkdtempSync(join(root, "build/cli-"));
  afterAll(() => rmSync(folder, { recursive: true }));
  return folder;
}

/** node: what Node is told before the program. */
export function start(
  cwd: string,
  args: readonly string[],
  options: SpawnOptions & { node?: readonly string[] } = {},
): ChildProcess {
  const { node = [], ...others } = options;
  return spawn(process.execPath, [...node, COMMAND, ...args], { cwd, ...others });
}

/** Sees each piece of the output as it comes. */
export function ended(child: ChildProcess, onOutput?: (soFar: string) => void): Promise<Ended> {
  let stdout = "";
  let stderr = "";
  child.stdout?.setEncoding("utf8").on("data", (text) => {
    stdout += text;
    onOutput?.(stdout);
  });
  child.stderr?.setEncoding("utf8").on("data", (text) => {
    stderr += text;
  });
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, stdout, stderr }));
  });
}

export function run(
  cwd: string,
  args: readonly string[],
  { input = "", node = [] }: { input?: string | Uint8Array; node?: readonly string[] } = {},
): Promise<Ended> {
  const child = start(cwd, args, { node });
  child.stdin?.on("error", () => {}); // a program that fails early reads none of it
  child.stdin?.end(input);
  return ended(child);
}
