import { describe, expect, test } from "vitest";
import { CharRNN, type FitOptions } from "../../src/index.js";
import { generator } from "../reference/random.js";
import { ENGLISH, GERMAN, HELD_OUT } from "./languages.js";

/*
 * What a score is good for. The models are tiny and trained for a second or so; every line is scored as one, after a few
 * ordinary lines: in training, too, some came before.
 */

/** Options for a line that might stand in this text. */
const asLineOf = (text: string) => ({ prime: `${text.split("\n").slice(0, 4).join("\n")}\n` });
const training: FitOptions = {
  batching: "streams",
  sequenceLength: 32,
  batchSize: 8,
  epochs: 60,
  learningRate: 0.006,
  maxGradNorm: 1,
};

/** A model of the lines of a text. */
async function modelOf(text: string, vocabulary: string, options: FitOptions = training): Promise<CharRNN> {
  const model = await CharRNN.create({
    vocabulary,
    cell: "gru",
    hiddenSize: 32,
    numLayers: 1,
    seed: 1,
    numerics: "reproducible",
  });
  await model.fit(`\n${text}\n`, options);
  return model;
}

test("which language is this line: at least 95 % of 60 lines that neither model has seen", async () => {
  const alphabet = "abcdefghijklmnopqrstuvwxyzäöüß ,\n";
  const english = await modelOf(ENGLISH, alphabet);
  const german = await modelOf(GERMAN, alphabet);
  const isEnglish = (line: string) =>
    english.evaluate(line, asLineOf(ENGLISH)).loss < german.evaluate(line, asLineOf(GERMAN)).loss;
  let right = 0;
  for (const [inEnglish, inGerman] of HELD_OUT) {
    expect(ENGLISH).not.toContain(inEnglish);
    expect(GERMAN).not.toContain(inGerman);
    if (isEnglish(inEnglish)) right++;
    if (!isEnglish(inGerman)) right++;
  }
  expect(right / (2 * HELD_OUT.length)).toBeGreaterThanOrEqual(0.95);
});

describe("which of these log lines is odd", async () => {
  const random = generator(1);
  const digits = (count: number) => Array.from({ length: count }, () => Math.floor(10 * random())).join("");
  const pick = (...choices: string[]) => choices[Math.floor(random() * choices.length)] as string;
  const ordinary = () =>
    pick(
      `INFO request ${digits(4)} took ${digits(2)} ms`,
      `INFO user ${digits(3)} logged in`,
      `INFO user ${digits(3)} logged out`,
      `DEBUG cache hit for key ${digits(4)}`,
    );
  const vocabulary = Array.from({ length: 95 }, (_, i) => String.fromCharCode(32 + i)).join("");
  const log = Array.from({ length: 250 }, ordinary).join("\n");
  const model = await modelOf(log, `${vocabulary}\n`, { ...training, epochs: 25 });

  test.each([
    "ERROR disk 3 is full",
    "INFO request 4711 took 99999 ms",
    "INFO user root logged in",
    "DEBUG cache miss for key 1234",
    "Segmentation fault",
  ])("%s", (odd) => {
    const lines = [...Array.from({ length: 10 }, ordinary), odd, ...Array.from({ length: 10 }, ordinary)];
    expect(model.rank(lines, asLineOf(log)).at(-1)?.text).toBe(odd);
  });

  test("and where: the symbols that nobody expected", () => {
    const surprising = model.score("INFO user 123 logged off", asLineOf(log)).filter(({ surprisal }) => surprisal > 6);
    expect(surprising[0]).toMatchObject({ symbol: "f", offset: 22 });
    expect(surprising[0]?.alternatives.map(({ symbol }) => symbol)).not.toContain("f");
  });
});

test("is this password guessable: what people choose has fewer bits than what dice choose", async () => {
  const words = [
    "password",
    "dragon",
    "monkey",
    "sunshine",
    "shadow",
    "master",
    "flower",
    "summer",
    "winter",
    "football",
  ];
  const endings = ["", "1", "12", "123", "1234", "!", "2020", "2024", "99", "00"];
  const keys = ["qwerty", "asdfgh", "zxcvbn", "123456", "111111", "abc123", "654321", "qazwsx"];
  const chosen = [
    ...words.flatMap((word) => endings.map((ending) => word + ending)),
    ...keys,
    ...keys.map((k) => `${k}1`),
  ];
  const random = generator(2);
  for (let i = chosen.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [chosen[i], chosen[j]] = [chosen[j] as string, chosen[i] as string];
  }
  const letters = Array.from({ length: 94 }, (_, i) => String.fromCharCode(33 + i)).join("");
  const text = chosen.join("\n");
  const model = await modelOf(text, `${letters}\n`);
  // None of them was seen in training.
  const guessable = ["sunshine2", "dragon123!", "monkey2019", "qwerty12", "password0", "summer2021", "shadows1"];
  const dice = () => Array.from({ length: 9 }, () => letters[Math.floor(random() * letters.length)]).join("");
  const ranked = model.rank([...Array.from({ length: 20 }, dice), ...guessable], asLineOf(text));
  const first = ranked.slice(0, guessable.length).map(({ text }) => text);
  expect(new Set(first)).toEqual(new Set(guessable));
  for (const { text, bits } of ranked) {
    if (guessable.includes(text)) expect(bits).toBeLessThan(40);
    else expect(bits).toBeGreaterThan(50); // nine of 94 symbols have 59 bits
  }
});
