/*
 * The files of dist/, bundled by esbuild.
 */
import { chmodSync, copyFileSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import * as esbuild from "esbuild";
import { coresFrom, coresLast, crewOnce, leanLoader, libraryIsExternal, withoutPrivateNames } from "./plugins.js";
import { write } from "./write.js";

export const COMMAND_LINE = "dist/cli/rnn-wasm.js";
const BANNER = "/*! rnn-wasm, MIT; @assemblyscript/loader, Apache-2.0 */";
const COMLINK_BANNER = BANNER.replace(" */", "; comlink, Apache-2.0, Copyright 2019 Google LLC */");
const COMMON = {
  bundle: true,
  minify: true,
  format: "esm",
  target: "es2022",
  mainFields: ["module", "main"],
  logLevel: "warning",
  legalComments: "inline",
};

export async function bundleAll() {
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
}

/** A worker as a text: made from it, it needs no file, and no bundler has to know of it. */
async function inlineWorker(entry, generated, name) {
  const { outputFiles } = await esbuild.build({
    ...COMMON,
    entryPoints: [entry],
    format: "iife",
    platform: "neutral",
    legalComments: "none",
    plugins: [leanLoader],
    write: false,
  });
  const { text } = outputFiles[0];
  mkdirSync(dirname(generated), { recursive: true });
  write(generated, `export const ${name}: string =\n  ${JSON.stringify(text)};\n`);
  return text;
}

/** The sources that a crew's workers run, as a function crewKit() of what they export, in the order of names: see `crewOnce`. */
async function bundleCrewKit() {
  const sources = [
    "core/arena",
    "core/layout",
    "network/barrier",
    "network/crew-member",
    "network/pass",
    "network/pass-plan",
    "node-module",
  ];
  const { outputFiles } = await esbuild.build({
    ...COMMON,
    stdin: { contents: sources.map((source) => `export * from "./${source}.js";`).join("\n"), resolveDir: "src" },
    platform: "neutral",
    legalComments: "none",
    plugins: [leanLoader, withoutPrivateNames],
    mangleProps: /^_/,
    target: "es2020",
    tsconfigRaw: { compilerOptions: { useDefineForClassFields: false } },
    write: false,
  });
  const [, body, list] = /^(.*)export\{([^}]*)\};\n$/s.exec(outputFiles[0].text);
  const exported = list.split(",").map((each) => each.split(" as "));
  return {
    definition: `function crewKit() { ${body} return [${exported.map(([local]) => local).join(", ")}]; }`,
    names: exported.map((pair) => pair.at(-1)),
    sources: new Set(sources.map((source) => `src/${source}.ts`).concat("src/network/generated/crew-worker.ts")),
  };
}

/** The entries that run everywhere: all are src/index.ts, with the cores from another place. */
async function bundleLibrary() {
  const kit = await bundleCrewKit();
  const entry = (source, options, ...plugins) =>
    esbuild.build({
      ...COMMON,
      platform: "neutral",
      banner: { js: BANNER },
      plugins: [leanLoader, coresFrom(source), crewOnce(kit), ...plugins],
      ...options,
    });
  await entry("inlined", { entryPoints: ["src/index.ts"], outfile: "dist/index.js" }, coresLast);
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
