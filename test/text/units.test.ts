import { afterEach, describe, expect, it, vi } from "vitest";
import type { Unit } from "../../src/text/symbols.js";
import { Vocabulary } from "../../src/text/vocabulary.js";
import { generator } from "../reference/random.js";
import { sentence } from "./sentence.js";

const texts: Record<string, string> = {
  sentence,
  korean: "배를 만들고 싶다면 한국어 각",
  emoji: "👩‍👩‍👧‍👦👍🏽🇰🇷🇩🇪🇰 a❤️‍🔥z🏴󠁧󠁢󠁳󠁣󠁴󠁿",
  combining: "e\u0301\u0323 n\u0303o a\u{1d165}\u{e0100}b किन्तु",
  bom: "\ufeffbom and \ufeff again",
  newlines: "a\r\nb\nc\rd\r\n\r\n\r\r\n",
  nul: "\0\x7f\x80\xff",
  astral: "\u{10000}\u{10ffff}\ue000\uffff𝒳",
  spread: "a\u0301".repeat(400) + "plain ascii\r\n".repeat(100),
  flags: `a${"🇰🇷🇩🇪".repeat(150)}`,
  oneLongGrapheme: `x${"\u0301".repeat(1500)}y`,
};
const surrogates = "\ud83d \ude00\ud83d\ud83d\ude00\ude00e\ud83d";

const segments = (text: string) =>
  Array.from(new Intl.Segmenter("und", { granularity: "grapheme" }).segment(text), ({ segment }) => segment);
/** Each unit as the platform cuts it. */
const oracle: Record<Unit, (text: string) => string[]> = {
  codePoint: (text) => Array.from(text),
  grapheme: segments,
  byte: (text) => Array.from(new TextEncoder().encode(text), (byte) => String.fromCharCode(byte)),
};
const units = Object.keys(oracle) as Unit[];
const allTexts = (unit: Unit) => Object.entries(unit === "byte" ? texts : { ...texts, surrogates });

afterEach(() => {
  vi.unstubAllGlobals();
});

describe.each(units)("unit %s", (unit) => {
  it.each(allTexts(unit))("cuts the text %s as the platform does", (_, text) => {
    const vocabulary = Vocabulary.fromText(text, { unit });
    const symbols = oracle[unit](text);
    expect(new Set(vocabulary.symbols)).toEqual(new Set(symbols));
    expect(vocabulary.size).toBe(new Set(symbols).size);
    expect(Array.from(vocabulary.encode(text), (index) => vocabulary.symbols[index])).toEqual(symbols);
  });

  it.each(allTexts(unit))("decodes what it encodes: %s", (_, text) => {
    const vocabulary = Vocabulary.fromText(text, { unit });
    expect(vocabulary.decode(vocabulary.encode(text))).toBe(text);
  });

  it.each(allTexts(unit))("pieces make the same as the whole, wherever it is split: %s", (_, text) => {
    const whole = Vocabulary.fromText(text, { unit });
    const indices = whole.encode(text);
    const encoder = whole.encoder();
    const step = text.length > 300 ? 41 : 1;
    for (let split = 0; split <= text.length; split += step) {
      const pieces = [text.slice(0, split), text.slice(split)] as const;
      expect(Vocabulary.fromText(pieces, { unit }).symbols).toEqual(whole.symbols);
      const encoded = [encoder.push(pieces[0]), encoder.push(pieces[1]), encoder.end()];
      expect(encoded.flatMap((part) => [...part])).toEqual([...indices]);
    }
  });

  it("random texts in random pieces make the same as the whole", () => {
    const random = generator(3);
    const below = (n: number) => Math.floor(random() * n);
    const alphabet = Array.from(`ab \r\n\ufeffé한각ᄒ${texts.emoji}${texts.combining}`);
    const codeUnits = unit === "byte" ? alphabet : [...alphabet, "\ud83d", "\ude00", "\udc00"];
    for (let trial = 0; trial < 300; trial++) {
      const text = Array.from({ length: 1 + below(40) }, () => codeUnits[below(codeUnits.length)]).join("");
      const pieces: string[] = [];
      for (let at = 0; at < text.length; ) {
        const length = below(4);
        pieces.push(text.slice(at, at + length));
        at += length;
      }
      const vocabulary = Vocabulary.fromText(text, { unit });
      expect(Vocabulary.fromText(pieces, { unit }).symbols).toEqual(vocabulary.symbols);
      const encoder = vocabulary.encoder();
      const encoded = [...pieces.map((piece) => encoder.push(piece)), encoder.end()].flatMap((part) => [...part]);
      expect(encoded.map((index) => vocabulary.symbols[index])).toEqual(oracle[unit](text));
      expect([...vocabulary.encode(text)]).toEqual(encoded);
      expect(vocabulary.decode(encoded)).toBe(text);
    }
  });
});

