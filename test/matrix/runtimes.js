/* JavaScript runtimes without a page: the lab as a script beside an installed package. */
import { run } from "./child.js";
import { missingModules, npmProgram } from "./programs.js";

const SCRIPTS = ["import.mjs", "require.cjs"];

const RUNTIMES = [
  // Relaxed SIMD is behind a flag there.
  { platform: "Node 20", path: "node-20/bin/node", core: "plain" },
  { platform: "Node 22", path: "node-22/bin/node", core: "relaxed" },
  { platform: "Node 24", path: "node-24/bin/node", core: "relaxed" },
  { platform: "Node 26", path: "node-26/bin/node", core: "relaxed" },
  { platform: "Bun 1", path: ".bin/bun", core: "relaxed" },
  { platform: "Deno 2", path: ".bin/deno", flags: ["run", "--allow-all"], core: "relaxed" },
];

export const runtimes = RUNTIMES.map(({ platform, path, flags = [], core }) => ({
  kind: "runtime",
  platform,
  missing: () => missingModules() ?? (npmProgram(path) ? undefined : `no ${path} for this machine from npm`),
  async run(cell, { work }) {
    for (const script of SCRIPTS) {
      await cell(script.replace(/\..*/, ""), { core, threads: 2, remote: "same bits" }, () =>
        labOf(npmProgram(path), [...flags, script], work),
      );
    }
  },
}));

/** @returns what the lab printed */
export async function labOf(program, args, cwd) {
  const output = await run(program, args, { cwd });
  const line = output.split("\n").find((line) => line.startsWith("{"));
  if (!line) throw new Error(`no report in\n${output.slice(-2000)}`);
  return { report: JSON.parse(line) };
}
