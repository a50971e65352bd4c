/*
 * Bundlers as they come, without a setting for us: an app as each one's template has it, built with its default command,
 * and run in Chromium.
 */
import { cpSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import * as chromium from "./browsers/chromium.js";
import { end, run, start, untilAnswers } from "./child.js";
import { npmProgram } from "./programs.js";
import { freePort, serveFolder } from "./server.js";

const HERE = fileURLToPath(new URL(".", import.meta.url));
/** A page that is not isolated, in Chromium. */
const EXPECTED = { core: "relaxed", threads: 1, notice: /cross-origin isolated/, remote: "same bits" };
/** The tools' own: no news about their use, and no colours. */
const QUIET = { NEXT_TELEMETRY_DISABLED: "1", NO_COLOR: "1", CI: "1" };

/** `site`: the folder that is served after the build. */
const PAGE_BUNDLERS = [
  {
    platform: "esbuild 0.28",
    script: "src/main.js",
    page: ["index.html", '<script src="dist/main.js"></script>'],
    build: ["esbuild", "src/main.js", "--bundle", "--outfile=dist/main.js"],
    site: ".",
  },
  {
    platform: "Vite 8",
    script: "src/main.js",
    page: ["index.html", '<script type="module" src="/src/main.js"></script>'],
    build: ["vite", "build"],
    site: "dist",
    develop: (port) => ["vite", "--host", "127.0.0.1", "--port", port, "--strictPort"],
  },
  {
    platform: "webpack 5",
    script: "src/index.js",
    page: ["dist/index.html", '<script src="main.js"></script>'],
    build: ["webpack", "--mode", "production"],
    site: "dist",
  },
  {
    platform: "Rollup 4",
    script: "src/main.js",
    page: ["public/index.html", '<script type="module" src="main.js"></script>'],
    build: ["rollup", "src/main.js", "--file", "public/main.js", "--format", "es", "--plugin", "node-resolve"],
    site: "public",
  },
  {
    platform: "Parcel 2",
    manifest: { source: "src/index.html" },
    script: "src/main.js",
    page: ["src/index.html", '<script type="module" src="main.js"></script>'],
    build: ["parcel", "build"],
    site: "dist",
  },
];

const NEXT = {
  platform: "Next.js 16",
  async run(cell, context) {
    const app = newApp(context.work, "next");
    cpSync(join(HERE, "bundlers/next"), app, { recursive: true });
    cpSync(join(HERE, "lab.js"), join(app, "app/lab.js"));
    cpSync(join(HERE, "page.js"), join(app, "app/page-report.js"));
    for (const flags of [[], ["--webpack"]]) {
      await cell(["build", ...flags].join(" "), EXPECTED, async () => {
        await runTool(["next", "build", ...flags], app);
        return visitServer((port) => ["next", "start", "--hostname", "127.0.0.1", "--port", port], app, context);
      });
    }
  },
};

export const bundlers = [...PAGE_BUNDLERS.map(pageBundler), NEXT].map((bundler) => ({
  kind: "bundler",
  missing: chromium.missing,
  ...bundler,
}));

function pageBundler({ platform, manifest, script, page: [page, tag], build, site, develop }) {
  return {
    platform,
    async run(cell, context) {
      const app = newApp(context.work, build[0], manifest);
      put(app, page, `<!doctype html>\n<html lang="en"><head><title>App</title></head><body>${tag}</body></html>\n`);
      mkdirSync(join(app, "src"), { recursive: true });
      cpSync(join(HERE, "bundlers/app.js"), join(app, script));
      for (const file of ["lab.js", "page.js"]) cpSync(join(HERE, file), join(app, "src", file));
      await cell("build", EXPECTED, async () => {
        await runTool(build, app);
        return visitFolder(join(app, site), context);
      });
      if (develop) await cell("dev server", EXPECTED, () => visitServer(develop, app, context));
    },
  };
}

function newApp(work, name, manifest = {}) {
  const app = join(work, "apps", name);
  put(app, "package.json", JSON.stringify({ name: `${name}-app`, private: true, ...manifest }));
  return app;
}

function put(folder, name, text) {
  const file = join(folder, name);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}

export function runTool([tool, ...args], cwd) {
  return run(npmProgram(`.bin/${tool}`), args, { cwd, env: QUIET, seconds: 180 });
}

async function visitFolder(folder, context) {
  const site = await serveFolder(folder);
  try {
    return await visit(`${site.origin}/`, context);
  } finally {
    site.close();
  }
}

async function visitServer(command, cwd, context) {
  const port = await freePort();
  const [tool, ...args] = command(String(port));
  const serving = start(npmProgram(`.bin/${tool}`), args, { cwd, env: QUIET });
  try {
    const url = `http://127.0.0.1:${port}/`;
    await untilAnswers(url, serving);
    return await visit(url, context);
  } finally {
    await end(serving);
  }
}

async function visit(url, { reports, openChromium }) {
  const { visit, complaints } = await openChromium();
  complaints.length = 0;
  return reports.reportOf(url, visit).catch((error) => {
    throw new Error([error.message, ...complaints].join("\n"));
  });
}