describe("code points", () => {
  it("keep half a surrogate pair as a symbol", () => {
    const vocabulary = Vocabulary.fromText(surrogates);
    expect(vocabulary.symbols).toEqual([" ", "e", "\ud83d", "\ude00", "😀"]);
    expect([...vocabulary.encode(surrogates)]).toEqual([2, 0, 3, 2, 4, 3, 1, 2]);
  });

  it("make of BOM and CRLF ordinary symbols", () => {
    expect(Vocabulary.fromText("\ufeff\r\n").symbols).toEqual(["\n", "\r", "\ufeff"]);
  });
});

describe("graphemes", () => {
  it("are what a reader sees", () => {
    const text = "👩‍👩‍👧‍👦e\u0301\r\n🇰🇷각";
    expect(Vocabulary.fromText(text, { unit: "grapheme" }).symbols).toEqual([
      "\r\n",
      "e\u0301",
      "각",
      "🇰🇷",
      "👩‍👩‍👧‍👦",
    ]);
  });

  it("say when the engine cannot cut them", () => {
    vi.stubGlobal("Intl", {});
    const message = '"unit": expected "codePoint" or "byte" in an engine without Intl.Segmenter, got "grapheme"';
    expect(() => Vocabulary.fromText("a", { unit: "grapheme" })).toThrow(new RangeError(message));
    vi.stubGlobal("Intl", undefined);
    expect(() => Vocabulary.fromSymbols(["a"], { unit: "grapheme" })).toThrow(new RangeError(message));
    expect(Vocabulary.fromText("a").size).toBe(1);
  });
});

describe("bytes", () => {
  it("are UTF-8", () => {
    const vocabulary = Vocabulary.fromText("é😀", { unit: "byte" });
    expect(vocabulary.symbols).toEqual(["\x80", "\x98", "\x9f", "\xa9", "\xc3", "\xf0"]);
    expect([...vocabulary.encode("é😀")]).toEqual([4, 3, 5, 2, 1, 0]);
  });

  it("become U+FFFD where they are not UTF-8", () => {
    const vocabulary = Vocabulary.fromText("aé😀", { unit: "byte" });
    const index = (symbol: string) => vocabulary.symbols.indexOf(symbol);
    expect(vocabulary.decode([index("\xc3"), index("a"), index("\xa9"), index("\xf0")])).toBe("\ufffda\ufffd\ufffd");
  });

  it.each([
    ["ab\ud83dc", "\\ud83d", 2],
    ["\ude00", "\\ude00", 0],
    ["é😀\ud83d", "\\ud83d", 3],
  ])("cannot say half a surrogate pair: %o", (text, half, offset) => {
    const message = `unit "byte": expected text that UTF-8 can say, got half a pair "${half}" at offset ${offset}`;
    expect(() => Vocabulary.fromText(text, { unit: "byte" })).toThrow(new RangeError(message));
    expect(() => Vocabulary.fromText([...text], { unit: "byte" })).toThrow(new RangeError(message));
    expect(() => Vocabulary.fromText("a", { unit: "byte", unknown: "?" }).encode(text)).toThrow(
      new RangeError(message),
    );
  });
});
