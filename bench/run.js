/*
 * npm run bench [-- --only lab,rnn-128] : the workloads on both cores and, where it is installed, in PyTorch on one
 * thread, in one run; the products beside what the registers alone can do. Prints tables, writes results/latest.json.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { parseArgs } from "node:util";
import { measureProducts } from "./gemm.js";
import { table, time } from "./harness.js";
import { findPyTorch, measurePyTorch } from "./pytorch.js";
import { measureTraining } from "./training.js";
import { products, workloads } from "./workloads.js";

const { values } = parseArgs({ options: { only: { type: "string" } } });
const only = values.only?.split(",");
const chosen = workloads.filter(({ key }) => !only || only.includes(key));
const hasRelaxed = WebAssembly.validate(await relaxedBytes());
const machine = `${cpus()[0]?.model ?? "unknown processor"}, Node ${process.versions.node}`;
console.log(`${machine}${hasRelaxed ? "" : "; this engine has no relaxed SIMD: the fast core is the plain one"}\n`);

const python = findPyTorch();
if (!python) console.log("skipped: PyTorch (no Python with torch was found)\n");
const training = [];
let version;
for (const workload of chosen) {
  const fast = await measureTraining(workload, "fast");
  const reproducible = await measureTraining(workload, "reproducible");
  let pytorch;
  if (python) {
    const measured = measurePyTorch(python, [workload], 1);
    version = measured.version;
    pytorch = measured.results[workload.key];
  }
  training.push({ ...workload, fast, reproducible, ...(pytorch && { pytorch }) });
  console.error(`measured ${workload.name}`);
}

const ratio = (theirs, ours) => (theirs ? `${(theirs.median / ours.median).toFixed(2)}×` : "–");
console.log(
  table([
    [
      "training, one thread",
      "fast",
      "reproducible",
      version ? `PyTorch ${version}` : "PyTorch",
      "fast is",
      "reproducible is",
    ],
    ...training.map(({ name, fast, reproducible, pytorch }) => [
      name,
      time(fast.median),
      time(reproducible.median),
      pytorch ? time(pytorch.median) : "–",
      ratio(pytorch, fast),
      ratio(pytorch, reproducible),
    ]),
  ]),
);

const gemm = {};
if (!only || only.includes("gemm")) {
  for (const kind of hasRelaxed ? ["relaxed", "simd"] : ["simd"]) gemm[kind] = await measureProducts(kind, products);
  const kinds = Object.keys(gemm);
  console.log(
    `\n${table([
      ["products (M, N, K), GFLOP/s", ...kinds.flatMap((kind) => [kind, "of the limit"])],
      ["registers alone: the limit", ...kinds.flatMap((kind) => [gemm[kind].limit.toFixed(1), ""])],
      ...products.map(({ name, form, M, N, K }, i) => [
        `${form} (${M}, ${N}, ${K}) ${name}`,
        ...kinds.flatMap((kind) => {
          const { gflops } = gemm[kind].products[i];
          return [gflops.toFixed(1), `${((100 * gflops) / gemm[kind].limit).toFixed(0)} %`];
        }),
      ]),
    ])}`,
  );
}

mkdirSync("bench/results", { recursive: true });
const result = { date: new Date().toISOString().slice(0, 10), machine, pytorch: version ?? null, training, gemm };
writeFileSync("bench/results/latest.json", `${JSON.stringify(result, null, 2)}\n`);
console.log("\nbench/results/latest.json has all numbers");

async function relaxedBytes() {
  const { readFile } = await import("node:fs/promises");
  return readFile("build/relaxed.wasm");
}
