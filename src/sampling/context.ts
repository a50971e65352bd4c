import type { Spelling } from "./spelling.js";

/** So many symbols back a draw can look. */
export const CONTEXT = 4096;

/** The last symbols of a text: what a repetition penalty and a constraint look back on. */
export class Context {
  readonly #spelling: Spelling;
  /** A ring. Beyond the CONTEXT it has room for what comes back into sight when symbols are taken off again. */
  readonly #ring: Int32Array;
  #end = 0;
  /** How many symbols were pushed and not taken off again. */
  #stored = 0;
  #text: string | undefined;
  /** How many symbols the whole text has, for messages. */
  count = 0;

  /** removable: how many symbols can be taken off in a row. */
  constructor(spelling: Spelling, removable = 0) {
    this.#spelling = spelling;
    this.#ring = new Int32Array(CONTEXT + removable);
  }

  /** How many symbols are in sight, at most CONTEXT. */
  get length(): number {
    return Math.min(this.#stored, CONTEXT);
  }

  /** The index of the symbol that stands `back` symbols before the end, 1 for the last. */
  at(back: number): number {
    const { length } = this.#ring;
    return this.#ring[(this.#end - back + length) % length] as number;
  }

  push(index: number): void {
    const { length } = this.#ring;
    this.#ring[this.#end] = index;
    this.#end = (this.#end + 1) % length;
    this.#stored++;
    this.count++;
    this.#text = undefined;
  }

  /** Takes the last symbol off. */
  pop(): void {
    const { length } = this.#ring;
    this.#end = (this.#end - 1 + length) % length;
    this.#stored--;
    this.count--;
    this.#text = undefined;
  }

  /** The indices in sight, oldest first. */
  indices(): Int32Array {
    const { length } = this;
    return Int32Array.from({ length }, (_, i) => this.at(length - i));
  }

  /** The text in sight; of bytes, what makes whole characters. */
  get text(): string {
    if (this.#text === undefined) {
      const spelled: string[] = [];
      for (let back = this.length; back > 0; back--) spelled.push(this.#spelling.spell(this.at(back)));
      this.#text = this.#spelling.decoder().push(spelled.join(""));
    }
    return this.#text;
  }

  /** The same symbols, in a context of its own. */
  copy(): Context {
    const copy = new Context(this.#spelling, this.#ring.length - CONTEXT);
    copy.#ring.set(this.#ring);
    copy.#end = this.#end;
    copy.#stored = this.#stored;
    copy.count = this.count;
    return copy;
  }
}
