import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { BuildOptions } from "esbuild";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import * as library from "../../src/index.js";
import { expectError } from "../api/expect-error.js";
import { bundle } from "./bundle.js";

/*
 * The built entries, beside the library's source: they differ in where the cores come from.
 */

type Lite = typeof import("../../src/lite.js");

const config = { cell: "gru", inputSize: 3, hiddenSize: 5, outputSize: 3, numerics: "reproducible" } as const;
const simd = new Uint8Array(readFileSync("dist/core.wasm"));
const relaxed = new Uint8Array(readFileSync("dist/core-relaxed.wasm"));

async function lossOf({ Network, tensor }: Pick<Lite, "Network" | "tensor">, more: object = {}): Promise<number> {
  const network = await Network.create({ ...config, ...more });
  const rows = tensor(Int32Array.of(0, 1, 2, 1), [2, 2]);
  return network.backward(rows, rows).loss;
}

const expected = await lossOf(library);

afterEach(() => {
  vi.restoreAllMocks();
});

test("the cores in the library's text are those that are beside it", async () => {
  const { source } = await import("../../src/core/sources/inlined.js");
  expect(Buffer.from((await source.load("simd")) as Uint8Array)).toEqual(Buffer.from(simd));
  expect(Buffer.from((await source.load("relaxed")) as Uint8Array)).toEqual(Buffer.from(relaxed));
});

describe("lite", () => {
  let lite: Lite;
  beforeEach(async () => {
    // A copy for each test, none of which has cores yet.
    const copy = `data:text/javascript;base64,${readFileSync("dist/lite.js").toString("base64")}#${Math.random()}`;
    lite = await import(/* @vite-ignore */ copy);
  });

  test("without cores: an error that says how to give them", async () => {
    await expectError(
      () => lossOf(lite),
      lite.WasmUnavailableError,
      'no core was given: call useCores({ simd: fetch("/core.wasm") }) before, or import "rnn-wasm", which brings its own',
    );
  });

  test.each([
    ["a module", () => new WebAssembly.Module(simd)],
    ["bytes", () => simd],
    ["a buffer", () => simd.slice().buffer],
    ["part of a buffer", () => new Uint8Array([7, ...simd]).subarray(1)],
    ["a response", () => new Response(simd)],
    ["a promise of a module", () => WebAssembly.compile(simd)],
    ["a promise of a response", () => Promise.resolve(new Response(simd))],
  ])("with %s", async (_, core) => {
    lite.useCores({ simd: core() });
    expect(await lossOf(lite)).toBe(expected);
    expect(await lossOf(lite, { numerics: "fast" })).toBe(expected);
  });

  test("fast takes the relaxed core where there is one, and reproducible does not", async () => {
    const compile = vi.spyOn(WebAssembly, "compile");
    lite.useCores({ simd, relaxed: Promise.resolve(relaxed) });
    await lossOf(lite, { numerics: "fast" });
    expect(await lossOf(lite)).toBe(expected);
    const sizes = compile.mock.calls.map(([bytes]) => (bytes as Uint8Array).byteLength);
    // Without relaxed SIMD there is but one to compile.
    expect(sizes).toEqual(WebAssembly.validate(relaxed) ? [relaxed.length, simd.length] : [simd.length]);
  });

  test("threads share the memory of a core that comes as bytes; one that comes compiled has one thread, and a notice", async () => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => undefined);
    lite.useCores({ simd });
    expect(await lossOf(lite, { threads: 2 })).toBe(expected);
    expect(warn).not.toHaveBeenCalled();
    lite.useCores({ simd: new WebAssembly.Module(simd) });
    expect(await lossOf(lite, { threads: 2 })).toBe(expected);
    expect(warn.mock.calls).toEqual([
      ["rnn-wasm: one thread instead of several: a core that comes as a compiled module has its memory for itself"],
    ]);
  });

  test("what is wrong with cores is said", async () => {
    const kinds = "a WebAssembly.Module, its bytes, a Response or a promise of one of them";
    await expectError(
      () => lite.useCores({}),
      RangeError,
      'useCores: expected "simd" or "relaxed" or both, got neither',
    );
    await expectError(
      () => lite.useCores({ simd: "core.wasm" as never }),
      TypeError,
      `"simd": expected ${kinds}, got "core.wasm"`,
    );
    await expectError(
      () => lite.useCores({ core: simd } as never),
      TypeError,
      'useCores: unknown option "core", expected "simd" or "relaxed"',
    );
    const faults: [string, Parameters<Lite["useCores"]>[0], abstract new (...args: never[]) => Error][] = [
      [`"simd": expected ${kinds}, got a promise of 7`, { simd: Promise.resolve(7 as never) }, TypeError],
      [
        `"simd": expected core.wasm, got HTTP status 404 from `,
        { simd: new Response("", { status: 404 }) },
        lite.WasmUnavailableError,
      ],
      [
        `"simd": expected the ${simd.length} bytes of this version's core.wasm, got 3`,
        { simd: Uint8Array.of(1, 2, 3) },
        lite.WasmUnavailableError,
      ],
      [
        `"simd": expected this version's core.wasm, got a module without the function "${WebAssembly.Module.exports(new WebAssembly.Module(simd))[0]?.name}"`,
        { simd: new WebAssembly.Module(Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0)) },
        lite.WasmUnavailableError,
      ],
      [
        "useCores was given no simd core, and the relaxed one cannot be used here",
        { relaxed },
        lite.WasmUnavailableError,
      ],
    ];
    for (const [message, cores, Class] of faults) {
      lite.useCores(cores);
      await expectError(() => lossOf(lite), Class, message);
    }
    const refused = new Error("network down");
    lite.useCores({ simd: Promise.reject(refused) });
    await expect(lossOf(lite)).rejects.toBe(refused);
    // Right ones can still be given.
    lite.useCores({ simd });
    expect(await lossOf(lite)).toBe(expected);
  });
});

