import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { Abi } from "../../src/core/generated/abi.js";
import { Matrix } from "../reference/matrix.js";
import { at } from "../reference/tensor.js";

/*
 * What every kernel test needs: each build of the core, a memory in which a wrong access shows, and comparisons that name
 * the element that is wrong.
 */

const BUILDS = ["simd", "relaxed", "simd-debug", "relaxed-debug"] as const;

/** Half a unit in the last place of 1: the largest relative error of one float32 operation. */
export const UNIT_ROUNDOFF = 2 ** -24;
/** The smallest float32 above 0: the largest absolute error of an operation whose result is subnormal is half of it. */
export const SMALLEST = 2 ** -149;

const MEMORY_WORDS = 1 << 20; // 4 MiB, more than any test places
const BOTTOM_GUARD = 256; // words below the lowest block that are checked
const GUARD = 24; // words between two blocks, at least; three panels of eight
/** A quiet NaN: what is read by mistake poisons a result, what is written by mistake no longer has these bits. */
const CANARY = 0x7fc0dead;

/**
 * Defines the tests of `suite` once for each build; skips them, saying why, where the engine refuses relaxed SIMD.
 *
 * @param part "-vectors" for the builds of assembly/vectors.ts, which export K
 */
export function describeEachBuild<K = Abi>(suite: (sandbox: Sandbox<K>) => void, part = ""): void {
  describe.each(BUILDS)("%s", (build) => {
    const bytes = readBuild(build + part);
    if (build.startsWith("relaxed") && !WebAssembly.validate(bytes)) {
      test("every kernel test", (context) => context.skip("this engine does not accept relaxed SIMD"));
      return;
    }
    suite(new Sandbox<K>(bytes));
  });
}

function readBuild(build: string): Uint8Array<ArrayBuffer> {
  const file = new URL(`../../build/${build}.wasm`, import.meta.url);
  try {
    return new Uint8Array(readFileSync(file));
  } catch (cause) {
    throw new Error(`build/${build}.wasm is missing: run npm run build`, { cause });
  }
}

/** Rows in the sandbox. Of each row's `ld` floats the first `width` belong to it; what follows them is canaries. */
export interface Block {
  /** In bytes: the pointer that a kernel takes. */
  readonly offset: number;
  readonly rows: number;
  readonly columns: number;
  readonly width: number;
  readonly ld: number;
}

interface Placement {
  /** padded(columns) by default. */
  ld?: number;
  /** How many floats of a row may be touched: padded(columns) by default, never more than ld. */
  width?: number;
  /** What columns to width hold; 0 by default. */
  padding?: number;
}

/**
 * One instance of the core. Blocks are placed from the end of the memory downwards: reading past the first one traps,
 * and everything around the blocks is canaries.
 */
export class Sandbox<K = Abi> {
  readonly kernels: K;
  readonly #words: Uint32Array;
  readonly #floats: Float32Array;
  /** What the memory must still hold, word for word, but for what a kernel is allowed to write. */
  readonly #expected = new Uint32Array(MEMORY_WORDS).fill(CANARY);
  /** The first word of the lowest block. */
  #bottom = MEMORY_WORDS;

  constructor(bytes: Uint8Array<ArrayBuffer>) {
    const memory = new WebAssembly.Memory({ initial: (4 * MEMORY_WORDS) / 65536, maximum: 65536 });
    // Before the core is instantiated, which writes its tables of constants.
    this.#words = new Uint32Array(memory.buffer).fill(CANARY);
    const instance = new WebAssembly.Instance(new WebAssembly.Module(bytes), { env: { memory } });
    this.kernels = instance.exports as unknown as K;
    this.#expected.set(this.#words);
    this.#floats = new Float32Array(memory.buffer);
  }

  /** Forgets all blocks. */
  reset(): void {
    const first = this.#checkedFrom();
    this.#words.fill(CANARY, first);
    this.#expected.fill(CANARY, first);
    this.#bottom = MEMORY_WORDS;
  }

  place(values: Matrix, { ld, width, padding = 0 }: Placement = {}): Block {
    const { rows, columns } = values;
    const owned = width ?? padded(columns);
    const stride = ld ?? padded(columns);
    if (owned < columns || stride < owned) throw new RangeError(`ld ${stride}, width ${owned}, ${columns} columns`);
    const block = this.#take((rows - 1) * stride + owned, { rows, columns, width: owned, ld: stride });
    for (let r = 0; r < rows; r++) {
      const row = this.#floats.subarray(block.offset / 4 + r * stride);
      for (let j = 0; j < owned; j++) row[j] = j < columns ? values.at(r, j) : padding;
    }
    this.#remember(block);
    return block;
  }

  /** Uninitialized floats, to be written: their canaries are NaN. */
  reserve(count: number): Block {
    return this.#take(count, { rows: 1, columns: count, width: count, ld: count });
  }

  /** Room for doubles, to be written. */
  reserveDoubles(count: number): Block {
    return this.reserve(2 * count);
  }

