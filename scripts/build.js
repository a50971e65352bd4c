/*
 * assembly/ → two WebAssembly cores (asc, through asconfig.json) → src/core/generated/ → dist/ (esbuild), with types (tsc).
 * `--if-stale` builds only when a source is newer than dist/.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import asc from "assemblyscript/asc";
import binaryen from "binaryen";
import { bundleAll, COMMAND_LINE } from "./bundles.js";
import { textOf } from "./core-text.js";
import { writeStubs, writeTypes } from "./package-files.js";
import { write } from "./write.js";

const root = fileURLToPath(new URL("..", import.meta.url));
process.chdir(root);

const GENERATED = "src/core/generated";
const TARGETS = ["simd", "relaxed", "simd-debug", "relaxed-debug"];

if (!(process.argv.includes("--if-stale") && isFresh())) {
  await compileCores();
  inlineCores();
  await bundleAll();
  writeTypes();
  writeStubs();
}

/** dist/ is complete and newer than all that it is made of. */
function isFresh() {
  // The last ones of each step.
  const outputs = [
    `${GENERATED}/cores.ts`,
    "dist/index.js",
    COMMAND_LINE,
    "dist/types/index.d.ts",
    "lite/package.json",
  ];
  if (!outputs.every((file) => existsSync(file))) return false;
  const built = Math.min(...outputs.map((file) => statSync(file).mtimeMs));
  const sources = ["assembly", "src", "scripts"].flatMap((folder) =>
    readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && !entry.parentPath.endsWith("generated"))
      .map((entry) => join(entry.parentPath, entry.name)),
  );
  const settings = ["package.json", "package-lock.json", "asconfig.json", "tsconfig.json", "tsconfig.types.json"];
  return [...sources, ...settings].every((file) => statSync(file).mtimeMs < built);
}

async function compileCores() {
  mkdirSync("build", { recursive: true });
  for (const target of TARGETS) {
    await compile("assembly/index.ts", target, target);
    // The tests' own way to the functions inside: as the core has them, which does without their exports.
    await compile("assembly/vectors.ts", target, `${target}-vectors`);
  }
}

async function compile(entry, target, name) {
  const files = ["--outFile", `build/${name}.wasm`, "--textFile", `build/${name}.wat`];
  const { error, stderr } = await asc.main([entry, "--target", target, ...files]);
  process.stderr.write(stderr.toString());
  if (error) throw error;
  if (!target.endsWith("debug")) inlineFunctions(`build/${name}.wasm`);
}

/**
 * asc leaves functions as long as exp outside of the loops that call them, which takes LSTM 1 % and a loss 10 % longer.
 * Functions with loops of their own stay apart: one call more for all of a row costs nothing, a copy 1 KB in both cores.
 */
function inlineFunctions(file) {
  const module = binaryen.readBinary(readFileSync(file));
  // What asc takes by itself, and what asconfig.json enables.
  const features = ["MutableGlobals", "SignExt", "NontrappingFPToInt", "BulkMemory", "BulkMemoryOpt", "SIMD128"];
  if (file.includes("relaxed")) features.push("RelaxedSIMD");
  module.setFeatures(features.reduce((all, feature) => all | binaryen.Features[feature], 0));
  binaryen.setOptimizeLevel(3);
  binaryen.setShrinkLevel(0);
  binaryen.setFlexibleInlineMaxSize(100);
  // asc, which shares these settings, allows it.
  binaryen.setAllowInliningFunctionsWithLoops(false);
  module.optimize();
  writeFileSync(file, module.emitBinary());
  module.dispose();
}

/** Writes the two release cores as a text; what is known about them; and the ABI's types, the same for both. */
function inlineCores() {
  mkdirSync(GENERATED, { recursive: true });
  const [simd, relaxed] = ["simd", "relaxed"].map((target) => readFileSync(`build/${target}.wasm`));
  const text = JSON.stringify(textOf(Buffer.concat([simd, relaxed])));
  write(
    `${GENERATED}/cores.ts`,
    `/** The simd core, and behind it the relaxed one. */\nexport const cores = (): string =>\n  ${text};\n`,
  );
  const names = WebAssembly.Module.exports(new WebAssembly.Module(simd)).map(({ name }) => name);
  write(
    `${GENERATED}/facts.ts`,
    `/** Where a core says of which kind the memory is that it imports. */\n` +
      `export const MEMORY_FLAGS = ${memoryFlagsOffset(simd, relaxed)};\n` +
      `/** Bytes of each core. */\nexport const LENGTHS = { simd: ${simd.length}, relaxed: ${relaxed.length} };\n` +
      `/** The functions that a core exports. */\nexport const KERNELS: readonly string[] = ${JSON.stringify(names)};\n`,
  );
  const declared = readFileSync("build/simd.d.ts", "utf8");
  const functions = declared.slice(declared.indexOf("{") + 1, declared.indexOf("\n}"));
  write(`${GENERATED}/abi.ts`, `export interface Abi {${functions.replaceAll("export function ", "")}\n}\n`);
}

/** The byte behind `import "env" "memory" (memory`: 1, there is a maximum. The same in both cores. */
function memoryFlagsOffset(...cores) {
  const memoryImport = Buffer.from("\x03env\x06memory\x02\x01", "latin1");
  const [offset, other] = cores.map((core) => core.indexOf(memoryImport));
  if (offset < 0 || offset !== other) throw new Error("the cores do not import their memory as expected");
  return offset + memoryImport.length - 1;
}
