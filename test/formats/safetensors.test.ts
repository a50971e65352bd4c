import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { CheckpointError } from "../../src/errors.js";
import { decodeSafetensors, encodeSafetensors } from "../../src/formats/safetensors.js";
import type { Tensor } from "../../src/tensor/tensor.js";
import { expectError } from "../api/expect-error.js";
import { generator } from "../reference/random.js";
import { rawFile } from "./files.js";

/** Numbers whose bits are easily lost. */
const SPECIAL = [0, -0, NaN, Infinity, -Infinity, 2 ** -149, -(2 ** -126), 3.4028234663852886e38, 0.1];

function floats(...values: number[]): Float32Array<ArrayBuffer> {
  return Float32Array.from(values);
}

function bitsOf(data: Float32Array): number[] {
  return [...new Uint32Array(data.slice().buffer)];
}

const several: Record<string, Tensor> = {
  "fc.weight": { data: floats(...SPECIAL, 1, 2, 3), shape: [4, 3] },
  'a "quoted" name, 한글 and \ud83d\ude00': { data: floats(1, 2), shape: [2] },
  scalar: { data: floats(7), shape: [] },
  none: { data: floats(), shape: [0] },
  "none of five": { data: floats(), shape: [3, 0, 5] },
  "the last": { data: floats(-1, -2, -3, -4, -5), shape: [1, 5, 1] },
};
const metadata = { format: "x", "a key": 'text with "quotes", \n and half a pair \ud800' };
const file = encodeSafetensors({ tensors: several, metadata });

describe("what is written is read", () => {
  test("names, shapes, bits and metadata", () => {
    const read = decodeSafetensors(file);
    expect(read.metadata).toEqual(metadata);
    expect(Object.keys(read.tensors)).toEqual(Object.keys(several));
    for (const [name, { data, shape }] of Object.entries(several)) {
      expect(read.tensors[name]?.shape, name).toEqual(shape);
      expect(bitsOf(read.tensors[name]?.data as Float32Array), name).toEqual(bitsOf(data));
    }
    expect(encodeSafetensors(read)).toEqual(file);
  });

  test("every bit of random tensors, also of those that lie in the middle of a buffer", () => {
    const random = generator(1);
    for (let run = 0; run < 50; run++) {
      const tensors: Record<string, Tensor> = {};
      for (let i = 0; i < 1 + 5 * random(); i++) {
        const shape = [Math.floor(4 * random()), 1 + Math.floor(5 * random())];
        const [rows = 0, columns = 0] = shape;
        const words = Uint32Array.from({ length: 3 + rows * columns }, () => random() * 2 ** 32);
        // Bits of a NaN beside the one that makes it one may be lost on the way through a float32: none here.
        for (const [at, word] of words.entries()) if ((word & 0x7f800000) === 0x7f800000) words[at] = word & 0xff800000;
        tensors[`t${i}`] = { data: new Float32Array(words.buffer, 8, rows * columns), shape };
      }
      const read = decodeSafetensors(encodeSafetensors({ tensors, metadata: {} })).tensors;
      expect(Object.keys(read)).toEqual(Object.keys(tensors));
      for (const [name, { data, shape }] of Object.entries(tensors)) {
        expect([read[name]?.shape, bitsOf(read[name]?.data as Float32Array)]).toEqual([shape, bitsOf(data)]);
      }
    }
  });

  test("no tensors, no metadata", () => {
    expect(decodeSafetensors(encodeSafetensors({ tensors: {}, metadata: {} }))).toEqual({ tensors: {}, metadata: {} });
    expect(decodeSafetensors(rawFile("{}"))).toEqual({ tensors: {}, metadata: {} });
  });

  test("bytes at any address", () => {
    for (let offset = 0; offset < 9; offset++) {
      const buffer = new Uint8Array(offset + file.length + 5).fill(0xee);
      buffer.set(file, offset);
      expect(decodeSafetensors(buffer.subarray(offset, offset + file.length))).toEqual(decodeSafetensors(file));
    }
  });

  test("a Buffer of Node, whose slice is no copy", () => {
    expect(decodeSafetensors(Buffer.from(file))).toEqual(decodeSafetensors(file));
  });

  test("tensors are copies: the bytes may change afterwards", () => {
    for (const bytes of [file.slice(), Buffer.from(file)]) {
      const read = decodeSafetensors(bytes);
      bytes.fill(0xff);
      expect(read).toEqual(decodeSafetensors(file));
    }
  });

  test("tensors in any order, spaces before and after the header, keys that nobody knows", () => {
    const header =
      ' {"b": {"data_offsets":[8,12],"x":[],"shape":[1],"dtype":"F32"}, ' +
      '"a": {"dtype":"F32","shape":[2],"data_offsets":[0,8]} }   ';
    const { tensors } = decodeSafetensors(rawFile(header, new Uint8Array(floats(1, 2, 3).buffer)));
    expect(tensors).toEqual({ b: { data: floats(3), shape: [1] }, a: { data: floats(1, 2), shape: [2] } });
  });

  test('a tensor named "__proto__" is a tensor', () => {
    const { tensors } = decodeSafetensors(rawFile('{"__proto__":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}', 4));
    expect(Object.keys(tensors)).toEqual(["__proto__"]);
  });
});

