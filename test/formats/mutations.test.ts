import { afterEach, beforeEach, expect, test } from "vitest";
import { CharRNN, CheckpointError } from "../../src/index.js";
import { generator } from "../reference/random.js";
import { openFile, rawFile } from "./files.js";

/*
 * Files that something has gone through: each ends in CheckpointError or in a model that can be used.
 */

const TEXT = "abcdefgh hgfedcba";
const FILES = 10_000;
/** Of so many models that load, one is used. */
const USED = 10;
/** A network's memory has a padded copy of the weights and one of the gradients, and a page at least. */
const MEMORY = (fileBytes: number) => 16 * fileBytes + 2 ** 20;

const lstm = await CharRNN.create({ vocabulary: TEXT, cell: "lstm", hiddenSize: 3, numLayers: 1 });
const gru = await CharRNN.create({ vocabulary: TEXT, cell: "gru", hiddenSize: 3, numLayers: 2 });
await lstm.fit(TEXT, {
  batching: "streams",
  sequenceLength: 2,
  batchSize: 2,
  epochs: 2,
  earlyStopping: { patience: 9 },
});
await gru.fit(TEXT, { batching: "windows", sequenceLength: 3, batchSize: 4, epochs: 2, validation: 0.3 });
const originals = [lstm.save(), gru.save(), lstm.save({ training: true }), gru.save({ training: true })];

/** The largest memory that was asked for, in bytes. */
let largest = 0;
const { Memory } = WebAssembly;
const { grow } = Memory.prototype;

beforeEach(() => {
  const seen = (bytes: number) => {
    largest = Math.max(largest, bytes);
  };
  WebAssembly.Memory = class extends Memory {
    constructor(descriptor: WebAssembly.MemoryDescriptor) {
      seen(descriptor.initial * 65_536);
      super(descriptor);
    }
  };
  Memory.prototype.grow = function (this: WebAssembly.Memory, pages) {
    seen(this.buffer.byteLength + pages * 65_536);
    return grow.call(this, pages);
  };
});
afterEach(() => {
  WebAssembly.Memory = Memory;
  Memory.prototype.grow = grow;
});

type Random = () => number;
const below = (random: Random, n: number) => Math.floor(random() * n);
const pick = <T>(random: Random, items: readonly T[]): T => items[below(random, items.length)] as T;
const headerLength = (bytes: Uint8Array) => Number(new DataView(bytes.buffer).getBigUint64(0, true));

/** The header with an edit of its text, and a length that fits. */
function withHeader(bytes: Uint8Array, edit: (header: string) => string): Uint8Array {
  const start = 8 + headerLength(bytes);
  const header = edit(new TextDecoder().decode(bytes.subarray(8, start)).trimEnd());
  return rawFile(header.padEnd(Math.ceil(header.length / 8) * 8), bytes.subarray(start));
}

const HOSTILE = [
  ...["0", "-1", "1", "2", "3.5", "1e6", "1e9", "4294967296", "9007199254740991", "9007199254740992", "1e999", "-0"],
  ...['"x"', '""', "null", "true", "[]", "{}", '"F16"', '"__proto__"', "[[[[]]]]"],
];

