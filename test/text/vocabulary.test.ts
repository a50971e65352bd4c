import { describe, expect, it } from "vitest";
import { UnknownSymbolError } from "../../src/errors.js";
import { Vocabulary } from "../../src/text/vocabulary.js";
import { generator } from "../reference/random.js";
import { sentence } from "./sentence.js";

const bytes = Array.from({ length: 256 }, (_, byte) => String.fromCharCode(byte));

describe("Vocabulary.fromText", () => {
  it("sorts the symbols: the lab's sentence", () => {
    const vocabulary = Vocabulary.fromText(sentence);
    expect(vocabulary.symbols.join("")).toBe(" ',.abcdefghiklmnoprstuwy");
    expect(vocabulary.size).toBe(25);
    expect([...vocabulary.encode("if you")]).toEqual([12, 9, 0, 24, 17, 22]);
  });

  it("sorts by code point, not by UTF-16", () => {
    const sorted = ["a", "\ud800", "\ue000", "\uffff", "\u{10000}", "\u{10ffff}"];
    expect(Vocabulary.fromText([...sorted].reverse().join("|")).symbols).toEqual(["a", "|", ...sorted.slice(1)]);
    const graphemes = ["e", "e\u0301", "e\u0301\ufe0f", "e\ufe0f", "e\u{e0100}", "f"];
    const text = [...graphemes].reverse().join("");
    expect(Vocabulary.fromText(text, { unit: "grapheme" }).symbols).toEqual(graphemes);
  });

  it("gives the same indices whatever the order of the text", () => {
    const random = generator(4);
    const symbols = Array.from("hello, wörld 😀\ufeff");
    const expected = Vocabulary.fromText(symbols).symbols;
    for (let trial = 0; trial < 20; trial++) {
      const shuffled = symbols.map((symbol) => ({ symbol, key: random() })).sort((a, b) => a.key - b.key);
      expect(Vocabulary.fromText(shuffled.map(({ symbol }) => symbol)).symbols).toEqual(expected);
    }
  });

  it("takes any iterable of pieces", () => {
    const pieces = function* () {
      yield "ba\ud83d";
      yield "";
      yield "\ude00";
    };
    expect(Vocabulary.fromText(pieces()).symbols).toEqual(["a", "b", "😀"]);
  });

  it("freezes its symbols", () => {
    expect(Object.isFrozen(Vocabulary.fromText("ab").symbols)).toBe(true);
  });

  it.each([
    ["", undefined, RangeError, '"text": expected at least one symbol, got ""'],
    [[], undefined, RangeError, '"text": expected at least one symbol, got ""'],
    [["", ""], { unknown: "?" }, RangeError, '"text": expected at least one symbol, got ""'],
    [5, undefined, TypeError, '"text": expected a string or an iterable of strings, got 5'],
    [null, undefined, TypeError, '"text": expected a string or an iterable of strings, got null'],
    [{}, undefined, TypeError, '"text": expected a string or an iterable of strings, got an object'],
    [["a", 5], undefined, TypeError, '"text[1]": expected a string, got 5'],
    ["a", 5, TypeError, '"options": expected an object, got 5'],
    ["a", { units: "byte" }, TypeError, 'options: unknown option "units", expected "unit", "minCount" or "unknown"'],
    ["a", { unit: "word" }, RangeError, '"unit": expected "codePoint", "grapheme" or "byte", got "word"'],
    ["a", { unit: 1 }, TypeError, '"unit": expected "codePoint", "grapheme" or "byte", got 1'],
    ["a", { minCount: 0 }, RangeError, '"minCount": expected an integer ≥ 1, got 0'],
    ["a", { minCount: "1" }, TypeError, '"minCount": expected an integer ≥ 1, got "1"'],
    ["aab", { minCount: 3 }, RangeError, '"minCount": expected at most 2, the count of the commonest symbol, got 3'],
    ["a", { unknown: "" }, RangeError, '"unknown": expected a string of at least one character, got ""'],
    ["a", { unknown: 0 }, TypeError, '"unknown": expected a string of at least one character, got 0'],
  ])("refuses %o with %o", (text, options, type, message) => {
    expect(() => Vocabulary.fromText(text as never, options as never)).toThrow(new type(message));
  });
});

