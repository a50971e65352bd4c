/*
 * The packed package as its users' tools see it: its declarations in several TypeScripts, publint, attw, and the API
 * reference, in which everything is documented. It installs what it needs beside itself, and writes its result as JSON
 * where --json says.
 */
import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const here = fileURLToPath(new URL(".", import.meta.url));
const { values } = parseArgs({ options: { json: { type: "string" } } });
const result = { passed: 0, failed: 0, skipped: 0 };
const folder = mkdtempSync(join(tmpdir(), "rnn-wasm-types-"));

process.chdir(join(here, "../.."));
if (!existsSync("dist/types/index.d.ts")) throw new Error("dist/types is missing: run npm run build");
if (!existsSync(join(here, "node_modules"))) execFileSync("npm", ["ci"], { cwd: here, stdio: "inherit" });
const tarball = pack();

const consumer = join(folder, "consumer");
mkdirSync(join(consumer, "node_modules/rnn-wasm"), { recursive: true });
execFileSync("tar", ["-xzf", tarball, "--strip-components=1", "-C", join(consumer, "node_modules/rnn-wasm")]);
cpSync(join(here, "consumer.ts"), join(consumer, "consumer.ts"));
writeFileSync(join(consumer, "package.json"), '{ "type": "module" }');
for (const version of ["typescript-5", "typescript", "typescript-7"]) {
  for (const [module, moduleResolution] of [
    ["esnext", "bundler"],
    ["nodenext", "nodenext"],
  ]) {
    const config = {
      compilerOptions: {
        target: "es2022",
        lib: ["es2023", "dom", "dom.iterable", "dom.asynciterable"],
        module,
        moduleResolution,
        types: [],
        strict: true,
        exactOptionalPropertyTypes: true,
        noUncheckedIndexedAccess: true,
        skipLibCheck: false,
        noEmit: true,
      },
      files: ["consumer.ts"],
    };
    const file = join(consumer, `tsconfig.${version}.${moduleResolution}.json`);
    writeFileSync(file, JSON.stringify(config));
    check(`${version}, ${moduleResolution}`, `node_modules/${version}/bin/tsc`, ["-p", file]);
  }
}
check("publint", "node_modules/publint/src/cli.js", ["run", tarball, "--strict"]);
// The cores are no modules of JavaScript, and the workers' files are there to be loaded, not imported.
const files = ["core.wasm", "core-relaxed.wasm", "crew-worker.js", "worker-thread.js"];
const attw = ["--profile", "esm-only", "--no-emoji", "--exclude-entrypoints", ...files, "--"];
check("attw", "node_modules/@arethetypeswrong/cli/dist/index.js", [...attw, tarball]);
check("typedoc", "node_modules/typedoc/bin/typedoc", ["--options", resolve("docs/typedoc.json")]);

rmSync(folder, { recursive: true });
if (values.json) writeFileSync(values.json, JSON.stringify(result));
console.log(`${result.passed} passed, ${result.failed} failed, ${result.skipped} skipped`);
process.exitCode = result.failed > 0 ? 1 : 0;

function pack() {
  const args = ["pack", "--ignore-scripts", "--json", "--pack-destination", folder];
  const [{ filename }] = JSON.parse(execFileSync("npm", args, { encoding: "utf8" }));
  return join(folder, filename);
}

function check(what, program, args) {
  try {
    execFileSync(process.execPath, [join(here, program), ...args], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"],
    });
    result.passed++;
    console.log(`ok      ${what}`);
  } catch (error) {
    result.failed++;
    console.log(`failed  ${what}\n${error.stdout}${error.stderr}`);
  }
}
