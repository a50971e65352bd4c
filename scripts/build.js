/*
 * assembly/ → two WebAssembly cores (asc, through asconfig.json) → src/core/generated/ → dist/ (esbuild), with types (tsc).
 * `--if-stale` builds only when a source is newer than dist/.
 */
import { execFileSync } from "node:child_process";
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { deflateRawSync } from "node:zlib";
import asc from "assemblyscript/asc";
import * as esbuild from "esbuild";

const root = fileURLToPath(new URL("..", import.meta.url));
process.chdir(root);

const GENERATED = "src/core/generated";
const COMMAND_LINE = "dist/cli/rnn-wasm.js";
const BANNER =
  "/*! rnn-wasm, MIT. Contains @assemblyscript/loader, Apache-2.0, https://github.com/AssemblyScript/assemblyscript */";
const COMLINK_BANNER = BANNER.replace(
  " */",
  "\n * Contains Comlink, Apache-2.0, Copyright 2019 Google LLC, https://github.com/GoogleChromeLabs/comlink */",
);
const COMMON = {
  bundle: true,
  minify: true,
  format: "esm",
  target: "es2022",
  mainFields: ["module", "main"],
  logLevel: "warning",
  legalComments: "inline",
};
const TARGETS = ["simd", "relaxed", "simd-debug", "relaxed-debug"];

if (!(process.argv.includes("--if-stale") && isFresh())) {
  await compileCores();
  inlineCores();
  const crewWorker = await inlineWorker(
    "src/network/crew-worker.ts",
    "src/network/generated/crew-worker.ts",
    "crewWorkerSource",
  );
  await bundleLibrary();
  write("dist/crew-worker.js", `${BANNER}\n${crewWorker}`);
  const workerThread = await inlineWorker(
    "src/worker/worker-thread.ts",
    "src/worker/generated/worker-thread.ts",
    "workerThreadSource",
  );
  await bundleWorker();
  write("dist/worker-thread.js", `${COMLINK_BANNER}\n${workerThread}`);
  await bundleForNode();
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
  }
}

/** Writes the two release cores, deflated as one, as base64; what is known about them; and the ABI's types, the same for both. */
function inlineCores() {
  mkdirSync(GENERATED, { recursive: true });
  const [simd, relaxed] = ["simd", "relaxed"].map((target) => readFileSync(`build/${target}.wasm`));
  const deflated = deflateRawSync(Buffer.concat([simd, relaxed]), { level: 9, memLevel: 9 });
  write(
    `${GENERATED}/cores.ts`,
    `/** The simd core, and behind it the relaxed one. */\nexport const cores =\n  "${deflated.toString("base64")}";\n` +
      `export const SIMD_LENGTH = ${simd.length};\n`,
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

/** A worker as a text: made from it, it needs no file, and no bundler has to know of it. */
async function inlineWorker(entry, generated, name) {
  const { outputFiles } = await esbuild.build({
    ...COMMON,
    entryPoints: [entry],
    format: "iife",
    platform: "neutral",
    legalComments: "none",
    write: false,
  });
  const { text } = outputFiles[0];
  mkdirSync(dirname(generated), { recursive: true });
  write(generated, `export const ${name} =\n  ${JSON.stringify(text)};\n`);
  return text;
}

/** The entries that run everywhere: all are src/index.ts, with the cores from another place. */
async function bundleLibrary() {
  const entry = (source, options) =>
    esbuild.build({ ...COMMON, platform: "neutral", banner: { js: BANNER }, plugins: [coresFrom(source)], ...options });
  await entry("inlined", { entryPoints: ["src/index.ts"], outfile: "dist/index.js" });
  await entry("inlined", {
    entryPoints: ["src/index.ts"],
    outfile: "dist/rnn-wasm.global.js",
    format: "iife",
    globalName: "RnnWasm",
  });
  await entry("imported", { entryPoints: ["src/index.ts"], outfile: "dist/workerd.js" });
  await entry("given", { entryPoints: ["src/lite.ts"], outfile: "dist/lite.js" });
  copyFileSync("build/simd.wasm", "dist/core.wasm");
  copyFileSync("build/relaxed.wasm", "dist/core-relaxed.wasm");
}

/** Puts one of src/core/sources/ in the place of the inlined cores. */
function coresFrom(source) {
  return {
    name: `cores: ${source}`,
    setup(build) {
      build.onResolve({ filter: /\/sources\/inlined\.js$/ }, ({ resolveDir }) => ({
        path: join(resolveDir, "sources", `${source}.ts`),
        sideEffects: false,
      }));
      build.onResolve({ filter: /\.wasm$/ }, ({ path }) => ({ path, external: true }));
    },
  };
}

async function bundleWorker() {
  await esbuild.build({
    ...COMMON,
    platform: "neutral",
    entryPoints: ["src/worker/index.ts"],
    outfile: "dist/worker.js",
    legalComments: "none",
    banner: { js: COMLINK_BANNER },
    plugins: [libraryIsExternal("./index.js")],
  });
}

/** Leaves the import of the built library as it is, so that both have the same classes. */
function libraryIsExternal(path) {
  return {
    name: "the built library is imported",
    setup: (build) => build.onResolve({ filter: /^\.\.\/index\.js$/ }, () => ({ path, external: true })),
  };
}

async function bundleForNode() {
  const common = { ...COMMON, platform: "node" };
  await esbuild.build({ ...common, entryPoints: ["src/node/files.ts"], outfile: "dist/node.js" });
  const { metafile } = await esbuild.build({
    ...common,
    entryPoints: ["src/cli/rnn-wasm.ts"],
    outfile: COMMAND_LINE,
    define: { VERSION: JSON.stringify(JSON.parse(readFileSync("package.json", "utf8")).version) },
    // The libraries inside are CommonJS, and require Node's own modules.
    banner: { js: 'import { createRequire } from "node:module";\nconst require = createRequire(import.meta.url);' },
    metafile: true,
    plugins: [libraryIsExternal("../index.js")],
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
