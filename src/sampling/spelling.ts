import { rulesOf, symbolOf, type UnitRules } from "../text/symbols.js";
import type { Vocabulary } from "../text/vocabulary.js";

/** Turns a spelled text that comes in pieces into text: of bytes, a character once it is whole. */
export interface TextDecoding {
  push(spelled: string): string;
  /** What is left; bytes that make no character are U+FFFD, as Vocabulary.decode has it. */
  end(): string;
}

/**
 * What the symbols of a vocabulary add to a spelled text: themselves, or with the unit "byte" one character "\x00" …
 * "\xff" a byte. UTF-8 synchronises itself, so that strings can be looked for in what is spelled.
 */
export class Spelling {
  readonly #rules: UnitRules;
  readonly #spellings: readonly string[];
  readonly #isBytes: boolean;

  constructor({ unit, symbols }: Vocabulary) {
    this.#rules = rulesOf(unit);
    this.#spellings = symbols.map(this.#rules.spell);
    this.#isBytes = unit === "byte";
  }

  spell(index: number): string {
    return this.#spellings[index] as string;
  }

  /** @throws RangeError for half a surrogate pair with the unit "byte" */
  spellText(text: string): string {
    let spelled = "";
    this.#rules.cut(text, 0, (key) => {
      spelled += symbolOf(key);
    });
    return spelled;
  }

  textOf(spelled: string): string {
    return this.#rules.textOf(spelled);
  }

  decoder(): TextDecoding {
    if (!this.#isBytes) return { push: (spelled) => spelled, end: () => "" };
    const decoder = new TextDecoder("utf-8", { ignoreBOM: true }); // which keeps U+FEFF, an ordinary symbol
    return {
      push: (spelled) => {
        const bytes = Uint8Array.from({ length: spelled.length }, (_, i) => spelled.charCodeAt(i));
        return decoder.decode(bytes, { stream: true });
      },
      end: () => decoder.decode(),
    };
  }
}
