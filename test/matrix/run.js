/*
 * node test/matrix/run.js [PLATFORM …] : packs the library and proves the packed file on every runtime, browser and
 * bundler, or on those whose names are given. Writes build/ci/matrix.json (counts) and build/matrix.json (all that was
 * reported), and after a whole run the table in README.md. `npm ci` in this folder comes first.
 * What this machine lacks is skipped with a line; with CI=true it fails.
 */
import { cpSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { launch } from "./browsers/chromium.js";
import { browsers } from "./browsers.js";
import { bundlers } from "./bundlers.js";
import { run } from "./child.js";
import { examples } from "./examples.js";
import { labOf, runtimes } from "./runtimes.js";
import { listenForReports } from "./server.js";
import { writeTable } from "./table.js";
import { faultsOf, faultsOfRefusal } from "./verdict.js";
import { workerd } from "./workerd.js";

const HERE = fileURLToPath(new URL(".", import.meta.url));
const ROOT = join(HERE, "../..");
const WORK = join(HERE, "build");
const isCi = Boolean(process.env.CI);

const wanted = process.argv.slice(2).map((name) => name.toLowerCase());
const isWanted = ({ platform }) => wanted.length === 0 || wanted.some((name) => platform.toLowerCase().includes(name));

const cells = [];
const skipped = [];
const versions = {};
const reports = await listenForReports();

await installPackage();
const { report: reference } = await labOf(process.execPath, ["import.mjs"], WORK);
let chromium;
const context = {
  work: WORK,
  library: join(WORK, "node_modules/rnn-wasm"),
  reports,
  /** One for all that is run in Chromium whatever built it. */
  openChromium: () => {
    chromium ??= launch();
    return chromium;
  },
  note: (platform, version) => {
    versions[platform] = version;
  },
};
// Two at a time: bundlers mostly compute, and a browser's page is waited for.
await Promise.all(
  [
    [...runtimes, ...workerd, ...browsers],
    [...bundlers, ...examples],
  ].map(runInTurn),
);
await chromium?.then((browser) => browser.close()).catch(() => {});
reports.close();

const failed = cells.filter(({ faults }) => faults.length > 0);
mkdirSync(join(ROOT, "build/ci"), { recursive: true });
write("build/matrix.json", { node: process.version, versions, skipped, cells });
const isWhole = wanted.length === 0 && skipped.length === 0 && failed.length === 0;
let passed = cells.length - failed.length;
let faults = failed.length;
if (isWhole) {
  if (writeTable(join(ROOT, "README.md"), cells)) passed++;
  else if (isCi) faults++;
}
write("build/ci/matrix.json", { passed, failed: faults, skipped: skipped.length });
console.log(`matrix: ${passed} passed, ${faults} failed, ${skipped.length} skipped`);
process.exit(faults > 0 ? 1 : 0);

/** As a user installs it: npm pack, and npm install of the packed file beside the pages and scripts that use it. */
async function installPackage() {
  rmSync(WORK, { recursive: true, force: true });
  mkdirSync(WORK, { recursive: true });
  writeFileSync(join(WORK, "package.json"), '{ "private": true, "type": "module" }\n');
  await run("npm", ["run", "build", "--silent"], { cwd: ROOT, seconds: 120 });
  await run("npm", ["pack", "--ignore-scripts", "--pack-destination", WORK], { cwd: ROOT });
  const tarball = readdirSync(WORK).find((name) => name.endsWith(".tgz"));
  await run("npm", ["install", "--prefix", WORK, join(WORK, tarball)], { cwd: WORK });
  for (const name of ["lab.js", "page.js", "runtimes/", "pages/"]) {
    cpSync(join(HERE, name), name.endsWith("/") ? WORK : join(WORK, name), { recursive: true });
  }
}

async function runInTurn(platforms) {
  for (const platform of platforms.filter(isWanted)) await runPlatform(platform);
}

async function runPlatform({ run, missing, ...platform }) {
  const reason = missing();
  if (reason && !isCi) {
    skipped.push(platform.platform);
    console.log(`skipped  ${platform.platform}: ${reason}`);
    return;
  }
  try {
    if (reason) throw new Error(reason);
    await run((name, expected, work) => runCell({ ...platform, name }, expected, work), context);
  } catch (error) {
    record({ ...platform, name: "start" }, { faults: [error.message] });
  }
}

/** @param expected "refusal", or what faultsOf takes, or "own": the work gives its own faults */
async function runCell(cell, expected, work) {
  const start = performance.now();
  const result = await work().catch((error) => ({ faults: [error.message] }));
  const { report, refusal } = result;
  const faults = result.faults ?? judge(result, expected);
  record(cell, { faults, report, refusal, seconds: (performance.now() - start) / 1000 });
}

function judge(result, expected) {
  if (expected === "own") return result;
  const { report, refusal } = result;
  if (expected === "refusal") return refusal ? faultsOfRefusal(refusal) : ["the page may run Wasm"];
  return refusal ? [`${refusal.code}: ${refusal.message}`] : faultsOf(report, reference, expected);
}

function record(cell, { faults, report, refusal, seconds = 0 }) {
  const { losses, threaded, ...rest } = report ?? {};
  cells.push({ ...cell, faults, seconds, refusal, ...rest });
  const ready = report ? `, ready in ${report.readyMs.toFixed(0)} ms` : "";
  console.log(
    `${faults.length > 0 ? "failed " : "passed "}  ${cell.platform}: ${cell.name} (${seconds.toFixed(1)} s${ready})`,
  );
  for (const fault of faults) console.log(`         ${fault.replaceAll("\n", "\n         ")}`);
}

function write(file, value) {
  writeFileSync(join(ROOT, file), `${JSON.stringify(value, null, 2)}\n`);
}
