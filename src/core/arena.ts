import { type Core, MEMORY_LIMIT, PAGE } from "./core.js";

/** Offsets start on a cache line. */
const ALIGNMENT = 64;
/** Below it lies nothing, so that a null pointer never hits data. */
const START = 1024;

/** Lays blocks one after another; nothing is allocated until the arena reserves up to `end`. */
export class Plan {
  /** Bytes from the start of memory to the end of the last block. */
  end: number;

  constructor(start = START) {
    this.end = start;
  }

  /** The byte offset of a new block of `count` floats or 32-bit integers. */
  take(count: number): number {
    const offset = this.end;
    this.end = Math.ceil((offset + 4 * count) / ALIGNMENT) * ALIGNMENT;
    return offset;
  }
}

/** @throws RangeError where a plan is more than a memory can ever have; `what` needs it */
export function requireAddressable(plan: Plan, what: string): void {
  if (plan.end > MEMORY_LIMIT) {
    throw new RangeError(`${what} needs ${gibibytes(plan.end)} GiB of memory; WebAssembly has 4 GiB at most`);
  }
}

/** The sole owner of views on a core's memory: they are made again after it grew. */
export class Arena {
  readonly #memory: WebAssembly.Memory;
  #floats: Float32Array<ArrayBuffer>;
  #integers: Int32Array<ArrayBuffer>;

  constructor(core: Core) {
    this.#memory = core.memory;
    this.#floats = new Float32Array(core.memory.buffer);
    this.#integers = new Int32Array(core.memory.buffer);
  }

  /** Bytes that the memory has now. It grows, and never shrinks. */
  get byteLength(): number {
    return this.#memory.buffer.byteLength;
  }

  /**
   * Makes all of a plan addressable; what lies there already stays.
   *
   * @param what what needs the memory, for the message
   * @throws RangeError before anything is allocated where it is more than 4 GiB, or when the engine has not so much left
   */
  reserve(plan: Plan, what: string): void {
    if (plan.end <= this.byteLength) return;
    requireAddressable(plan, what);
    try {
      this.#memory.grow(Math.ceil((plan.end - this.byteLength) / PAGE));
    } catch {
      throw new RangeError(`${what} needs ${gibibytes(plan.end)} GiB of memory; this engine could not allocate it`);
    }
    this.refresh();
  }

  /** Makes the views anew if the memory has grown, here or in another thread. */
  refresh(): void {
    const { buffer } = this.#memory;
    if (this.#floats.buffer === buffer) return;
    this.#floats = new Float32Array(buffer);
    this.#integers = new Int32Array(buffer);
  }

  /** A view of `count` floats from a byte offset on, good until the next `reserve`. */
  floats(offset: number, count: number): Float32Array {
    return this.#floats.subarray(offset / 4, offset / 4 + count);
  }

  /** A view of `count` doubles from a byte offset on, good until the next `reserve`. */
  doubles(offset: number, count: number): Float64Array {
    return new Float64Array(this.#memory.buffer, offset, count);
  }

  /** A view of `count` 32-bit integers from a byte offset on, good until the next `reserve`. */
  integers(offset: number, count: number): Int32Array {
    return this.#integers.subarray(offset / 4, offset / 4 + count);
  }
}

/** Rounded up to hundredths, so that what is too much never reads "4.00". */
function gibibytes(bytes: number): string {
  return (Math.ceil((bytes / 2 ** 30) * 100) / 100).toFixed(2);
}
