import { brotliCompressSync, gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { bundle } from "./bundle.js";

/*
 * What a page loads: each limit is what was reached, rounded up. README.md names those of the first test.
 */

const KB = 1000;

async function gzipped(program: string): Promise<number> {
  return gzipSync(await bundle(program, { external: ["*.wasm"] }), { level: 9 }).length;
}

test("all of CharRNN, cores and threads included, is at most 38 KB, and 34 KB with brotli", async () => {
  const program = 'export { CharRNN } from "rnn-wasm";';
  const size = await gzipped(program);
  expect(size).toBeLessThan(38 * KB);
  expect(brotliCompressSync(await bundle(program)).length).toBeLessThan(34 * KB);
  // A bundle without the library would be smaller still.
  expect(size).toBeGreaterThan(20 * KB);
});

test("without the cores it is less by what they take", async () => {
  expect(await gzipped('export { CharRNN, useCores } from "rnn-wasm/lite";')).toBeLessThan(32 * KB);
});