describe("Vocabulary.fromSymbols", () => {
  it("keeps the order", () => {
    const vocabulary = Vocabulary.fromSymbols(["b", "😀", "a"]);
    expect(vocabulary.symbols).toEqual(["b", "😀", "a"]);
    expect([...vocabulary.encode("a😀b")]).toEqual([2, 1, 0]);
    expect(Vocabulary.fromSymbols(["\r\n", "e\u0301"], { unit: "grapheme" }).size).toBe(2);
  });

  it("takes all bytes, and with them any text", () => {
    const vocabulary = Vocabulary.fromSymbols(bytes, { unit: "byte" });
    const text = "any text: 배 👩‍👩‍👧‍👦 \ufeff\r\n";
    expect([...vocabulary.encode(text)]).toEqual([...new TextEncoder().encode(text)]);
    expect(vocabulary.decode(vocabulary.encode(text))).toBe(text);
  });

  it("copies the symbols", () => {
    const symbols = ["a", "b"];
    const vocabulary = Vocabulary.fromSymbols(symbols);
    symbols[0] = "z";
    expect(vocabulary.symbols).toEqual(["a", "b"]);
  });

  it.each([
    [[], undefined, RangeError, '"symbols": expected at least one symbol, got []'],
    [[], { unknown: "?" }, RangeError, '"symbols": expected at least one symbol, got []'],
    ["ab", undefined, TypeError, '"symbols": expected an array of strings, got "ab"'],
    [["a", 1], undefined, TypeError, '"symbols[1]": expected one code point, got 1'],
    [new Array(1), undefined, TypeError, '"symbols[0]": expected one code point, got undefined'],
    [["a", ""], undefined, RangeError, '"symbols[1]": expected one code point, got ""'],
    [["a", "bc"], undefined, RangeError, '"symbols[1]": expected one code point, got "bc"'],
    [["a", "\ude00\ud83d"], undefined, RangeError, '"symbols[1]": expected one code point, got "\\ude00\\ud83d"'],
    [["a", "e\u0301"], undefined, RangeError, '"symbols[1]": expected one code point, got "e\u0301"'],
    [["e\u0301", "ab"], { unit: "grapheme" }, RangeError, '"symbols[1]": expected one grapheme, got "ab"'],
    [[""], { unit: "grapheme" }, RangeError, '"symbols[0]": expected one grapheme, got ""'],
    [["\xff", "Ā"], { unit: "byte" }, RangeError, '"symbols[1]": expected one byte, "\\x00" to "\\xff", got "Ā"'],
    [["ab"], { unit: "byte" }, RangeError, '"symbols[0]": expected one byte, "\\x00" to "\\xff", got "ab"'],
    [["a", "b", "a"], undefined, RangeError, '"symbols[2]": expected a symbol other than those before it, got "a"'],
    [["?", "?"], { unknown: "?" }, RangeError, '"symbols[1]": expected a symbol other than those before it, got "?"'],
    [["a"], { sorted: true }, TypeError, 'options: unknown option "sorted", expected "unit", "minCount" or "unknown"'],
  ])("refuses %o with %o", (symbols, options, type, message) => {
    expect(() => Vocabulary.fromSymbols(symbols as never, options as never)).toThrow(new type(message));
  });
});

