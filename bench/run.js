/*
 * npm run bench : rnn-wasm, PyTorch and the JavaScript peers on the same workloads in one run, by turns; the products
 * beside what the registers alone can do; sampling, memory, the time to the first step, and how time grows.
 *
 *   --only KEYS   of workloads, sampling, products, memory, first-step, growth, or a workload's own: lab,rnn-128,…
 *   --quick       few repeats, for a look
 *   --no-peers    without the JavaScript peers
 *   --out FOLDER  where latest.json, speed.svg and growth.svg go: bench/results for a whole run, else build/bench
 */
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { cpus, loadavg } from "node:os";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { dotChart, lineChart } from "./chart.js";
import { summarize } from "./harness.js";
import { measureMemory } from "./memory.js";
import { measureByTurns, Participant } from "./participant.js";
import { findPyTorch, isInstalled, peers } from "./peers.js";
import * as report from "./report.js";
import { fastest, judge, ratioOf, shortName } from "./targets.js";
import { growth, products, sampling, workloads } from "./workloads.js";

process.chdir(fileURLToPath(new URL("..", import.meta.url)));
const { values: flags } = parseArgs({
  options: {
    only: { type: "string" },
    quick: { type: "boolean", default: false },
    "no-peers": { type: "boolean", default: false },
    out: { type: "string" },
  },
});
const sections = {
  workloads: workloads.map(({ key }) => key),
  sampling: sampling.map(({ key }) => key),
  products: [],
  memory: [],
  "first-step": [],
  growth: [],
};
const only = flags.only?.split(",");
const keys = [...Object.keys(sections), ...Object.values(sections).flat()];
const unknown = only?.find((key) => !keys.includes(key));
if (unknown !== undefined) {
  console.error(`--only ${unknown}: expected some of ${keys.join(", ")}`);
  process.exit(2);
}
const isAll = !only && !flags.quick && !flags["no-peers"];
const wants = (section, key) => !only || only.includes(section) || only.includes(key);
const repeatsOf = (repeats) => (flags.quick ? 3 : repeats);
const say = (line) => console.error(line);

const hasRelaxed = WebAssembly.validate(readFileSync("build/relaxed.wasm"));
const result = {
  date: new Date().toISOString().slice(0, 10),
  isWhole: isAll,
  machine: { processor: cpus()[0]?.model ?? "unknown processor", cores: cpus().length },
  engine: { fastCore: hasRelaxed ? "relaxed" : "simd" },
  load: { start: loadavg()[0] },
  versions: { "rnn-wasm": JSON.parse(readFileSync("package.json", "utf8")).version, node: process.versions.node },
  training: [],
  sampling: [],
};
if (!hasRelaxed) say("this engine has no relaxed SIMD: the fast core is the plain one");
if (result.load.start > 0.5) say(`the machine is busy (load ${result.load.start.toFixed(1)}): so are the numbers`);

const python = findPyTorch();
if (!python) say("skipped: PyTorch (no Python with torch was found; RNN_WASM_PYTHON can name one)");
const available = flags["no-peers"] ? [] : Object.keys(peers).filter(isInstalled);
if (!flags["no-peers"]) {
  for (const peer of Object.keys(peers).filter((name) => !available.includes(name))) {
    say(`skipped: ${peers[peer].name} (npm ci in bench/peers installs it)`);
  }
}

const ours = {
  fast1: Participant.ours("fast", 1),
  reproducible1: Participant.ours("reproducible", 1),
  fast2: Participant.ours("fast", 2),
};
const limit = Participant.limit(result.engine.fastCore);
const theirs = python ? { pytorch1: Participant.pyTorch(python, 1), pytorch2: Participant.pyTorch(python, 2) } : {};
try {
  await measureTraining();
  await measureSampling();
  if (wants("memory")) {
    result.memory = await measureMemory(
      ours.fast1,
      workloads.find(({ key }) => key === "lstm-512"),
    );
    say("measured memory");
  }
  if (wants("growth")) await measureGrowth();
} finally {
  for (const participant of Object.values({ ...ours, ...theirs, limit })) participant.end();
}
if (wants("first-step")) {
  const first = () => JSON.parse(execFileSync(process.execPath, ["bench/first-step.js"], { encoding: "utf8" }));
  const all = Array.from({ length: 9 }, first);
  const medianOf = (key) => summarize(all.map((times) => times[key])).median;
  const parts = { imported: medianOf("imported"), created: medianOf("created") };
  result.firstStep = { ...summarize(all.map(({ stepped }) => stepped)), ...parts };
  say("measured the time to the first step");
}
if (wants("products")) {
  result.products = {};
  for (const build of hasRelaxed ? ["relaxed", "simd"] : ["simd"]) {
    result.products[build] = await measureProducts(build);
    say(`measured products, ${build}`);
  }
}
result.load.end = loadavg()[0];
result.targets = judge(result);
write();
print();

/** Those who are here, each with what the workload says it is. */
function turnsOf(participants) {
  const here = Object.entries(participants).filter(([, participant]) => participant);
  return Object.fromEntries(here.map(([name, participant]) => [name, { participant }]));
}

