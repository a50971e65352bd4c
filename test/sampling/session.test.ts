import { describe, expect, test } from "vitest";
import { type CharRNN, CheckpointError, Session, UnknownSymbolError } from "../../src/index.js";
import { expectError } from "../api/expect-error.js";
import { lively } from "./lively.js";

/*
 * However a session came to a text, by feeding, drawing, undoing, forking or from a file: what comes next has the bits of
 * a fresh session that read it.
 */

const model = await lively();

function fed(text: string, writer: CharRNN = model): Session {
  const session = writer.session();
  session.feed(text);
  return session;
}

describe.each(["rnn", "gru", "lstm"] as const)("%s", (cell) => {
  test("equals a fresh session, bit for bit", async () => {
    const writer = await lively({ cell });
    const text = "abc gfe\nabcddd eg ab";
    const expected = fed(text, writer).probabilities();
    const inPieces = fed("", writer);
    for (const piece of ["a", "bc gfe\nabcd", "", "dd eg", " ab"]) inPieces.feed(piece);
    expect(inPieces.probabilities()).toEqual(expected);

    const undone = fed(`${text}gggg`, writer);
    for (let i = 0; i < 4; i++) expect(undone.undo()).toBe("g");
    expect(undone.text).toBe(text);
    expect(undone.probabilities()).toEqual(expected);

    const fork = undone.fork();
    undone.feed("ddd");
    expect(fork.probabilities()).toEqual(expected);
    fork.undo();
    fork.feed("b");
    expect(fork.probabilities()).toEqual(expected);

    const restored = Session.restore(writer, fork.save());
    fork.feed("e");
    expect(restored.text).toBe(text);
    expect(restored.probabilities()).toEqual(expected);
    expect(restored.undo()).toBe(undefined); // a file has no history
  });
});

describe("drawing", () => {
  test("writes the text of generate, from a prime and from nothing", () => {
    const draw = (session: Session) =>
      Array.from({ length: 60 }, () => session.draw({ temperature: 0.8, topK: 5, repetitionPenalty: 1.2 })).join("");
    const options = { length: 60, temperature: 0.8, topK: 5, repetitionPenalty: 1.2, seed: 7 };
    const session = model.session({ seed: 7 });
    session.feed("abcabc");
    expect(draw(session)).toBe(model.generate({ ...options, prime: "abcabc" }));
    expect(draw(model.session({ seed: 7 }))).toBe(model.generate(options));
  });

  test("after an undo draws anew, and a fork draws the same or by its own seed", () => {
    const session = fed("abc");
    const draws = (from: Session) => Array.from({ length: 30 }, () => from.draw()).join("");
    const forks = [session.fork(), session.fork({ seed: 0 }), session.fork({ seed: 5 })];
    const [same, alsoSame, other] = forks.map(draws);
    expect(draws(session)).toBe(same);
    expect(alsoSame).toBe(same); // seed 0, from its start
    expect(other).not.toBe(same);
    const restored = Session.restore(model, session.save());
    expect(draws(restored)).toBe(draws(session));

    const redrawn = new Set<string>();
    for (let i = 0; i < 40; i++) {
      redrawn.add(session.draw());
      session.undo();
    }
    expect(redrawn.size).toBeGreaterThan(3);
  });

  test("from nothing is as after a line's end; what is fed first is read from zero", () => {
    const fresh = model.session();
    expect(fresh.probabilities()).toEqual(fed("\n").probabilities());
    expect(fresh.text).toBe("");
    fresh.feed("ab"); // the look changed nothing
    expect(fresh.probabilities()).toEqual(fed("ab").probabilities());
    const drawn = model.session();
    const symbol = drawn.draw();
    expect(drawn.probabilities()).toEqual(fed(`\n${symbol}`).probabilities());
    expect(drawn.undo()).toBe(symbol);
    drawn.feed("ab");
    expect(drawn.probabilities()).toEqual(fed("ab").probabilities());
    expect(Session.restore(model, model.session().save()).probabilities()).toEqual(fed("\n").probabilities());
  });

  test("neither the model's passes nor other sessions disturb it", () => {
    const alone = fed("abc");
    const disturbed = fed("abc");
    const other = fed("ggg");
    for (let i = 0; i < 20; i++) {
      model.evaluate("abcabcabc");
      other.draw();
      expect(disturbed.draw()).toBe(alone.draw());
    }
  });
});

describe("probabilities", () => {
  test("are those of score, sorted, and sum to 1", () => {
    const all = fed("abc d").probabilities();
    expect(all.map(({ symbol }) => symbol).sort()).toEqual([...model.vocabulary.symbols].sort());
    expect(all.reduce((sum, { probability }) => sum + probability, 0)).toBeCloseTo(1, 12);
    expect(all.map(({ probability }) => probability)).toEqual(
      all.map(({ probability }) => probability).sort((a, b) => b - a),
    );
    const [last] = model.score("abc de", { alternatives: 99 }).slice(-1);
    for (const [i, { symbol, probability }] of (last?.alternatives ?? []).entries()) {
      expect(all[i]?.symbol).toBe(symbol);
      expect(all[i]?.probability).toBeCloseTo(probability, 6);
    }
  });

  test("are those that draw draws from, with its options", () => {
    const session = fed("abc");
    const [first, ...others] = session.probabilities({ temperature: 0 });
    expect(first?.probability).toBe(1);
    expect(others.every(({ probability }) => probability === 0)).toBe(true);
    const possible = session.probabilities({ topK: 3, allowed: /[a-g]/ }).filter(({ probability }) => probability > 0);
    expect(possible).toHaveLength(3);
    expect(possible.every(({ symbol }) => /[a-g]/.test(symbol))).toBe(true);
    const flat = session.probabilities({ temperature: 100 });
    expect((flat[0]?.probability ?? 1) / (flat.at(-1)?.probability ?? 1)).toBeLessThan(1.2);
  });
});