/** Runs a bundled program in a folder of its own, and parses what it prints. */
function run(program: string): unknown {
  const folder = mkdtempSync(join(tmpdir(), "rnn-wasm-entries-"));
  writeFileSync(join(folder, "program.mjs"), program);
  // Node 20 has relaxed SIMD behind a flag, which the tests are run with.
  const flags = process.execArgv.filter((flag) => flag.includes("wasm"));
  const output = execFileSync(process.execPath, [...flags, join(folder, "program.mjs")], { encoding: "utf8" });
  rmSync(folder, { recursive: true });
  return JSON.parse(output);
}

const program = `
  const rows = tensor(Int32Array.of(0, 1, 2, 1), [2, 2]);
  const warnings = [];
  console.warn = (text) => warnings.push(text);
  Promise.all([1, 2].map((threads) => Network.create({ ...${JSON.stringify(config)}, threads }))).then((networks) =>
    console.log(JSON.stringify([...networks.map((network) => network.backward(rows, rows).loss), warnings])));
`;

test("under workerd's condition the cores are static imports, and nothing is compiled at run time", async () => {
  const bundled = await bundle(`import { Network, tensor } from "rnn-wasm"; ${program}`, {
    conditions: ["workerd"],
    plugins: [
      {
        // As workerd does: a module is there when the program starts, and then the compiler is closed.
        name: "wasm modules",
        setup(build) {
          build.onLoad({ filter: /\.wasm$/ }, ({ path }) => ({
            contents: `export default new WebAssembly.Module(Buffer.from("${readFileSync(path).toString("base64")}", "base64"))`,
          }));
        },
      },
    ],
  });
  const closed = "WebAssembly.compile = WebAssembly.validate = () => { throw new Error('forbidden') };";
  expect(run(bundled + closed)).toEqual([
    expected,
    expected,
    ["rnn-wasm: one thread instead of several: a core that comes as a compiled module has its memory for itself"],
  ]);
});

test("bundled for browsers, nothing of Node's is imported, and the bundle runs", async () => {
  const bundled = await bundle(`import { Network, tensor } from "rnn-wasm"; ${program}`, { platform: "browser" });
  expect(bundled).not.toMatch(/(import|require)\s*\(?\s*["']node:/);
  expect(run(bundled)).toEqual([expected, expected, []]);
});

// A crew's workers run the text of a function of the library: whatever a bundler makes of it has to stand on its own.
test.each<BuildOptions>([
  { minify: false },
  { minify: false, keepNames: true },
  { target: "es2020" },
  { target: "es2020", keepNames: true, minify: false },
  { target: "chrome91", format: "iife" },
])("threads work when the library is bundled with %o", async (options) => {
  const bundled = await bundle(`import { Network, tensor } from "rnn-wasm"; ${program}`, options);
  expect(run(bundled)).toEqual([expected, expected, []]);
});

test("where a bundler makes it call what is outside of it, there is one thread, and a notice", async () => {
  const options = { minify: true, keepNames: true };
  const bundled = await bundle(`import { Network, tensor } from "rnn-wasm"; ${program}`, options);
  expect(run(bundled)).toEqual([
    expected,
    expected,
    [
      expect.stringMatching(
        /^rnn-wasm: one thread instead of several: a worker thread could not be started: \w+ is not/,
      ),
    ],
  ]);
});

test("the global build is a classic script with everything in RnnWasm", () => {
  const script = readFileSync("dist/rnn-wasm.global.js", "utf8");
  const { Network, tensor, ...others } = new Function(`${script}; return RnnWasm`)();
  expect(Object.keys({ Network, tensor, ...others }).sort()).toEqual(Object.keys(library).sort());
  return expect(lossOf({ Network, tensor })).resolves.toBe(expected);
});

test.each([".", "lite", "worker", "node"])("%s awaits nothing at its top, and so can be required", async (subpath) => {
  const name = join("rnn-wasm", subpath);
  // A top-level await is an error in this format.
  const bundled = await bundle(`export * from "${name}"`, { format: "cjs", platform: "node" });
  const module = { exports: {} };
  new Function("module", "require", bundled)(module, process.getBuiltinModule);
  expect(Object.keys(module.exports).length).toBeGreaterThan(0);
  if (Number(process.versions.node.split(".")[0]) < 22) return;
  const program = `console.log(Object.keys(require("${name}")).length)`;
  const output = execFileSync(process.execPath, ["--eval", program], { encoding: "utf8" });
  expect(Number(output)).toBe(Object.keys(module.exports).length);
});
