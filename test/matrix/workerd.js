/* Cloudflare's runtime, as wrangler bundles and runs a worker: the lab, and the example that samples. */
import { cpSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { end, run, start, untilAnswers } from "./child.js";
import { MODULES, missingModules, npmProgram } from "./programs.js";
import { freePort } from "./server.js";

const HERE = fileURLToPath(new URL(".", import.meta.url));
/** Wrangler is newer than the oldest Node that we run on. */
const NODE = "node-24/bin/node";

const missing = () => missingModules() ?? (npmProgram(NODE) ? undefined : `no ${NODE} for this machine from npm`);

export const workerd = [
  {
    kind: "runtime",
    platform: "workerd",
    missing,
    async run(cell, { work }) {
      const lab = join(work, "workerd");
      cpSync(join(HERE, "workerd"), lab, { recursive: true });
      cpSync(join(HERE, "lab.js"), join(lab, "lab.js"));
      // It compiles nothing at run time, has no threads, and starts no workers of its own.
      const expected = { core: "relaxed", threads: 1, notice: /compiled module/ };
      await cell("wrangler dev", expected, () => answerOf(lab, "/"));
    },
  },
  {
    kind: "example",
    platform: "Cloudflare worker",
    missing,
    async run(cell, { work }) {
      const examples = join(work, "examples-cloudflare");
      cpSync(join(HERE, "../../examples"), examples, { recursive: true });
      const folder = join(examples, "cloudflare");
      await cell("invents names", "own", async () => {
        await run(process.execPath, ["train.js"], { cwd: folder });
        const { names, error } = await answerOf(folder, "/?count=7&start=D");
        const isRight = names?.length === 7 && names.every((name) => /^D[A-Za-z]*$/.test(name));
        return isRight ? [] : [`expected 7 names with a D, got ${error ?? names}`];
      });
    },
  },
];

/** What the worker in a folder answers. */
async function answerOf(folder, path) {
  const port = await freePort();
  const wrangler = join(MODULES, "wrangler/bin/wrangler.js");
  const args = [wrangler, "dev", "--ip", "127.0.0.1", "--port", port, "--show-interactive-dev-session=false"];
  const env = { CI: "1", WRANGLER_SEND_METRICS: "false", WRANGLER_LOG_PATH: join(folder, "logs") };
  const serving = start(npmProgram(NODE), args.map(String), { cwd: folder, env });
  try {
    const answer = await untilAnswers(`http://127.0.0.1:${port}${path}`, serving);
    const text = await answer.text();
    if (!text.startsWith("{"))
      throw new Error(`${answer.status}: ${text.slice(0, 500)}\n${serving.output.slice(-2000)}`);
    return JSON.parse(text);
  } finally {
    await end(serving);
  }
}
