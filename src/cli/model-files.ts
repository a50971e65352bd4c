import { accessSync, constants, readFileSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { CharRNN, type ThreadOptions } from "../index.js";
import { writeFileAtomically } from "../node/files.js";
import { fileReason, UsageError } from "./errors.js";

/** @throws UsageError for a file that cannot be read */
export function readModelFile(file: string): Uint8Array {
  try {
    return readFileSync(file);
  } catch (error) {
    throw new UsageError(`${file}: ${fileReason(error)}`, { cause: error });
  }
}

/** @throws UsageError for a file that cannot be read; Error for one that is no model */
export async function loadModel(file: string, options: ThreadOptions = {}): Promise<CharRNN> {
  const bytes = readModelFile(file);
  return withFileName(file, () => CharRNN.load(bytes, options));
}

/** What it does with a model file; its errors name the file. */
export async function withFileName<T>(file: string, act: () => T | Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    throw new Error(`${file}: ${(error as Error).message}`, { cause: error });
  }
}

/** @throws Error; the file is then what it was before */
export async function saveFile(file: string, content: Uint8Array | string): Promise<void> {
  try {
    await writeFileAtomically(file, content);
  } catch (error) {
    throw new Error(`${file}: ${fileReason(error)}; what the file had before is unchanged`, { cause: error });
  }
}

/**
 * Whether a model can be saved there, before hours of training: not in a folder that does not exist or in which nothing
 * may be written, nor in the place of something else than a file.
 *
 * @returns whether there is a file
 * @throws UsageError
 */
export function checkModelPlace(flag: string, file: string): boolean {
  const folder = dirname(resolve(file));
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory()) {
    throw new UsageError(`${flag}: there is no folder ${folder}`);
  }
  try {
    accessSync(folder, constants.W_OK);
  } catch (error) {
    throw new UsageError(`${flag}: nothing can be written in ${folder}: ${fileReason(error)}`, { cause: error });
  }
  const stats = statSync(file, { throwIfNoEntry: false });
  if (!stats) return false;
  if (!stats.isFile()) throw new UsageError(`${flag}: expected a file, and ${file} is none`);
  return true;
}
