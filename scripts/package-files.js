/*
 * What the package needs beside the bundles: type declarations, and folders for tools that do not read "exports".
 */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { write } from "./write.js";

const TYPES = "dist/types";
const { exports } = JSON.parse(readFileSync("package.json", "utf8"));
/** Subpaths that are imported: "./lite" and the like. */
const ENTRIES = Object.entries(exports).filter(([, target]) => target.types);

/** Declarations of all that an entry of the package leads to; the compiler writes those of every source. */
export function writeTypes() {
  rmSync(TYPES, { recursive: true, force: true });
  execFileSync(process.execPath, ["node_modules/typescript/bin/tsc", "-p", "tsconfig.types.json"], {
    stdio: "inherit",
  });
  const needed = new Set();
  const visit = (file) => {
    if (needed.has(file)) return;
    needed.add(file);
    for (const [, path] of readFileSync(file, "utf8").matchAll(/(?:from|import\()\s*"(\.[^"]+)\.js"/g)) {
      visit(join(dirname(file), `${path}.d.ts`));
    }
  };
  for (const [, { types }] of ENTRIES) visit(normalize(types));
  for (const entry of readdirSync(TYPES, { recursive: true, withFileTypes: true })) {
    const file = join(entry.parentPath, entry.name);
    if (entry.isFile() && !needed.has(file)) rmSync(file);
  }
}

/** A folder with a package.json for each subpath: Parcel finds its way with them. */
export function writeStubs() {
  for (const [subpath, { types, default: main }] of ENTRIES) {
    if (subpath === ".") continue;
    if (!existsSync(subpath)) mkdirSync(subpath);
    write(
      `${subpath}/package.json`,
      `${JSON.stringify({ type: "module", main: join("..", main), types: join("..", types) })}\n`,
    );
  }
}