const mutations: Record<string, (bytes: Uint8Array<ArrayBuffer>, random: Random) => Uint8Array> = {
  "a flipped bit anywhere": (bytes, random) => {
    const at = below(random, bytes.length);
    bytes[at] = (bytes[at] as number) ^ (1 << below(random, 8));
    return bytes;
  },
  "flipped bytes of the header": (bytes, random) => {
    for (let i = 0; i <= below(random, 4); i++) bytes[below(random, 8 + headerLength(bytes))] = below(random, 256);
    return bytes;
  },
  "flipped bytes of the tensors": (bytes, random) => {
    const start = 8 + headerLength(bytes);
    for (let i = 0; i <= below(random, 64); i++)
      bytes[start + below(random, bytes.length - start)] = below(random, 256);
    return bytes;
  },
  "a truncation": (bytes, random) => bytes.subarray(0, below(random, bytes.length)),
  "a truncation from the front": (bytes, random) => bytes.slice(1 + below(random, bytes.length - 1)),
  "an insertion": (bytes, random) => {
    const at = below(random, bytes.length);
    const inserted = Array.from({ length: 1 + below(random, 12) }, () => below(random, 256));
    return Uint8Array.of(...bytes.subarray(0, at), ...inserted, ...bytes.subarray(at));
  },
  "an insertion into the header": (bytes, random) =>
    withHeader(bytes, (header) => {
      const at = below(random, header.length);
      return header.slice(0, at) + pick(random, [...HOSTILE, ",", ":", "[", "}", "\\"]) + header.slice(at);
    }),
  "a stretch cut out of the header": (bytes, random) =>
    withHeader(bytes, (header) => {
      const at = below(random, header.length);
      return header.slice(0, at) + header.slice(at + 1 + below(random, 40));
    }),
  "a header number replaced": (bytes, random) =>
    withHeader(bytes, (header) => {
      const numbers = [...header.matchAll(/-?\d+(\.\d+)?/g)];
      const { 0: old, index } = pick(random, numbers);
      return header.slice(0, index) + pick(random, HOSTILE) + header.slice(index + old.length);
    }),
  "two header numbers swapped": (bytes, random) =>
    withHeader(bytes, (header) => {
      const numbers = [...header.matchAll(/\d+/g)];
      const [a, b] = [pick(random, numbers), pick(random, numbers)].toSorted((x, y) => x.index - y.index);
      if (a === undefined || b === undefined || a === b) return header;
      const between = header.slice(a.index + a[0].length, b.index);
      return header.slice(0, a.index) + b[0] + between + a[0] + header.slice(b.index + b[0].length);
    }),
  "the header's length changed": (bytes, random) => {
    const length = pick(random, [
      0n,
      1n,
      7n,
      BigInt(below(random, 2 * bytes.length)),
      2n ** 31n,
      2n ** 63n,
      2n ** 64n - 1n,
    ]);
    new DataView(bytes.buffer).setBigUint64(0, length, true);
    return bytes;
  },
  "the head of one file and the tail of another": (bytes, random) => {
    const other = pick(random, originals);
    const [at, from] = [below(random, bytes.length), below(random, other.length)];
    return Uint8Array.of(...bytes.subarray(0, at), ...other.subarray(from));
  },
  "the header of one file and the tensors of another": (bytes, random) => {
    const other = pick(random, originals);
    return Uint8Array.of(...bytes.subarray(0, 8 + headerLength(bytes)), ...openFile(other).data);
  },
  "metadata of another file": (bytes, random) => {
    const [own, other] = [openFile(bytes), openFile(pick(random, originals))];
    const key = pick(random, Object.keys(own.metadata));
    own.metadata[key] = other.metadata[key] ?? "";
    return rawFile(JSON.stringify({ __metadata__: own.metadata, ...own.entries }), own.data);
  },
};

test(`${FILES} mutated files`, async () => {
  const random = generator(20_261_107);
  const names = Object.keys(mutations);
  const ends: Record<string, { refused: number; loaded: number }> = {};
  for (const name of names) ends[name] = { refused: 0, loaded: 0 };
  for (let i = 0; i < FILES; i++) {
    const name = names[i % names.length] as string;
    const original = originals[Math.floor(i / names.length) % originals.length] as Uint8Array<ArrayBuffer>;
    const bytes = mutations[name]?.(original.slice(), random) as Uint8Array;
    const end = ends[name] as { refused: number; loaded: number };
    largest = 0;
    try {
      const model = await CharRNN.load(bytes);
      expect(largest, "what the model's memory asked for").toBeGreaterThanOrEqual(65_536);
      if (end.loaded++ % USED === 0) expectUsable(model);
    } catch (error) {
      if (!(error instanceof CheckpointError)) {
        throw new Error(`file ${i}, ${name}: ${(error as Error).name}: ${(error as Error).message}`, { cause: error });
      }
      end.refused++;
    }
    if (largest > MEMORY(bytes.length)) expect.fail(`file ${i}, ${name}: ${largest} bytes for ${bytes.length}`);
  }
  // Neither all nor none: the mutations reach behind the first check, and the checks do not refuse what is right.
  expect(ends["flipped bytes of the tensors"]?.refused).toBe(0);
  for (const name of ["a truncation", "a truncation from the front"]) expect(ends[name]?.loaded, name).toBe(0);
  for (const name of ["a header number replaced", "two header numbers swapped", "metadata of another file"]) {
    expect(ends[name]?.refused, name).toBeGreaterThan(100);
    expect(ends[name]?.loaded, name).toBeGreaterThan(10);
  }
});

/** Whatever its weights are, NaN among them. */
function expectUsable(model: CharRNN): void {
  const { symbols } = model.vocabulary;
  const text = model.vocabulary.decode([0, symbols.length - 1, 0, symbols.length - 1]);
  if (model.vocabulary.encode(text).length < 3) return; // symbols that make another one together
  expect(typeof model.predict(text, { sequenceLength: 2 })).toBe("string");
}