describe("encode and decode", () => {
  const vocabulary = Vocabulary.fromText("abc😀");

  it("names an unknown symbol and its offset in UTF-16", () => {
    const failure = (text: string) => {
      try {
        vocabulary.encode(text);
      } catch (error) {
        return error;
      }
    };
    expect(failure("a😀x")).toBeInstanceOf(UnknownSymbolError);
    expect(failure("a😀x")).toMatchObject({
      name: "UnknownSymbolError",
      code: "ERR_UNKNOWN_SYMBOL",
      symbol: "x",
      offset: 3,
      message: '"x" at offset 3 is not in the vocabulary',
    });
    expect(failure("ab🙂")).toMatchObject({ symbol: "🙂", offset: 2 });
    expect(failure("\ud83d")).toMatchObject({ symbol: "\ud83d", offset: 0 });
    expect(failure("\ude00")).toMatchObject({ symbol: "\ude00", offset: 0 });
    // Above the last code point of the table, and in its gaps.
    expect(failure("d")).toMatchObject({ symbol: "d", offset: 0 });
    expect(failure("B")).toMatchObject({ symbol: "B", offset: 0 });
  });

  it("names the byte and where its character starts, and the grapheme", () => {
    const ascii = Vocabulary.fromText("ab", { unit: "byte" });
    expect(() => ascii.encode("ab😀")).toThrow(new UnknownSymbolError("\xf0", 2));
    const plain = Vocabulary.fromText("ab", { unit: "grapheme" });
    expect(() => plain.encode("aba\u0301")).toThrow(new UnknownSymbolError("a\u0301", 2));
  });

  it("has nothing to say of nothing", () => {
    expect(vocabulary.encode("")).toEqual(new Int32Array(0));
    expect(vocabulary.decode([])).toBe("");
  });

  it("decodes any array of indices, also longer than one block", () => {
    expect(vocabulary.decode([3, 0])).toBe("😀a");
    expect(vocabulary.decode(Uint8Array.of(1, 2))).toBe("bc");
    const text = "ab😀c".repeat(5000);
    expect(vocabulary.decode(vocabulary.encode(text))).toBe(text);
  });

  it.each([
    [[0, 4], RangeError, '"indices[1]": expected an integer from 0 to 3, got 4'],
    [[0, 1, -1, 9], RangeError, '"indices[2]": expected an integer from 0 to 3, got -1'],
    [[0.5], RangeError, '"indices[0]": expected an integer from 0 to 3, got 0.5'],
    [Float32Array.of(NaN), RangeError, '"indices[0]": expected an integer from 0 to 3, got NaN'],
    [[...new Int32Array(5000), 7], RangeError, '"indices[5000]": expected an integer from 0 to 3, got 7'],
    [["0"], TypeError, '"indices[0]": expected an integer from 0 to 3, got "0"'],
    [[0n], TypeError, '"indices[0]": expected an integer from 0 to 3, got 0n'],
    [new Array(1), TypeError, '"indices[0]": expected an integer from 0 to 3, got undefined'],
    ["01", TypeError, '"indices": expected an array of indices, got "01"'],
    [1, TypeError, '"indices": expected an array of indices, got 1'],
    [null, TypeError, '"indices": expected an array of indices, got null'],
    [{ length: 0.5 }, TypeError, '"indices": expected an array of indices, got an object'],
  ])("decode refuses %o", (indices, type, message) => {
    expect(() => vocabulary.decode(indices as never)).toThrow(new type(message));
  });

  it("refuses anything but a string", () => {
    expect(() => vocabulary.encode(["a"] as never)).toThrow(new TypeError('"text": expected a string, got an Array'));
  });
});

