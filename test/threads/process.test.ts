import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";

/*
 * Threads as a program sees them: they end with it, and where they cannot be had it is told once.
 */

function run(program: string, ...flags: string[]) {
  const args = [...flags, "--input-type=module", "--eval", program];
  return execFileSync(process.execPath, args, { encoding: "utf8", timeout: 60_000, stdio: ["ignore", "pipe", "pipe"] });
}

const train = `
  import { Network, tensor } from "./dist/index.js";
  const inputs = tensor(Int32Array.of(0, 1, 2, 3), [2, 2]);
  const networks = [];
  for (let i = 0; i < 3; i++) {
    const network = await Network.create({ cell: "lstm", inputSize: 4, hiddenSize: 5, outputSize: 4, threads: 2 });
    networks.push(network.backward(inputs, inputs).loss);
  }
`;

test("a program ends when it is done, with its workers asleep", () => {
  expect(run(`${train} console.log(networks.length)`)).toBe("3\n");
});

test("process.exit and an uncaught error end it too", () => {
  expect(run(`${train} console.log("exits"); process.exit(0)`)).toBe("exits\n");
  expect(() => run(`${train} throw new Error("uncaught")`)).toThrow(/uncaught/);
});

test("without SharedArrayBuffer there is one thread, and one warning", () => {
  const program = `
    delete globalThis.SharedArrayBuffer;
    const warnings = [];
    console.warn = (text) => warnings.push(text);
    const { Network, tensor } = await import("./dist/index.js");
    const inputs = tensor(Int32Array.of(0, 1, 2, 3), [2, 2]);
    for (let i = 0; i < 2; i++) {
      const network = await Network.create({ cell: "rnn", inputSize: 4, hiddenSize: 5, outputSize: 4, threads: 2 });
      network.backward(inputs, inputs);
    }
    console.log(JSON.stringify(warnings));
  `;
  expect(JSON.parse(run(program))).toEqual([
    "rnn-wasm: one thread instead of several: there is no SharedArrayBuffer; a page has to be cross-origin isolated (COOP and COEP headers)",
  ]);
});
