/* Where the programs are that the matrix starts: those of npm in this folder, those of the system in PATH. */
import { accessSync, constants, existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";

export const MODULES = fileURLToPath(new URL("node_modules", import.meta.url));

/** The first of these that can be run: names in PATH, or absolute paths. */
export function findProgram(...names) {
  const folders = (process.env.PATH ?? "").split(delimiter).filter(Boolean);
  return names
    .flatMap((name) => (name.startsWith("/") ? [name] : folders.map((folder) => join(folder, name))))
    .find(canRun);
}

/** Why nothing of npm can be used, undefined where it can. */
export function missingModules() {
  return existsSync(join(MODULES, "vite")) ? undefined : "no test/matrix/node_modules: npm ci --prefix test/matrix";
}

/** One that npm ci brought. */
export function npmProgram(path) {
  return findProgram(join(MODULES, path));
}

function canRun(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
