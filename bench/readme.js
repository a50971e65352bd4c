/*
 * node bench/readme.js [RESULT] [--print] : writes what bench/results/latest.json says between README.md's
 * `<!-- speed -->` and `<!-- /speed -->`; --print shows it and leaves the README alone. Beside it: the browsers' results,
 * and node-20/, which `node bench/run.js --only workloads,sampling --no-peers --out bench/results/node-20` wrote.
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import * as report from "./report.js";

const [BEGIN, END] = ["<!-- speed -->", "<!-- /speed -->"];
const { values, positionals } = parseArgs({ options: { print: { type: "boolean" } }, allowPositionals: true });
const root = fileURLToPath(new URL("..", import.meta.url));
const result = JSON.parse(readFileSync(positionals[0] ?? `${root}bench/results/latest.json`, "utf8"));
/** Of other runs, where there are any: an older Node, browsers. */
const others = Object.fromEntries(
  ["node-20/latest", "chromium", "firefox"]
    .map((name) => [name, `${root}bench/results/${name}.json`])
    .filter(([, file]) => existsSync(file))
    .map(([name, file]) => [name, JSON.parse(readFileSync(file, "utf8"))]),
);
const block = [BEGIN, ...content(result), END].join("\n\n");
if (values.print) console.log(block);
else writeReadme(block);

function content(result) {
  return [
    report.machineLine(result),
    "Medians, in brackets the least and the most. All were measured by turns in one run, those of one thread on the same " +
      "processor, the quietest of the moment; a ratio is the median of its turns'.",
    "![Times faster than PyTorch](bench/results/speed.svg)",
    report.trainingTable(result),
    report.peersTable(result),
    report.samplingTable(result),
    report.memoryLine(result),
    report.firstStepLine(result),
    details("What falls short of its target, and what holds it", report.targetLines(result)),
    details(
      "Products, and how much of the register limit a step has",
      report.productsTable(result),
      report.shareTable(result),
    ),
    others["node-20/latest"] && details("On Node 20", ...node20(others["node-20/latest"])),
    details("In browsers", ...["chromium", "firefox"].map((name) => others[name] && report.browserTable(others[name]))),
    details(
      "How time grows",
      report.growthTable(result),
      result.growth && "![Seconds against H, B, T and V](bench/results/growth.svg)",
    ),
  ].filter(Boolean);
}

function node20(result) {
  return [report.machineLine(result), report.trainingTable(result), report.samplingTable(result)];
}

/** Folded away: for those who ask. */
function details(summary, ...parts) {
  const all = parts.filter(Boolean);
  return all.length > 0 ? `<details><summary>${summary}</summary>\n\n${all.join("\n\n")}\n\n</details>` : "";
}

function writeReadme(block) {
  if (!result.isWhole) {
    console.error("this result is not of a whole run: npm run bench, without --quick, --only and --no-peers");
    process.exit(1);
  }
  const file = `${root}README.md`;
  const readme = readFileSync(file, "utf8");
  const begin = readme.indexOf(BEGIN);
  if (begin < 0) throw new Error(`README.md has no ${BEGIN}`);
  const end = readme.indexOf(END, begin);
  const rest = readme.slice(end < 0 ? begin + BEGIN.length : end + END.length);
  writeFileSync(file, readme.slice(0, begin) + block + rest);
  console.log("README.md has the numbers");
}
