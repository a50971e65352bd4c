import { existsSync, mkdirSync, openSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { edited } from "../formats/files.js";
import { FAILED, LONG, WRONG } from "./bad-input.js";
import { ended, run, start, temporaryFolder } from "./process.js";

/*
 * Whatever is wrong is one line on standard error, with exit code 2 where the call was wrong and 1 where it failed.
 */

const folder = temporaryFolder();
const write = (name: string, content: string | Uint8Array) => writeFileSync(join(folder, name), content);
const TEXT = "the quick brown fox jumps over the lazy dog. ".repeat(3);
const TRAIN = ["--cell", "rnn", "--hidden", "4", "--layers", "1", "--epochs", "2"];

beforeAll(async () => {
  write("text.txt", TEXT);
  write("one.txt", "a");
  write("empty.txt", "");
  write("mark.txt", new Uint8Array([0xef, 0xbb, 0xbf]));
  write("latin.txt", new Uint8Array([0x61, 0xe9, 0x62]));
  write("binary.txt", "ab\0c");
  write("cut.txt", new Uint8Array([0x61, 0x62, 0xc3]));
  write("surrogate.txt", new Uint8Array([0x61, 0xed, 0xa0, 0x80]));
  write("utf16.txt", new Uint8Array([0xff, 0xfe, 0x61, 0]));
  write("long.txt", Buffer.concat([Buffer.from(`a${"é".repeat(LONG)}`), new Uint8Array([0x80])]));
  mkdirSync(join(folder, "folder"));
  const { code, stderr } = await run(folder, ["train", "text.txt", "--model", "model.safetensors", ...TRAIN]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  const model = readFileSync(join(folder, "model.safetensors"));
  write("half.safetensors", model.subarray(0, model.length - 10));
  write(
    "newer.safetensors",
    edited(model, ({ metadata }) => {
      metadata.version = "2";
    }),
  );
  write(
    "foreign.safetensors",
    edited(model, ({ metadata }) => {
      delete metadata.format;
    }),
  );
  write(
    "untrained.safetensors",
    edited(model, (file) => {
      delete file.metadata.training;
      const weights = Object.entries(file.entries).filter(([name]) => !name.startsWith("training."));
      file.entries = Object.fromEntries(weights);
      const ends = weights.map(([, { data_offsets }]) => (data_offsets as [number, number])[1]);
      file.data = file.data.slice(0, Math.max(...ends));
    }),
  );
});

/** What a line says, where "#" stands for something that no test knows. */
function expectLine(stderr: string, line: string): void {
  const pattern = line.split("#").map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  expect(stderr).toMatch(new RegExp(`^${pattern.join(".*")}\n$`));
}

test.concurrent.each(WRONG)("%j is wrong", async (args, line) => {
  const { code, stderr } = await run(folder, args);
  expectLine(stderr, line);
  expect(code).toBe(2);
});

test.concurrent.each(FAILED)("%j fails", async (args, line) => {
  const { code, stderr } = await run(folder, args, { input: args[0] === "score" ? "!" : "" });
  expectLine(stderr, line);
  expect(code).toBe(1);
});

test("--debug adds the stack, before or after the command", async () => {
  for (const args of [
    ["--debug", "info", "text.txt"],
    ["info", "text.txt", "--debug"],
  ]) {
    const { code, stderr } = await run(folder, args);
    const [line, ...stack] = stderr.split("\n");
    expectLine(`${line}\n`, FAILED[1]?.[1] as string);
    expect(stack.join("\n")).toMatch(/^Error: .*\n {4}at .*caused by CheckpointError: /s);
    expect(code).toBe(1);
  }
});

test("without a command there is help, and exit code 2", async () => {
  const { code, stdout, stderr } = await run(folder, []);
  expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
  expect(stderr).toMatch(/^Usage: rnn-wasm /);
});

test("a folder in which nothing can be written is found before the training", async () => {
  // Not by its mode, which does not hold for everyone.
  write(
    "denied.mjs",
    `import fs from "node:fs";
    import { syncBuiltinESMExports } from "node:module";
    fs.accessSync = (path, mode) => {
      const code = mode === fs.constants.W_OK && path.endsWith("folder") ? "EACCES" : "EINVAL";
      throw Object.assign(new Error(code), { code });
    };
    syncBuiltinESMExports();`,
  );
  const { code, stdout, stderr } = await run(folder, ["train", "text.txt", "--model", "folder/model"], {
    node: ["--import", "./denied.mjs"],
  });
  expectLine(stderr, "rnn-wasm train: --model: nothing can be written in #/folder: access is denied");
  expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
});

describe("a full disk", () => {
  const model = join(folder, "full.safetensors");
  // Half of the file is written, and then there is no more room.
  write(
    "full.mjs",
    `import fs from "node:fs";
    import { syncBuiltinESMExports } from "node:module";
    const { open } = fs.promises;
    fs.promises.open = async (...args) => {
      const handle = await open(...args);
      handle.writeFile = async (content) => {
        await handle.write(content.subarray(0, content.length / 2));
        throw Object.assign(new Error("ENOSPC: no space left on device, write"), { code: "ENOSPC" });
      };
      return handle;
    };
    syncBuiltinESMExports();`,
  );

  test("while saving: the old file stays", async () => {
    writeFileSync(model, "old");
    const files = readdirSync(folder);
    const { code, stderr } = await run(folder, ["train", "text.txt", "--model", model, "--overwrite", ...TRAIN], {
      node: ["--import", "./full.mjs"],
    });
    expectLine(stderr, `rnn-wasm train: ${model}: the disk is full; what the file had before is unchanged`);
    expect(code).toBe(1);
    expect(readFileSync(model, "utf8")).toBe("old");
    expect(readdirSync(folder)).toEqual(files);
  });

  test.skipIf(!existsSync("/dev/full"))("under standard output", async () => {
    const child = start(folder, ["sample", "model.safetensors"], {
      stdio: ["ignore", openSync("/dev/full", "w"), "pipe"],
    });
    const { code, stderr } = await ended(child);
    expectLine(stderr, "rnn-wasm: standard output: the disk is full");
    expect(code).toBe(1);
  });
});