describe("unknown and minCount", () => {
  it("stands last when the text lacks it, in its place when it has it", () => {
    const last = Vocabulary.fromText("ab~", { unknown: "?" });
    expect(last.symbols).toEqual(["a", "b", "~", "?"]);
    expect([...last.encode("xa?")]).toEqual([3, 0, 3]);
    expect(last.decode(last.encode("xay"))).toBe("?a?");
    const sorted = Vocabulary.fromText("a?b", { unknown: "?" });
    expect(sorted.symbols).toEqual(["?", "a", "b"]);
    expect([...sorted.encode("xa?")]).toEqual([0, 1, 0]);
  });

  it("may be longer than a symbol, and then the text never has it", () => {
    for (const unit of ["codePoint", "grapheme"] as const) {
      const vocabulary = Vocabulary.fromText("<unk>", { unit, unknown: "<unk>" });
      expect(vocabulary.symbols).toEqual(["<", ">", "k", "n", "u", "<unk>"]);
      expect([...vocabulary.encode("<unk>é")]).toEqual([0, 4, 3, 2, 1, 5]);
      expect(vocabulary.decode([5, 2, 5])).toBe("<unk>k<unk>");
    }
  });

  it("of bytes is a byte, or a text between the bytes", () => {
    const byte = Vocabulary.fromText("aé", { unit: "byte", unknown: "\xa9" });
    expect(byte.symbols).toEqual(["a", "\xa9", "\xc3"]);
    expect(byte.decode([2, 1])).toBe("é");
    const replacement = Vocabulary.fromText("aé", { unit: "byte", unknown: "\ufffd" });
    expect(replacement.symbols).toEqual(["a", "\xa9", "\xc3", "\ufffd"]);
    expect([...replacement.encode("ab한")]).toEqual([0, 3, 3, 3, 3]);
    expect(replacement.decode([2, 3, 0, 3])).toBe("\ufffd\ufffda\ufffd");
    expect(Vocabulary.fromText("a", { unit: "byte", unknown: "<한>" }).decode([1, 0])).toBe("<한>a");
    expect(() => Vocabulary.fromText("a", { unit: "byte", unknown: "<\ud83d" })).toThrow(RangeError);
  });

  it("leaves rare symbols to unknown", () => {
    const vocabulary = Vocabulary.fromText("aabbcd😀😀", { minCount: 2, unknown: "c" });
    expect(vocabulary.symbols).toEqual(["a", "b", "c", "😀"]);
    expect(vocabulary.decode(vocabulary.encode("abcd😀"))).toBe("abcc😀");
  });

  it("throws at rare symbols without unknown", () => {
    const vocabulary = Vocabulary.fromText("aabbc", { minCount: 2 });
    expect(vocabulary.symbols).toEqual(["a", "b"]);
    expect(() => vocabulary.encode("aabbc")).toThrow(new UnknownSymbolError("c", 4));
  });

  it("counts over all pieces", () => {
    expect(Vocabulary.fromText(["a", "b", "a"], { minCount: 2 }).symbols).toEqual(["a"]);
  });

  it("is added to given symbols", () => {
    expect(Vocabulary.fromSymbols(["b", "a"], { unknown: "<unk>" }).symbols).toEqual(["b", "a", "<unk>"]);
    expect(Vocabulary.fromSymbols(["b", "<unk>", "a"], { unknown: "<unk>" }).encode("ax")).toEqual(Int32Array.of(2, 1));
  });
});

describe("encoder", () => {
  const vocabulary = Vocabulary.fromText("ab😀");

  it("carries a split symbol", () => {
    const encoder = vocabulary.encoder();
    expect([...encoder.push("a\ud83d")]).toEqual([0]);
    expect([...encoder.push("")]).toEqual([]);
    expect([...encoder.push("\ude00b")]).toEqual([2, 1]);
    expect([...encoder.end()]).toEqual([]);
  });

  it("holds a grapheme back until it cannot grow", () => {
    const encoder = Vocabulary.fromText("e e\u0301", { unit: "grapheme" }).encoder();
    expect([...encoder.push("e")]).toEqual([]);
    expect([...encoder.push("\u0301")]).toEqual([]);
    expect([...encoder.push(" ")]).toEqual([2]);
    expect([...encoder.end()]).toEqual([0]);
  });

  it("counts offsets over the whole stream and goes on after an error", () => {
    const encoder = vocabulary.encoder();
    encoder.push("ab😀");
    encoder.push("a\ud83d");
    expect(() => encoder.push("\ude00ax")).toThrow(new UnknownSymbolError("x", 8));
    expect([...encoder.push("ba")]).toEqual([1, 0]);
    expect([...encoder.push("\ud83d")]).toEqual([]);
    expect(() => encoder.end()).toThrow(new UnknownSymbolError("\ud83d", 11));
  });

  it("starts a new text after the end", () => {
    const encoder = vocabulary.encoder();
    encoder.push("abab");
    encoder.end();
    expect(() => encoder.push("ax")).toThrow(new UnknownSymbolError("x", 1));
  });

  it("is independent of other encoders", () => {
    const [first, second] = [vocabulary.encoder(), vocabulary.encoder()];
    first.push("\ud83d");
    expect([...second.push("a")]).toEqual([0]);
    expect([...first.push("\ude00")]).toEqual([2]);
  });

  it("refuses anything but a string", () => {
    const message = '"piece": expected a string, got undefined';
    expect(() => vocabulary.encoder().push(undefined as never)).toThrow(new TypeError(message));
  });
});