describe("undo", () => {
  test("goes back as far as its limit, over fed and drawn symbols", () => {
    const session = model.session({ undoLimit: 3 });
    session.feed("abcdef");
    const drawn = session.draw();
    expect([session.undo(), session.undo(), session.undo(), session.undo()]).toEqual([drawn, "f", "e", undefined]);
    expect(session.text).toBe("abcd");
    expect(session.probabilities()).toEqual(fed("abcd").probabilities());
    const without = model.session({ undoLimit: 0 });
    without.feed("abc");
    without.draw();
    expect(without.undo()).toBe(undefined);
    const long = fed("abc".repeat(1000));
    for (let i = 0; i < 64; i++) expect(long.undo()).toBe("cba"[i % 3]);
    expect(long.undo()).toBe(undefined);
    expect(long.probabilities()).toEqual(fed("abc".repeat(1000).slice(0, -64)).probabilities());
  });

  test("brings back into sight what a penalty and a constraint look back on", () => {
    const text = "abcdefg".repeat(590); // more than 4,096 symbols
    const session = fed(text);
    for (let i = 0; i < 50; i++) session.undo();
    const fresh = fed(text.slice(0, -50));
    expect(session.text).toBe(fresh.text);
    expect(session.text).toHaveLength(4080);
    const options = { repetitionPenalty: 2, repetitionWindow: 4096 };
    expect(session.probabilities(options)).toEqual(fresh.probabilities(options));
    expect(fed(`${text}abcdefg`.repeat(2)).text).toHaveLength(4096);
    const none = "expected a function that allows at least one symbol, got none for symbol 4130";
    for (const each of [fed(text), Session.restore(model, fed(text).save())]) {
      expect(() => each.draw({ allowed: () => false })).toThrow(`"allowed": ${none}, after "bcdefgabcdefgabcdefg"`);
    }
  });
});

describe("bad input", () => {
  test("options and texts", async () => {
    const seeds = "expected an integer from 0 to 4294967295";
    await expectError(() => model.session({ seed: -1 }), RangeError, `"seed": ${seeds}, got -1`);
    await expectError(() => model.session().fork({ seed: 0.5 }), RangeError, `"seed": ${seeds}, got 0.5`);
    await expectError(
      () => model.session({ undoLimit: 5000 }),
      RangeError,
      '"undoLimit": expected an integer from 0 to 4096, got 5000',
    );
    await expectError(
      () => model.session().probabilities({ temperature: -1 }),
      RangeError,
      '"temperature": expected a finite number ≥ 0, got -1',
    );
    await expectError(() => model.session().feed(3 as never), TypeError, '"text": expected a text, got 3');
    const session = fed("ab");
    await expectError(() => session.feed("cz"), UnknownSymbolError, '"z" at offset 1 is not in the vocabulary');
    expect(session.text).toBe("ab");
    expect(session.probabilities()).toEqual(fed("ab").probabilities());
  });

  test("files: of another model, cut short, changed, or no session at all", async () => {
    const bytes = fed("abc").save();
    const restore =
      (from: Uint8Array, into = model) =>
      () =>
        Session.restore(into, from);
    await expectError(restore([] as never), TypeError, '"bytes": expected a Uint8Array, got an Array');
    await expectError(
      restore(model.save()),
      CheckpointError,
      'this safetensors file has no "format": "rnn-wasm session" in its metadata',
    );
    await expectError(
      restore(bytes, await lively({ vocabulary: "abcdefh \n" })),
      CheckpointError,
      "the session's file: it belongs to a model with another vocabulary",
    );
    await expectError(
      restore(bytes, await lively({ cell: "gru" })),
      CheckpointError,
      `the session's file: its tensors are not those of cell "gru"`,
    );
    await expectError(
      restore(bytes, await lively({ hiddenSize: 12 })),
      CheckpointError,
      `the session's file: "h": expected shape (2, 1, 12), got (2, 1, 11)`,
    );
    for (let length = 0; length < bytes.length; length += 7) {
      expect(restore(bytes.subarray(0, length))).toThrow(CheckpointError);
    }
    for (let at = 8; at < 400; at++) {
      const changed = bytes.slice();
      changed[at] = 0x39; // a 9 in the JSON: another number, or no JSON at all
      try {
        Session.restore(model, changed).draw();
      } catch (error) {
        expect(error).toBeInstanceOf(CheckpointError);
      }
    }
  });
});