  readDoubles({ offset, columns }: Block): Float64Array {
    return new Float64Array(this.#words.buffer.slice(offset, offset + 4 * columns));
  }

  /** One row, bit for bit, for the long sweeps. */
  placeFloats(values: Float32Array): Block {
    const n = values.length;
    const block = this.#take(padded(n), { rows: 1, columns: n, width: padded(n), ld: padded(n) });
    this.#floats.set(values, block.offset / 4);
    this.#remember(block);
    return block;
  }

  placeIndices(indices: ArrayLike<number>): Block {
    const n = indices.length;
    const block = this.#take(n, { rows: 1, columns: n, width: n, ld: n });
    this.#words.set(indices, block.offset / 4);
    this.#remember(block);
    return block;
  }

  /** The block's values without its padding. */
  read(block: Block): Matrix {
    const values = new Matrix(block.rows, block.columns);
    for (let r = 0; r < block.rows; r++) {
      for (let j = 0; j < block.columns; j++) values.set(r, j, at(this.#floats, block.offset / 4 + r * block.ld + j));
    }
    return values;
  }

  /** One row's values as they lie in memory, good until the next `reset`. */
  view({ offset, columns }: Block): Float32Array {
    return this.#floats.subarray(offset / 4, offset / 4 + columns);
  }

  /** The block's padding, row after row. */
  readPadding(block: Block): number[] {
    return Array.from({ length: block.rows }, (_, r) => {
      const row = block.offset / 4 + r * block.ld;
      return [...this.#floats.subarray(row + block.columns, row + block.width)];
    }).flat();
  }

  /** Fails unless the memory, but for these blocks, is bit for bit as it was placed: canaries, inputs and all. */
  expectOnlyWritten(...written: Block[]): void {
    for (const block of written) this.#remember(block);
    const [words, expected] = [this.#words, this.#expected];
    for (let i = this.#checkedFrom(); i < MEMORY_WORDS; i++) {
      if (words[i] !== expected[i]) expect.fail(`byte ${4 * i} was written, outside of ${where(written)}`);
    }
  }

  #take(count: number, shape: Omit<Block, "offset">): Block {
    const end = this.#bottom === MEMORY_WORDS ? MEMORY_WORDS : this.#bottom - GUARD;
    this.#bottom = (end - count) & ~3; // 16 bytes, the vectors' own alignment
    if (this.#bottom < BOTTOM_GUARD) throw new RangeError(`the sandbox has no room for ${count} floats`);
    return { offset: 4 * this.#bottom, ...shape };
  }

  #remember({ offset, rows, width, ld }: Block): void {
    for (let r = 0, word = offset / 4; r < rows; r++, word += ld) {
      this.#expected.set(this.#words.subarray(word, word + width), word);
    }
  }

  #checkedFrom(): number {
    return Math.max(0, this.#bottom - BOTTOM_GUARD);
  }
}

function where(blocks: Block[]): string {
  return blocks.map(({ offset, rows, ld }) => `${offset}…${offset + 4 * rows * ld}`).join(", ");
}

/** n rounded up to whole vectors of four floats. */
export function padded(n: number): number {
  return Math.ceil(n / 4) * 4;
}

/** Uniform in ±range, rounded to float32: the oracle sees the same numbers as the kernel. */
export function randomMatrix(random: () => number, rows: number, columns: number, range = 1): Matrix {
  return mapMatrix(new Matrix(rows, columns), () => Math.fround((2 * random() - 1) * range));
}

export function mapMatrix(matrix: Matrix, f: (value: number, index: number) => number): Matrix {
  return new Matrix(matrix.rows, matrix.columns, matrix.data.map(f));
}

/** |actual − expected| ≤ bound for every element; NaN where NaN is expected, and only there. */
export function expectWithin(actual: Matrix, expected: Matrix, bound: Matrix, what: string): void {
  expect([actual.rows, actual.columns], what).toEqual([expected.rows, expected.columns]);
  for (let i = 0; i < expected.data.length; i++) {
    const [is, should, limit] = [at(actual.data, i), at(expected.data, i), at(bound.data, i)];
    if (Number.isNaN(should) ? Number.isNaN(is) : Math.abs(is - should) <= limit) continue;
    const place = `row ${Math.floor(i / expected.columns)}, column ${i % expected.columns}`;
    expect.fail(
      `${what}: ${place} is ${is} instead of ${should}, ${Math.abs(is - should)} off where ${limit} is allowed`,
    );
  }
}

/** Bit for bit, but for the payload of NaN; 0 and −0 differ. */
export function expectSame(actual: Matrix, expected: Matrix, what: string): void {
  expect([actual.rows, actual.columns], what).toEqual([expected.rows, expected.columns]);
  for (let i = 0; i < expected.data.length; i++) {
    const [is, should] = [at(actual.data, i), at(expected.data, i)];
    if (!Object.is(is, should)) expect.fail(`${what}: element ${i} is ${signed(is)} instead of ${signed(should)}`);
  }
}

function signed(x: number): string {
  return Object.is(x, -0) ? "-0" : String(x);
}

export function expectZeroPadding(sandbox: Sandbox, block: Block, what: string): void {
  if (!sandbox.readPadding(block).every((value) => value === 0)) expect.fail(`${what}: the padding is not zero`);
}