describe("the layout", () => {
  test("is that of the format: length, JSON, spaces, numbers", () => {
    const view = new DataView(file.buffer);
    const length = Number(view.getBigUint64(0, true));
    expect(length % 8, "the tensors start on a whole word").toBe(0);
    const header = new TextDecoder("utf-8", { fatal: true }).decode(file.subarray(8, 8 + length));
    expect(header[0], "the format wants { as the first byte").toBe("{");
    expect(header).toMatch(/\} {0,7}$/);
    expect(JSON.parse(header)).toEqual({
      __metadata__: metadata,
      "fc.weight": { dtype: "F32", shape: [4, 3], data_offsets: [0, 48] },
      'a "quoted" name, 한글 and \ud83d\ude00': { dtype: "F32", shape: [2], data_offsets: [48, 56] },
      scalar: { dtype: "F32", shape: [], data_offsets: [56, 60] },
      none: { dtype: "F32", shape: [0], data_offsets: [60, 60] },
      "none of five": { dtype: "F32", shape: [3, 0, 5], data_offsets: [60, 60] },
      "the last": { dtype: "F32", shape: [1, 5, 1], data_offsets: [60, 80] },
    });
    expect(file.length).toBe(8 + length + 80);
    expect(view.getFloat32(8 + length + 60, true)).toBe(-1);
    expect(view.getUint32(8 + length + 4, true), "−0").toBe(0x80000000);
  });

  test("headers of all lengths are padded to whole words", () => {
    const paddings = new Set<number>();
    for (let extra = 0; extra < 8; extra++) {
      const bytes = encodeSafetensors({ tensors: several, metadata: { key: "x".repeat(extra) } });
      const length = Number(new DataView(bytes.buffer).getBigUint64(0, true));
      expect(length % 8).toBe(0);
      const header = new TextDecoder().decode(bytes.subarray(8, 8 + length));
      paddings.add(header.length - header.trimEnd().length);
      expect(bytes.length).toBe(8 + length + 80);
      expect(decodeSafetensors(bytes).metadata).toEqual({ key: "x".repeat(extra) });
    }
    expect([...paddings].toSorted()).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  });

  const python = ["python3", "/usr/bin/python3"].find((path) => spawnSync(path, ["-c", ""]).status === 0);
  test.skipIf(!python)(`Python reads it with struct and json alone${python ? "" : " (skipped: no python3)"}`, () => {
    // As huggingface/safetensors' own reader does, with its checks.
    const program = `
import json, struct, sys
raw = open(sys.argv[1], "rb").read()
n, = struct.unpack("<Q", raw[:8])
assert raw[8:9] == b"{"
header = json.loads(raw[8:8 + n].decode("utf-8"))
metadata = header.pop("__metadata__")
end, tensors = 0, {}
for name, info in sorted(header.items(), key=lambda item: item[1]["data_offsets"]):
    begin, stop = info["data_offsets"]
    assert begin == end and info["dtype"] == "F32"
    count = 1
    for dimension in info["shape"]: count *= dimension
    assert stop - begin == 4 * count
    words = struct.unpack("<%dI" % count, raw[8 + n + begin:8 + n + stop])
    tensors[name], end = [info["shape"], words], stop
assert 8 + n + end == len(raw)
print(json.dumps([tensors, metadata]))
`;
    const folder = mkdtempSync(join(tmpdir(), "safetensors-"));
    try {
      writeFileSync(join(folder, "file"), file);
      const { status, stdout, stderr } = spawnSync(python as string, ["-c", program, join(folder, "file")]);
      expect([status, String(stderr)]).toEqual([0, ""]);
      const expected = Object.entries(several).map(([name, { data, shape }]) => [name, [shape, bitsOf(data)]]);
      expect(JSON.parse(String(stdout))).toEqual([Object.fromEntries(expected), metadata]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

/** Headers of one or two tensors, as text: JSON.stringify would not write all that a file can have. */
const a = (fields: string) => `{"a":{${fields}}}`;
const tensorA = (shape: string, offsets: string) => a(`"dtype":"F32","shape":${shape},"data_offsets":${offsets}`);
const two = (first: string, second: string) =>
  `{"a":{"dtype":"F32","shape":[1],"data_offsets":${first}},"b":{"dtype":"F32","shape":[1],"data_offsets":${second}}}`;
const nested = (depth: number) => "[".repeat(depth) + "]".repeat(depth);

const notUtf8 = Uint8Array.of(0x7b, 0x22, 0xff, 0x22, 0x7d);
const NO_COUNTS = 'tensor "a": the shape is no list of integers ≥ 0';
const NO_OFFSETS = 'tensor "a": data_offsets are no two integers ≥ 0';

/** What this engine says itself. */
function saidBy(call: () => unknown): string {
  try {
    call();
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error("nothing was thrown");
}

describe("hostile files", () => {
  const cases: [what: string, bytes: Uint8Array, reason: string][] = [
    ["no bytes", new Uint8Array(0), "0 bytes are too few for a safetensors file"],
    ["7 bytes", new Uint8Array(7), "7 bytes are too few for a safetensors file"],
    [
      "a header of 2^63 bytes",
      rawFile("{}", 4, 2n ** 63n),
      "the header has 9223372036854775808 bytes, the file only 6 after the header's length",
    ],
    [
      "a header of 2^64 − 1 bytes",
      rawFile("{}", 0, 2n ** 64n - 1n),
      "the header has 18446744073709551615 bytes, the file only 2 after the header's length",
    ],
    [
      "a header one byte longer than the file",
      rawFile("{}", 0, 3n),
      "the header has 3 bytes, the file only 2 after the header's length",
    ],
    ["no header", rawFile(""), `the header is not JSON: ${saidBy(() => JSON.parse(""))}`],
    [
      "a header that is not UTF-8",
      rawFile(notUtf8),
      `the header is not JSON: ${saidBy(() => new TextDecoder("utf-8", { fatal: true }).decode(notUtf8))}`,
    ],
    ["a header that is cut", rawFile('{"a"'), `the header is not JSON: ${saidBy(() => JSON.parse('{"a"'))}`],
    ["zeros", rawFile("\0\0"), `the header is not JSON: ${saidBy(() => JSON.parse("\0\0"))}`],
    ["an array", rawFile("[]"), "the header is no JSON object"],
    ["null", rawFile("null"), "the header is no JSON object"],
    ["a text", rawFile('"{}"'), "the header is no JSON object"],
    ["arrays in arrays", rawFile(nested(1e5)), "the header is no JSON object"],
    ["metadata that is an array", rawFile('{"__metadata__":[]}'), "__metadata__ is no object of texts"],
    ["metadata with a number", rawFile('{"__metadata__":{"a":1}}'), "__metadata__ is no object of texts"],
    ["metadata that is null", rawFile('{"__metadata__":null}'), "__metadata__ is no object of texts"],
    ["a tensor that is a number", rawFile('{"a":1}'), 'tensor "a" is described by no JSON object'],
    ["a tensor that is an array", rawFile('{"a":[]}'), 'tensor "a" is described by no JSON object'],
    ["dtype I32", rawFile(a('"dtype":"I32"')), 'tensor "a": expected dtype "F32", got "I32"'],
    ["dtype F16", rawFile(a('"dtype":"F16"')), 'tensor "a": expected dtype "F32", got "F16"'],
    ["dtype f32", rawFile(a('"dtype":"f32"')), 'tensor "a": expected dtype "F32", got "f32"'],
    ["no dtype", rawFile(a('"shape":[]')), 'tensor "a": expected dtype "F32", got no text'],
    [
      "a long dtype",
      rawFile(a(`"dtype":"${"F".repeat(1e5)}"`)),
      `tensor "a": expected dtype "F32", got "${"F".repeat(40)}…"`,
    ],
    // JSON.parse reads it, JSON.stringify overflows the stack.
    [
      "a dtype of arrays in arrays",
      rawFile(a(`"dtype":${nested(1e5)}`)),
      'tensor "a": expected dtype "F32", got no text',
    ],
    ["no shape", rawFile(a('"dtype":"F32","data_offsets":[0,4]'), 4), NO_COUNTS],
    ["a negative shape", rawFile(tensorA("[-1]", "[0,4]"), 4), NO_COUNTS],
    ["a negative shape of two", rawFile(tensorA("[-1,-1]", "[0,4]"), 4), NO_COUNTS],
    ["a fractional shape", rawFile(tensorA("[0.5,2]", "[0,4]"), 4), NO_COUNTS],
    ["a shape of texts", rawFile(tensorA('["1"]', "[0,4]"), 4), NO_COUNTS],
    ["a shape of 2^53", rawFile(tensorA("[9007199254740992]", "[0,4]"), 4), NO_COUNTS],
    ["a shape of 1e999", rawFile(tensorA("[1e999]", "[0,4]"), 4), NO_COUNTS],
    ["an object as shape", rawFile(tensorA('{"length":0}', "[0,4]"), 4), NO_COUNTS],
    ["no offsets", rawFile(a('"dtype":"F32","shape":[1]'), 4), NO_OFFSETS],
    ["one offset", rawFile(tensorA("[1]", "[4]"), 4), NO_OFFSETS],
    ["three offsets", rawFile(tensorA("[1]", "[0,4,4]"), 4), NO_OFFSETS],
    ["negative offsets", rawFile(tensorA("[1]", "[-4,0]"), 4), NO_OFFSETS],
    ["offsets as an object", rawFile(tensorA("[1]", '{"0":0,"1":4}'), 4), NO_OFFSETS],
    [
      "offsets swapped",
      rawFile(tensorA("[1]", "[4,0]"), 4),
      'tensor "a": shape (1) does not fill the bytes from 4 to 0',
    ],
    [
      "fewer bytes than the shape",
      rawFile(tensorA("[2,3]", "[0,20]"), 20),
      'tensor "a": shape (2, 3) does not fill the bytes from 0 to 20',
    ],
    [
      "no whole number of floats",
      rawFile(tensorA("[1]", "[0,5]"), 5),
      'tensor "a": shape (1) does not fill the bytes from 0 to 5',
    ],
    [
      "a shape whose product is more than 2^53",
      rawFile(tensorA("[134217728,134217728]", "[0,4]"), 4),
      'tensor "a": shape (134217728, 134217728) does not fill the bytes from 0 to 4',
    ],
    [
      "a shape whose product is 2^64: 0 in 64 bits",
      rawFile(tensorA("[4294967296,4294967296]", "[0,0]")),
      'tensor "a": shape (4294967296, 4294967296) does not fill the bytes from 0 to 0',
    ],
    [
      "a shape whose product is Infinity times 0",
      rawFile(tensorA(`[${"9007199254740991,".repeat(21)}0]`, "[0,0]")),
      `tensor "a": shape (${"9007199254740991, ".repeat(21)}0) does not fill the bytes from 0 to 0`,
    ],
    ["overlapping", rawFile(two("[0,4]", "[2,6]"), 6), 'tensor "b" starts at byte 2, the one before it ends at 4'],
    [
      "the same bytes twice",
      rawFile(two("[0,4]", "[0,4]"), 4),
      'tensor "b" starts at byte 0, the one before it ends at 4',
    ],
    ["a gap", rawFile(two("[0,4]", "[8,12]"), 12), 'tensor "b" starts at byte 8, the one before it ends at 4'],
    [
      "a gap at the start",
      rawFile(tensorA("[1]", "[4,8]"), 8),
      'tensor "a" starts at byte 4, the one before it ends at 0',
    ],
    ["past the end", rawFile(tensorA("[2]", "[0,8]"), 7), 'tensor "a" ends at byte 8 of 7'],
    [
      "four pebibytes",
      rawFile(tensorA("[1125899906842624]", "[0,4503599627370496]"), 4),
      'tensor "a" ends at byte 4503599627370496 of 4',
    ],
    ["bytes behind the last tensor", rawFile(tensorA("[1]", "[0,4]"), 5), "1 bytes follow the last tensor"],
    ["bytes and no tensor", rawFile("{}", 3), "3 bytes follow the last tensor"],
  ];
  test.each(cases)("%s", async (_, bytes, reason) => {
    const message = `this is no model file that can be read: ${reason}`;
    await expectError(() => decodeSafetensors(bytes), CheckpointError, message);
  });

  test("every prefix of a file", () => {
    for (let length = 0; length < file.length; length++) {
      expect(() => decodeSafetensors(file.subarray(0, length)), `${length} bytes`).toThrow(CheckpointError);
    }
  });
});
