import { readFileSync } from "node:fs";
import { type BuildOptions, build } from "esbuild";

/** A program that imports the built package by its name, bundled as a user would. */
export async function bundle(program: string, options: BuildOptions = {}): Promise<string> {
  const { outputFiles } = await build({
    stdin: { contents: program, resolveDir: "." },
    bundle: true,
    minify: true,
    format: "esm",
    target: "es2022",
    write: false,
    ...options,
  });
  return outputFiles?.[0]?.text as string;
}

export const packageJson = JSON.parse(readFileSync("package.json", "utf8"));
