/*
 * assembly/ → two WebAssembly cores (asc, through asconfig.json) → src/core/generated/ → dist/ (esbuild), with types (tsc).
 * `--if-stale` builds only when a source is newer than dist/.
 */
import { execFileSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { deflateRawSync } from "node:zlib";
import asc from "assemblyscript/asc";
import binaryen from "binaryen";
import * as esbuild from "esbuild";

const root = fileURLToPath(new URL("..", import.meta.url));
process.chdir(root);

const GENERATED = "src/core/generated";
const COMMAND_LINE = "dist/cli/rnn-wasm.js";
const TARGETS = ["simd", "relaxed", "simd-debug", "relaxed-debug"];

if (!(process.argv.includes("--if-stale") && isFresh())) {
  await compileCores();
  inlineCores();
  await inlineCrewWorker();
  await bundle();
  writeTypes();
}

/** dist/ is complete and newer than all that it is made of. */
function isFresh() {
  const outputs = ["dist/index.js", COMMAND_LINE, "dist/node.js", "dist/types/index.d.ts", `${GENERATED}/cores.ts`];
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
    const { error, stderr } = await asc.main(["assembly/index.ts", "--target", target]);
    process.stderr.write(stderr.toString());
    if (error) throw error;
    if (!target.endsWith("debug")) inlineFunctions(`build/${target}.wasm`);
  }
}

/** asc leaves functions as long as exp outside of the loops that call them, which takes LSTM 1 % and a loss 10 % longer. */
function inlineFunctions(file) {
  const module = binaryen.readBinary(readFileSync(file));
  // What asc takes by itself, and what asconfig.json enables.
  const features = ["MutableGlobals", "SignExt", "NontrappingFPToInt", "BulkMemory", "BulkMemoryOpt", "SIMD128"];
  if (file.includes("relaxed")) features.push("RelaxedSIMD");
  module.setFeatures(features.reduce((all, feature) => all | binaryen.Features[feature], 0));
  binaryen.setOptimizeLevel(3);
  binaryen.setShrinkLevel(0);
  binaryen.setFlexibleInlineMaxSize(100);
  module.optimize();
  writeFileSync(file, module.emitBinary());
  module.dispose();
}

/** Writes the two release cores as deflated base64 and the ABI's types, which are the same for both. */
function inlineCores() {
  mkdirSync(GENERATED, { recursive: true });
  const base64 = (target) => deflateRawSync(readFileSync(`build/${target}.wasm`), { level: 9 }).toString("base64");
  write(
    `${GENERATED}/cores.ts`,
    `/** Where a core says of which kind the memory is that it imports. */\n` +
      `export const MEMORY_FLAGS = ${memoryFlagsOffset()};\n` +
      `export const cores = {\n  simd: "${base64("simd")}",\n  relaxed: "${base64("relaxed")}",\n} as const;\n`,
  );
  const declared = readFileSync("build/simd.d.ts", "utf8");
  const functions = declared.slice(declared.indexOf("{") + 1, declared.indexOf("\n}"));
  write(`${GENERATED}/abi.ts`, `export interface Abi {${functions.replaceAll("export function ", "")}\n}\n`);
}

/** The byte behind `import "env" "memory" (memory`: 1, there is a maximum. The same in both cores. */
function memoryFlagsOffset() {
  const memoryImport = Buffer.from("\x03env\x06memory\x02\x01", "latin1");
  const [offset, other] = ["simd", "relaxed"].map((target) =>
    readFileSync(`build/${target}.wasm`).indexOf(memoryImport),
  );
  if (offset < 0 || offset !== other) throw new Error("the cores do not import their memory as expected");
  return offset + memoryImport.length - 1;
}

/** The worker thread as a text: a worker made from it needs no file, and no bundler has to know of it. */
async function inlineCrewWorker() {
  const { outputFiles } = await esbuild.build({
    entryPoints: ["src/network/crew-worker.ts"],
    bundle: true,
    minify: true,
    format: "iife",
    target: "es2022",
    platform: "neutral",
    mainFields: ["module", "main"],
    write: false,
  });
  const source = JSON.stringify(outputFiles[0].text);
  mkdirSync("src/network/generated", { recursive: true });
  write("src/network/generated/crew-worker.ts", `export const crewWorkerSource =\n  ${source};\n`);
}

async function bundle() {
  const common = {
    bundle: true,
    minify: true,
    format: "esm",
    target: "es2022",
    logLevel: "warning",
    legalComments: "inline",
  };
  await esbuild.build({
    ...common,
    platform: "neutral",
    mainFields: ["module", "main"],
    entryPoints: ["src/index.ts"],
    outfile: "dist/index.js",
    banner: {
      js: "/*! rnn-wasm, MIT. Contains @assemblyscript/loader, Apache-2.0, https://github.com/AssemblyScript/assemblyscript */",
    },
  });
  await esbuild.build({ ...common, platform: "node", entryPoints: ["src/node/files.ts"], outfile: "dist/node.js" });
  const { metafile } = await esbuild.build({
    ...common,
    platform: "node",
    entryPoints: ["src/cli/rnn-wasm.ts"],
    outfile: COMMAND_LINE,
    define: { VERSION: JSON.stringify(JSON.parse(readFileSync("package.json", "utf8")).version) },
    // The libraries inside are CommonJS, and require Node's own modules.
    banner: { js: 'import { createRequire } from "node:module";\nconst require = createRequire(import.meta.url);' },
    metafile: true,
    plugins: [
      {
        name: "the command line imports the built library",
        setup: (build) => build.onResolve({ filter: /^\.\.\/index\.js$/ }, ({ path }) => ({ path, external: true })),
      },
    ],
  });
  chmodSync(COMMAND_LINE, 0o755);
  writeLicences(Object.keys(metafile.inputs));
}

/** The licences of the libraries inside the command line, which ask to come with every copy. */
function writeLicences(inputs) {
  const folders = new Set(inputs.map((file) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file)?.[0]).filter(Boolean));
  const licences = [...folders].sort().map((folder) => {
    const file = readdirSync(folder).find((name) => /^licen[cs]e/i.test(name));
    if (!file) throw new Error(`${folder} has no licence to ship`);
    return `${folder.replace(/^.*node_modules\//, "")}\n\n${readFileSync(join(folder, file), "utf8").trim()}\n`;
  });
  write("dist/cli/licences.txt", licences.join(`\n${"-".repeat(80)}\n\n`));
}

function writeTypes() {
  execFileSync(process.execPath, ["node_modules/typescript/bin/tsc", "-p", "tsconfig.types.json"], {
    stdio: "inherit",
  });
}

/** Beside and renamed, so that a test that runs meanwhile never reads half a file. */
function write(file, text) {
  writeFileSync(`${file}.tmp`, text);
  renameSync(`${file}.tmp`, file);
}
