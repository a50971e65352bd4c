import { open, rename, rm } from "node:fs/promises";

/**
 * Writes a file as a whole or not at all: under a temporary name beside it, flushed to the disk, then renamed. Whatever
 * happens meanwhile (a full disk, a killed process), an older file of that name stays as it was.
 *
 * @example
 * await writeFileAtomically("poems.safetensors", model.save({ training: true }));
 * @throws what node:fs throws; the temporary file is then removed
 */
export async function writeFileAtomically(file: string, content: Uint8Array | string): Promise<void> {
  const temporary = `${file}.${process.pid}.tmp`;
  try {
    const handle = await open(temporary, "w");
    try {
      await handle.writeFile(content);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, file);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}
