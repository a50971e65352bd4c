import { isUtf8 } from "node:buffer";
import { closeSync, createReadStream, openSync, readSync, statSync } from "node:fs";
import { setImmediate } from "node:timers/promises";
import { fileReason, UsageError } from "./errors.js";

/** Text that can be gone through more than once. */
export interface TextSource {
  /** How a message calls it. */
  readonly name: string;
  /** The text in pieces, all files one after another. @throws UsageError where they are not text */
  pieces(): Iterable<string>;
}

export const STANDARD_INPUT = "-";

/** Bytes that are read at a time. */
const CHUNK = 1 << 20;

/**
 * Several files as one text, "-" is standard input. A file is read anew each time; what cannot be read twice, a pipe, is
 * kept.
 *
 * @throws UsageError for a file that is missing, unreadable, empty or no UTF-8 text; of a file the last three when its
 * pieces are read
 */
export async function openTexts(files: readonly string[]): Promise<TextSource> {
  const parts: (() => Iterable<string>)[] = [];
  for (const file of files) {
    if (file !== STANDARD_INPUT && isFile(file)) {
      parts.push(() => piecesOf(file));
    } else {
      const kept = await keepPieces(file);
      parts.push(() => kept);
    }
  }
  const [first = ""] = files;
  const others = files.length > 1 ? ` and ${files.length - 1} more` : "";
  return {
    name: nameOf(first) + others,
    *pieces() {
      for (const part of parts) yield* part();
    },
  };
}

/** The same pieces, with a turn of the event loop before each: signals come through. */
export async function* inTurns(pieces: Iterable<string>): AsyncGenerator<string> {
  for (const piece of pieces) {
    await setImmediate();
    yield piece;
  }
}

function nameOf(file: string): string {
  return file === STANDARD_INPUT ? "standard input" : file;
}

function isFile(file: string): boolean {
  return reading(file, () => {
    const stats = statSync(file);
    if (stats.isDirectory()) throw Object.assign(new Error(), { code: "EISDIR" });
    return stats.isFile();
  });
}

function* piecesOf(file: string): Generator<string> {
  const descriptor = reading(file, () => openSync(file, "r"));
  try {
    const decoder = new StrictDecoder(file);
    const buffer = new Uint8Array(CHUNK);
    for (;;) {
      const length = reading(file, () => readSync(descriptor, buffer));
      if (length === 0) break;
      yield decoder.push(buffer.subarray(0, length));
    }
    decoder.end();
  } finally {
    closeSync(descriptor);
  }
}

async function keepPieces(file: string): Promise<string[]> {
  const decoder = new StrictDecoder(nameOf(file));
  const pieces: string[] = [];
  const stream = file === STANDARD_INPUT ? process.stdin : createReadStream(file);
  try {
    for await (const chunk of stream) pieces.push(decoder.push(chunk as Uint8Array));
  } catch (error) {
    throw error instanceof UsageError ? error : unreadable(nameOf(file), error);
  }
  decoder.end();
  return pieces;
}

function reading<T>(file: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw unreadable(file, error);
  }
}

function unreadable(name: string, error: unknown): UsageError {
  return new UsageError(`${name}: ${fileReason(error)}`, { cause: error });
}

/**
 * UTF-8 that comes in chunks, to text. It says which byte is none, which TextDecoder does not; a byte 0 counts as none,
 * since no text has it and most other files do. A byte order mark at the start is left out.
 */
class StrictDecoder {
  readonly #name: string;
  readonly #decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  /** The beginning of a character whose end is in the next chunk. */
  #carry = new Uint8Array(0);
  /** Of the carry's first byte in the file. */
  #offset = 0;
  #isEmpty = true;

  constructor(name: string) {
    this.#name = name;
  }

  /** @throws UsageError */
  push(chunk: Uint8Array): string {
    const bytes = this.#carry.length > 0 ? Buffer.concat([this.#carry, chunk]) : chunk;
    const end = bytes.length - unfinished(bytes);
    const whole = bytes.subarray(0, end);
    if (whole.includes(0) || !isUtf8(whole)) this.#refuse(whole);
    const text = this.#decoder.decode(whole);
    const start = this.#offset === 0 && text.startsWith("\ufeff") ? 1 : 0;
    this.#carry = bytes.slice(end); // a copy: the chunk's buffer is used again
    this.#offset += end;
    if (text.length > start) this.#isEmpty = false;
    return text.slice(start);
  }

  /** @throws UsageError */
  end(): void {
    if (this.#carry.length > 0) this.#refuse(this.#carry);
    if (this.#isEmpty) throw new UsageError(`${this.#name}: expected text, got nothing: it is empty`);
  }

  #refuse(bytes: Uint8Array): never {
    let bad = 0;
    while (bytes[bad] !== 0) {
      const length = characterLength(bytes[bad] as number);
      if (bad + length > bytes.length || !isUtf8(bytes.subarray(bad, bad + length))) break;
      bad += length;
    }
    const byte = (bytes[bad] as number).toString(16).toUpperCase().padStart(2, "0");
    const what = bytes[bad] === 0 ? "a binary file, with the" : "the";
    throw new UsageError(
      `${this.#name}: expected UTF-8 text, got ${what} byte 0x${byte} at offset ${this.#offset + bad}`,
    );
  }
}

/** How many bytes a character has that starts with this one; 1 where none does. */
function characterLength(first: number): number {
  if (first >= 0xf0 && first < 0xf8) return 4;
  if (first >= 0xe0) return first < 0xf0 ? 3 : 1;
  return first >= 0xc0 ? 2 : 1;
}

/** How many bytes at the end begin a character that they do not end. */
function unfinished(bytes: Uint8Array): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back] as number;
    if (byte >= 0xc0) return characterLength(byte) > back ? back : 0;
    if (byte < 0x80) return 0;
  }
  return 0;
}