async function measureTraining() {
  for (const workload of workloads.filter(({ key }) => wants("workloads", key))) {
    // Ours and theirs alternate, and PyTorch's two threads come last: they go on spinning for a while when they are done.
    const participants = turnsOf({
      fast1: ours.fast1,
      pytorch1: theirs.pytorch1,
      limit,
      fast2: ours.fast2,
      reproducible1: ours.reproducible1,
      pytorch2: theirs.pytorch2,
    });
    const measured = await measureByTurns(participants, workload, repeatsOf(workload.repeats));
    result.versions.pytorch ??= measured.pytorch1?.version;
    const taking = workload.peers.filter((name) => available.includes(name));
    const slow = taking.length > 0 ? await measurePeers(workload, taking) : undefined;
    result.training.push({ ...workload, measured, peers: slow });
    say(`measured ${workload.name}`);
  }
}

/** The slow ones, by turns with ours. */
async function measurePeers(workload, names) {
  const slow = Object.fromEntries(names.map((name) => [name, Participant.peer(name)]));
  try {
    const measured = await measureByTurns(turnsOf({ ours: ours.fast1, ...slow }), workload, repeatsOf(5));
    for (const name of names) {
      result.versions[name] ??= measured[name].version;
      if (measured[name].skipped) say(`skipped: ${peers[name].name} on ${workload.name}: ${measured[name].skipped}`);
    }
    return measured;
  } finally {
    for (const participant of Object.values(slow)) participant.end();
  }
}

async function measureSampling() {
  for (const workload of sampling.filter(({ key }) => wants("sampling", key))) {
    // A participant has one workload prepared at a time.
    const generator = Participant.ours("fast", 1);
    try {
      const participants = {
        generate: { participant: generator, kind: "generate" },
        ...(python && { pytorch: { participant: theirs.pytorch1 } }),
        reading: { participant: limit },
        forward: { participant: ours.fast1 },
      };
      const measured = await measureByTurns(participants, workload, repeatsOf(workload.repeats));
      result.versions.pytorch ??= measured.pytorch?.version;
      result.sampling.push({ ...workload, measured });
    } finally {
      generator.end();
    }
    say(`measured sampling, ${workload.name}`);
  }
}

async function measureProducts(build) {
  const gemm = Participant.gemm(build);
  const limit = Participant.limit(build);
  const turns = turnsOf({ gemm, limit });
  const all = [];
  try {
    for (const product of products)
      all.push({ ...product, measured: await measureByTurns(turns, product, repeatsOf(15)) });
  } finally {
    gemm.end();
    limit.end();
  }
  return all;
}

async function measureGrowth() {
  result.growth = [];
  for (const { letter, points } of growth) {
    const measured = [];
    for (const { value, workload } of points) {
      const { fast1 } = await measureByTurns(turnsOf({ fast1: ours.fast1 }), workload, repeatsOf(workload.repeats));
      const { min, median, max, all } = fast1;
      measured.push({ value, seconds: { min, median, max, all } });
    }
    result.growth.push({ letter, points: measured });
    say(`measured how time grows with ${letter}`);
  }
}

function write() {
  const folder = flags.out ?? (isAll ? "bench/results" : "build/bench");
  mkdirSync(folder, { recursive: true });
  writeFileSync(`${folder}/latest.json`, `${JSON.stringify(result, null, 2)}\n`);
  const rows = ratioRows();
  if (rows.length > 0) {
    const title = `Times faster than PyTorch ${result.versions.pytorch}, Node ${result.versions.node}`;
    const series = ["one thread each", "best of 1 and 2 threads"];
    const xLabel = "to the right of 1: rnn-wasm is faster";
    writeFileSync(`${folder}/speed.svg`, dotChart({ title, xLabel, series, rows }));
  }
  if (result.growth) {
    const svg = lineChart({
      title: "One training step of LSTM 2×128, V 65, B 50, T 50, one size varied",
      xLabel: "the size: H, B, T or V",
      yLabel: "seconds",
      series: result.growth.map(({ letter, points }) => ({
        name: letter,
        points: points.map(({ value, seconds }) => [value, seconds.median]),
      })),
      log: true,
    });
    writeFileSync(`${folder}/growth.svg`, svg);
  }
  say(`${folder} has all numbers and the charts`);
}

function ratioRows() {
  const target = (key) => result.targets.find((row) => row.key === key)?.target;
  const dots = (...ratios) =>
    ratios.map((value, series) => ({ series, value })).filter(({ value }) => value !== undefined);
  return [
    ...result.training.map((workload) => {
      const { fast1, fast2, pytorch1, pytorch2 } = workload.measured;
      return {
        name: shortName(workload),
        target: target(workload.key),
        dots: dots(ratioOf(pytorch1, fast1), ratioOf(fastest(pytorch1, pytorch2), fastest(fast1, fast2))),
      };
    }),
    ...result.sampling.map(({ key, name, measured }) => ({
      name: `sampling, ${name.split(",")[0]}`,
      target: target(key),
      dots: dots(ratioOf(measured.pytorch, measured.generate)),
    })),
  ].filter(({ dots }) => dots.length > 0);
}

function print() {
  const parts = [
    report.machineLine,
    report.trainingTable,
    report.peersTable,
    report.samplingTable,
    report.productsTable,
    report.shareTable,
    report.memoryLine,
    report.firstStepLine,
    report.growthTable,
    report.targetLines,
  ];
  const text = parts.map((part) => part(result)).filter(Boolean);
  console.log(`\n${text.join("\n\n")}`);
}