describe("extend", () => {
  it("keeps the old indices and appends the new symbols in order", () => {
    const old = Vocabulary.fromSymbols(["z", "a"]);
    const grown = old.extend("b😀\uffffza");
    expect(grown.symbols).toEqual(["z", "a", "b", "\uffff", "😀"]);
    expect([...grown.encode("😀az")]).toEqual([4, 1, 0]);
    expect(old.symbols).toEqual(["z", "a"]);
  });

  it("keeps unit and unknown", () => {
    const grown = Vocabulary.fromText("ab", { unit: "grapheme", unknown: "?" }).extend("e\u0301?\r\n");
    expect(grown.symbols).toEqual(["a", "b", "?", "\r\n", "e\u0301"]);
    expect([...grown.encode("xa")]).toEqual([2, 0]);
    expect(grown.toJSON()).toEqual({ unit: "grapheme", symbols: [...grown.symbols], unknown: "?" });
    expect(Vocabulary.fromText("a", { unit: "byte" }).extend("é").symbols).toEqual(["a", "\xa9", "\xc3"]);
  });

  it("has nothing to add for a text that it knows, or pieces of one", () => {
    const vocabulary = Vocabulary.fromText("ab😀");
    expect(vocabulary.extend("").toJSON()).toEqual(vocabulary.toJSON());
    expect(vocabulary.extend(["a\ud83d", "\ude00"]).toJSON()).toEqual(vocabulary.toJSON());
  });

  it("refuses anything but text", () => {
    const message = '"text": expected a string or an iterable of strings, got undefined';
    expect(() => Vocabulary.fromText("a").extend(undefined as never)).toThrow(new TypeError(message));
  });
});

describe("JSON", () => {
  it.each([
    Vocabulary.fromText("b\ud83da😀\0"),
    Vocabulary.fromSymbols(["b", "<unk>", "a"], { unknown: "<unk>" }),
    Vocabulary.fromText("e\u0301\r\n", { unit: "grapheme" }),
    Vocabulary.fromSymbols(bytes, { unit: "byte", unknown: "\ufffd" }),
  ])("there and back: %o", (vocabulary) => {
    const copy = Vocabulary.fromJSON(JSON.parse(JSON.stringify(vocabulary)));
    expect(copy.symbols).toEqual(vocabulary.symbols);
    expect(copy.unit).toBe(vocabulary.unit);
    expect(copy.unknown).toBe(vocabulary.unknown);
  });

  it("has no key for an unknown that is not set", () => {
    expect(JSON.stringify(Vocabulary.fromText("ba"))).toBe('{"unit":"codePoint","symbols":["a","b"]}');
  });

  it.each([
    [null, TypeError, '"vocabulary": expected an object, got null'],
    ["{}", TypeError, '"vocabulary": expected an object, got "{}"'],
    [[], TypeError, '"vocabulary": expected an object, got an Array'],
    [undefined, TypeError, '"unit": expected "codePoint", "grapheme" or "byte", got undefined'],
    [{ symbols: ["a"] }, TypeError, '"unit": expected "codePoint", "grapheme" or "byte", got undefined'],
    [{ unit: "line", symbols: ["a"] }, RangeError, '"unit": expected "codePoint", "grapheme" or "byte", got "line"'],
    [{ unit: "byte" }, TypeError, '"symbols": expected an array of strings, got undefined'],
    [{ unit: "byte", symbols: "ab" }, TypeError, '"symbols": expected an array of strings, got "ab"'],
    [{ unit: "byte", symbols: [] }, RangeError, '"symbols": expected at least one symbol, got []'],
    [{ unit: "codePoint", symbols: ["a", 1] }, TypeError, '"symbols[1]": expected one code point, got 1'],
    [{ unit: "codePoint", symbols: ["ab"] }, RangeError, '"symbols[0]": expected one code point, got "ab"'],
    [
      { unit: "codePoint", symbols: ["a", "a"] },
      RangeError,
      '"symbols[1]": expected a symbol other than those before it, got "a"',
    ],
    [
      { unit: "codePoint", symbols: ["a"], unknown: "?" },
      RangeError,
      '"unknown": expected one of the symbols, got "?"',
    ],
    [
      { unit: "codePoint", symbols: ["a"], unknown: null },
      TypeError,
      '"unknown": expected a string of at least one character, got null',
    ],
    [
      { unit: "codePoint", symbols: ["a"], minCount: 1 },
      TypeError,
      'vocabulary: unknown option "minCount", expected "unit", "symbols" or "unknown"',
    ],
  ])("fromJSON refuses %o", (value, type, message) => {
    expect(() => Vocabulary.fromJSON(value)).toThrow(new type(message));
  });
});
