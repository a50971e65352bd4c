/*
 * The workloads in a browser: node bench/browser/run.js [--browser chromium] [--only KEYS] [--quick] [--serve]
 *
 * Chromium runs through playwright-core; Firefox, which that drives only in a build of its own, is started with the
 * page's address and posts what it measured. --serve only serves the page, for any other browser. Writes
 * bench/results/<browser>.json after a whole run, else build/bench/<browser>.json.
 */
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { findProgram } from "../../test/matrix/programs.js";
import { browserTable } from "../report.js";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const SERVED = ["dist/", "bench/"];
const TYPES = { ".html": "text/html; charset=utf-8", ".js": "text/javascript" };
const BROWSERS = {
  chromium: { programs: ["chromium", "chromium-browser", "google-chrome"], open: openChromium },
  firefox: { programs: ["firefox", "firefox-esr"], open: openFirefox },
};
/** A page that has not reported by then never will. */
const PATIENCE_MS = 30 * 60_000;

const { values: flags } = parseArgs({
  options: {
    browser: { type: "string", multiple: true, default: Object.keys(BROWSERS) },
    only: { type: "string" },
    quick: { type: "boolean", default: false },
    serve: { type: "boolean", default: false },
  },
});

let onReport = () => {};
const server = createServer(answer);
await new Promise((resolve) => server.listen(flags.serve ? 8080 : 0, "127.0.0.1", resolve));
const page = `http://127.0.0.1:${server.address().port}/bench/browser/index.html`;
if (flags.serve) {
  console.log(`${page} measures the browser that opens it`);
} else {
  try {
    for (const name of flags.browser) await measure(name);
  } finally {
    server.close();
    server.closeAllConnections();
  }
}

async function measure(name) {
  const browser = BROWSERS[name];
  if (!browser) throw new Error(`--browser ${name}: expected one of ${Object.keys(BROWSERS).join(", ")}`);
  const program = findProgram(...browser.programs);
  if (!program) return console.log(`skipped: ${name} (no ${browser.programs.join(", ")} in PATH)`);
  const query = new URLSearchParams({ report: "", ...(flags.quick && { quick: "" }) });
  if (flags.only) query.set("only", flags.only);
  const reported = new Promise((resolve) => {
    onReport = resolve;
  });
  let giveUp;
  const patience = new Promise((_, reject) => {
    giveUp = setTimeout(() => reject(new Error(`${name} has not reported`)), PATIENCE_MS);
  });
  const close = await browser.open(program, `${page}?${query}`);
  try {
    show(name, await Promise.race([reported, patience]));
  } finally {
    clearTimeout(giveUp);
    await close();
  }
}

function show(name, result) {
  if (result.error) throw new Error(`${name}: ${result.error}`);
  console.log(`${browserTable(result)}\n`);
  const folder = `${ROOT}${flags.quick || flags.only ? "build/bench" : "bench/results"}`;
  mkdirSync(folder, { recursive: true });
  writeFileSync(`${folder}/${name}.json`, `${JSON.stringify(result, null, 2)}\n`);
}

async function openChromium(executablePath, address) {
  const { chromium } = await import("playwright-core");
  const browser = await chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-gpu"] });
  const tab = await browser.newPage();
  tab.on("pageerror", (error) => onReport({ error: String(error) }));
  await tab.goto(address);
  return () => browser.close();
}

async function openFirefox(program, address) {
  const profile = mkdtempSync(join(tmpdir(), "rnn-wasm-firefox-"));
  const browser = spawn(program, ["--headless", "--no-remote", "--profile", profile, address], { stdio: "ignore" });
  const ended = new Promise((resolve) => {
    browser.once("exit", resolve);
    browser.once("error", resolve);
  });
  ended.then(() => onReport({ error: "Firefox ended before it reported" }));
  return async () => {
    browser.kill();
    await ended;
    rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
  };
}

/** The files of dist/ and bench/, cross-origin isolated: threads need it. */
async function answer(request, response) {
  const { pathname } = new URL(request.url ?? "/", "http://localhost");
  if (request.method === "POST" && pathname === "/report") {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    response.end();
    onReport(JSON.parse(Buffer.concat(chunks).toString()));
    return;
  }
  const path = normalize(decodeURIComponent(pathname)).slice(1);
  const body = SERVED.some((folder) => path.startsWith(folder))
    ? await readFile(`${ROOT}${path}`).catch(() => undefined)
    : undefined;
  response.writeHead(body ? 200 : 404, {
    "content-type": TYPES[extname(path)] ?? "application/octet-stream",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-embedder-policy": "require-corp",
  });
  response.end(body);
}
