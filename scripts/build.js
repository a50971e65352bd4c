/*
 * assembly/ → two WebAssembly cores (asc, through asconfig.json) → src/core/generated/ → dist/ (esbuild), with types (tsc).
 * `--if-stale` builds only when a source is newer than dist/.
 */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import asc from "assemblyscript/asc";
import * as esbuild from "esbuild";

const root = fileURLToPath(new URL("..", import.meta.url));
process.chdir(root);

const GENERATED = "src/core/generated";
const TARGETS = ["simd", "relaxed", "simd-debug", "relaxed-debug"];

if (!(process.argv.includes("--if-stale") && isFresh())) {
  await compileCores();
  inlineCores();
  await bundle();
  writeTypes();
}

/** dist/ is complete and newer than all that it is made of. */
function isFresh() {
  const outputs = [
    "dist/index.js",
    "dist/cli/lab.js",
    "dist/node.js",
    "dist/types/index.d.ts",
    `${GENERATED}/cores.ts`,
  ];
  if (!outputs.every((file) => existsSync(file))) return false;
  const built = Math.min(...outputs.map((file) => statSync(file).mtimeMs));
  const sources = ["assembly", "src", "scripts"].flatMap((folder) =>
    readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && !entry.parentPath.startsWith(GENERATED))
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

/** Writes the two release cores as base64 and the ABI's types, which are the same for both. */
function inlineCores() {
  mkdirSync(GENERATED, { recursive: true });
  const base64 = (target) => readFileSync(`build/${target}.wasm`).toString("base64");
  write(
    `${GENERATED}/cores.ts`,
    `export const cores = {\n  simd: "${base64("simd")}",\n  relaxed: "${base64("relaxed")}",\n} as const;\n`,
  );
  const declared = readFileSync("build/simd.d.ts", "utf8");
  const functions = declared.slice(declared.indexOf("{") + 1, declared.indexOf("\n}"));
  write(`${GENERATED}/abi.ts`, `export interface Abi {${functions.replaceAll("export function ", "")}\n}\n`);
}

async function bundle() {
  const common = { bundle: true, format: "esm", target: "es2022", logLevel: "warning", legalComments: "inline" };
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
  await esbuild.build({
    ...common,
    platform: "node",
    entryPoints: { "cli/lab": "src/cli/lab.ts", node: "src/node/files.ts" },
    outdir: "dist",
    plugins: [
      {
        name: "the command line imports the built library",
        setup: (build) => build.onResolve({ filter: /^\.\.\/index\.js$/ }, ({ path }) => ({ path, external: true })),
      },
    ],
  });
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
