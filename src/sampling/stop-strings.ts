import type { Spelling, TextDecoding } from "./spelling.js";

/** Finds the strings that end a text, in a text that grows. */
export class StopStrings {
  readonly #stops: readonly string[];
  /** Of the longest one. */
  readonly longest: number;

  /** The strings are not empty. */
  constructor(stops: readonly string[]) {
    this.#stops = stops;
    this.longest = stops.reduce((longest, { length }) => Math.max(longest, length), 0);
  }

  /** Where the first one of them starts in a text, or −1. */
  find(text: string): number {
    let first = -1;
    for (const stop of this.#stops) {
      const at = text.indexOf(stop);
      if (at >= 0 && (first < 0 || at < first)) first = at;
    }
    return first;
  }

  /** From where on the end of a text without any of them may turn out to be the beginning of one. */
  settled(text: string): number {
    for (let start = Math.max(0, text.length - this.longest + 1); start < text.length; start++) {
      const end = text.slice(start);
      if (this.#stops.some((stop) => stop.startsWith(end))) return start;
    }
    return text.length;
  }
}

/** A text that is written symbol by symbol: what may become a stop string is held back until it is clear. */
export class TextOutput {
  readonly #spelling: Spelling;
  readonly #stops: StopStrings;
  readonly #decoding: TextDecoding;
  /** Spelled, shorter than the longest stop string. */
  #held = "";
  /** Whether a stop string came: nothing follows but `end`. */
  stopped = false;

  constructor(spelling: Spelling, stops: StopStrings) {
    this.#spelling = spelling;
    this.#stops = stops;
    this.#decoding = spelling.decoder();
  }

  /** The text that is clear now, often that of this symbol. */
  push(index: number): string {
    const spelled = this.#spelling.spell(index);
    if (this.#stops.longest === 0) return this.#decoding.push(spelled);
    const text = this.#held + spelled;
    const stop = this.#stops.find(text);
    this.stopped = stop >= 0;
    const clear = this.stopped ? stop : this.#stops.settled(text);
    this.#held = this.stopped ? "" : text.slice(clear);
    return this.#decoding.push(text.slice(0, clear));
  }

  /** The rest. */
  end(): string {
    return this.#decoding.push(this.#held) + this.#decoding.end();
  }
}
