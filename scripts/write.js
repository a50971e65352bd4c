import { renameSync, writeFileSync } from "node:fs";

/** Beside and renamed, so that a test that runs meanwhile never reads half a file. */
export function write(file, text) {
  writeFileSync(`${file}.tmp`, text);
  renameSync(`${file}.tmp`, file);
}
