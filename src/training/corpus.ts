import type { Vocabulary } from "../text/vocabulary.js";

/** A text as indices, in as few bytes a symbol as its vocabulary allows. */
export type Corpus = Uint8Array | Uint16Array | Int32Array;

/** Characters of a string that are encoded at a time: the wider indices of one piece are all that exists of them. */
const PIECE = 1 << 20;

/**
 * The indices of a text that is given at once or in pieces; 1, 2 or 4 bytes a symbol for up to 256, 65,536 or more
 * symbols. What has come so far, where the signal aborts.
 *
 * @throws UnknownSymbolError
 */
export async function encodeCorpus(
  vocabulary: Vocabulary,
  text: string | AsyncIterable<string>,
  signal?: AbortSignal,
): Promise<Corpus> {
  const encoder = vocabulary.encoder();
  const indices = new GrowingIndices(vocabulary.size);
  if (typeof text === "string") {
    for (let start = 0; start < text.length; start += PIECE)
      indices.append(encoder.push(text.slice(start, start + PIECE)));
  } else {
    for await (const piece of text) {
      if (signal?.aborted) break;
      indices.append(encoder.push(piece));
    }
  }
  indices.append(encoder.end());
  return indices.finish();
}

/** An array that doubles when it is full. */
class GrowingIndices {
  #indices: Corpus;
  #length = 0;

  constructor(classes: number) {
    const Indices = classes <= 1 << 8 ? Uint8Array : classes <= 1 << 16 ? Uint16Array : Int32Array;
    this.#indices = new Indices(1024);
  }

  append(indices: Int32Array): void {
    const needed = this.#length + indices.length;
    if (needed > this.#indices.length) {
      const Indices = this.#indices.constructor as new (length: number) => Corpus;
      const grown = new Indices(Math.max(needed, 2 * this.#indices.length));
      grown.set(this.#indices.subarray(0, this.#length));
      this.#indices = grown;
    }
    this.#indices.set(indices, this.#length);
    this.#length = needed;
  }

  /** What was appended, without a copy. */
  finish(): Corpus {
    return this.#indices.subarray(0, this.#length);
  }
}
