/* Child processes that never outlive their cell: each has a group of its own, which is ended as a whole. */
import { spawn } from "node:child_process";

const running = new Set();

/** @returns the process; `output` grows as it speaks */
export function start(command, args, { cwd, env } = {}) {
  const child = spawn(command, args, {
    cwd,
    env: { ...process.env, ...env },
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
  });
  child.output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text) => {
      child.output += text;
    });
  }
  child.exited = new Promise((resolve) => {
    child.once("error", (error) => resolve(error.message));
    // Not "close": a daemon that a tool leaves behind keeps its output open.
    child.once("exit", (code, signal) => resolve(signal ?? code));
  });
  running.add(child);
  return child;
}

/** Ends the process and all that it started. */
export async function end(child) {
  running.delete(child);
  if (!child.pid) return;
  for (const signal of ["SIGTERM", "SIGKILL"]) {
    try {
      process.kill(-child.pid, signal);
    } catch {
      return; // nobody is left in the group
    }
    await Promise.race([child.exited, pause(2000)]);
  }
}

/** Runs a command to its end. @throws with the end of its output when it fails, or takes longer than `seconds` */
export async function run(command, args, { seconds = 60, ...options } = {}) {
  const child = start(command, args, options);
  const code = await Promise.race([child.exited, pause(seconds * 1000).then(() => `no end after ${seconds} s`)]);
  // The last words may come after the exit.
  await pause(20);
  await end(child);
  if (code !== 0) throw new Error(`${[command, ...args].join(" ")}: ${code}\n${child.output.slice(-2000)}`);
  return child.output;
}

/** Waits until a server answers. @returns what it answered */
export async function untilAnswers(url, child, seconds = 60) {
  for (const until = Date.now() + seconds * 1000; Date.now() < until; await pause(100)) {
    if (child.exitCode !== null) throw new Error(`ended with ${child.exitCode}\n${child.output.slice(-2000)}`);
    const response = await fetch(url).catch(() => undefined);
    if (response) return response;
  }
  throw new Error(`${url} does not answer after ${seconds} s\n${child.output.slice(-2000)}`);
}

/** @throws when the promise is not settled after that time */
export async function within(seconds, what, promise) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what}: not after ${seconds} s`)), seconds * 1000);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

export function pause(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

for (const signal of ["SIGINT", "SIGTERM"]) {
  process.once(signal, async () => {
    await Promise.all([...running].map(end));
    process.exit(1);
  });
}
