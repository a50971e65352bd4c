import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { packageJson } from "./bundle.js";

/*
 * What is in the packed package, and whether its package.json tells the truth about it.
 */

const json = execFileSync("npm", ["pack", "--dry-run", "--ignore-scripts", "--json"], { encoding: "utf8" });
const packed: string[] = JSON.parse(json)[0].files.map(({ path }: { path: string }) => path);

test("the tarball has what is needed, and nothing else", () => {
  const isType = (path: string) => path.startsWith("dist/types/");
  expect(packed.filter((path) => !isType(path)).sort()).toEqual([
    "LICENSE",
    "README.md",
    "dist/cli/licences.txt",
    "dist/cli/rnn-wasm.js",
    "dist/core-relaxed.wasm",
    "dist/core.wasm",
    "dist/crew-worker.js",
    "dist/index.js",
    "dist/lite.js",
    "dist/node.js",
    "dist/rnn-wasm.global.js",
    "dist/worker-thread.js",
    "dist/worker.js",
    "dist/workerd.js",
    "lite/package.json",
    "node/package.json",
    "package.json",
    "worker/package.json",
  ]);
  // Declarations lead only to one another, and none of them has a source's text in it.
  for (const path of packed.filter(isType)) {
    expect(path).toMatch(/\.d\.ts$/);
    const declared = readFileSync(path, "utf8");
    expect(declared.length, path).toBeLessThan(20_000);
    for (const [, from = ""] of declared.matchAll(/^(?:import|export)[^;]*? from "([^"]+)"/gm)) {
      expect(packed, path).toContain(join(path, "..", from.replace(/\.js$/, ".d.ts")));
    }
  }
});

test("every file that package.json names is packed", () => {
  const named: string[] = [];
  JSON.stringify(packageJson, (key, value) => {
    if (typeof value === "string" && value.startsWith("./") && key !== "./package.json") named.push(value.slice(2));
    return value;
  });
  expect(named.length).toBeGreaterThan(12);
  for (const file of named) expect(packed).toContain(file);
});

test.each(["lite", "node", "worker"])(
  "the folder %s leads tools that do not read exports to the same files",
  (name) => {
    const { main, types } = JSON.parse(readFileSync(`${name}/package.json`, "utf8"));
    const entry = packageJson.exports[`./${name}`];
    expect([join(name, main), join(name, types)]).toEqual([join(entry.default), join(entry.types)]);
    expect(existsSync(join(name, main))).toBe(true);
  },
);
