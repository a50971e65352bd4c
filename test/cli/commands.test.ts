import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as library from "rnn-wasm";
import { CharRNN } from "rnn-wasm";
import { beforeAll, describe, expect, test } from "vitest";
import { textOf } from "../formats/files.js";
import { LAB, runLab, SENTENCE } from "../lab.js";
import { COMMAND, ended, run, start, temporaryFolder } from "./process.js";

/*
 * The commands one after another on a tiny text.
 */

const folder = temporaryFolder();
const path = (name: string) => join(folder, name);
const TEXT = "She sells seashells by the seashore; née Mary. ".repeat(4);
const TRAIN = ["--cell", "gru", "--hidden", "12", "--layers", "1", "--epochs", "40", "--numerics", "reproducible"];

async function succeed(args: readonly string[], input = ""): Promise<string> {
  const { code, stdout, stderr } = await run(folder, args, { input });
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  return stdout;
}

/** The model in a file without where its training stands, which has its times in it. */
async function weightsOf(name: string): Promise<string> {
  return textOf((await CharRNN.load(readFileSync(path(name)))).save());
}

let output: string;
let model: CharRNN;
beforeAll(async () => {
  writeFileSync(path("shells.txt"), TEXT);
  output = await succeed(["train", "shells.txt", ...TRAIN]);
  model = await CharRNN.load(readFileSync(path("shells.safetensors")));
});

describe("train", () => {
  test("plain lines: an epoch each, and what was chosen, learned and saved", () => {
    const lines = output.split("\n");
    expect(
      lines.filter((line) => /^epoch +\d+\/40 {2}loss \d\.\d{4} {2}[\d,]+ symbols\/s {2}\d+ s left$/.test(line)),
    ).toHaveLength(40);
    expect(output).toContain("\nnetwork     GRU 17 → 12 → 17, seed 0, reproducible, 1,337 parameters\n");
    expect(output).toContain(
      "\nrun         all windows of 10 symbols a step, 40 epochs, adam, learning rate 0.05 (cosine to 5 %)",
    );
    expect(output).toMatch(/\nloss {8}\d\.\d{4} [▁▂▃▄▅▆▇█]{40} \d\.\d{4} nats per symbol, after 40 epochs\n/);
    expect(output).toMatch(/\nsaved {7}shells\.safetensors \(\d+\.\d kB\), shells\.loss\.svg\n/);
    expect(output).not.toContain("\x1b");
  });

  test("the curve is a picture of every epoch", () => {
    const svg = readFileSync(path("shells.loss.svg"), "utf8");
    expect(svg).toMatch(/^<svg xmlns=.*<\/svg>\n$/s);
    const [, points = ""] = /<polyline points="([^"]*)"/.exec(svg) ?? [];
    expect(points.split(" ")).toHaveLength(40);
  });

  test("the same model as the library's, however the text comes", async () => {
    const own = await CharRNN.create({
      ...{ vocabulary: TEXT, cell: "gru", hiddenSize: 12, numLayers: 1, numerics: "reproducible" },
    });
    await own.fit(TEXT, { epochs: 40 });
    expect(await weightsOf("shells.safetensors")).toBe(textOf(own.save()));

    await succeed(["train", "--model", "piped.safetensors", ...TRAIN], TEXT);
    expect(await weightsOf("piped.safetensors")).toBe(textOf(own.save()));
    const middle = TEXT.length / 2;
    writeFileSync(path("first.txt"), `\ufeff${TEXT.slice(0, middle)}`); // the mark is no symbol
    await succeed(["train", "first.txt", "-", "--model", "parts.safetensors", ...TRAIN], TEXT.slice(middle));
    expect(await weightsOf("parts.safetensors")).toBe(textOf(own.save()));
  });

  test("--json: a line per epoch, and nothing else", async () => {
    const args = ["train", "shells.txt", "--json", "--model", "json.safetensors", "--validation", "0.2", ...TRAIN];
    const records = (await succeed(args))
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(records.map(({ epoch }) => epoch)).toEqual(Array.from({ length: 40 }, (_, epoch) => epoch));
    expect(Object.keys(records[0])).toEqual([
      ...["epoch", "loss", "validationLoss", "learningRate", "gradNorm", "symbolsPerSecond", "seconds"],
    ]);
  });

  test("a finished run has nothing left to do, but goes on to more epochs", async () => {
    const again = ["train", "shells.txt", "--model", "shells.safetensors", "--resume"];
    const before = readFileSync(path("shells.safetensors"));
    expect(await succeed(again)).toContain("\nfinished    40 epochs, there is nothing left to do");
    expect(readFileSync(path("shells.safetensors")).equals(before)).toBe(true);
    writeFileSync(path("more.safetensors"), before);
    const more = ["train", "shells.txt", "--model", "more.safetensors", "--resume", "--epochs", "42"];
    expect(await succeed(more)).toContain("after 42 epochs\n");
  });

  test("all options of a network and a run", async () => {
    const options = [
      "--cell",
      "lstm",
      "--hidden",
      "5",
      "--layers",
      "2",
      "--dropout",
      "0.1",
      "--seed",
      "3",
      "--unit",
      "byte",
    ];
    const others = [
      "--batch",
      "full",
      "--sequence",
      "7",
      "--learning-rate",
      "0.02",
      "--validation",
      "0.1",
      "--threads",
      "2",
    ];
    const args = ["train", "shells.txt", "--model", "all.safetensors", "--epochs", "3", ...options, ...others];
    await succeed([...args, "--sample-every", "0"]);
    const { config, vocabulary, training } = JSON.parse(await succeed(["info", "all.safetensors", "--json"]));
    expect(config).toMatchObject({ cell: "lstm", hiddenSize: 5, numLayers: 2, dropout: 0.1, seed: 3 });
    expect(vocabulary.unit).toBe("byte");
    const run = { batchSize: "full", sequenceLength: 7, learningRate: 0.02, validation: 0.1, epochs: 3 };
    expect(training.options).toMatchObject(run);
  });
});

describe("info", () => {
  test("for readers", async () => {
    const lines = (await succeed(["info", "shells.safetensors"])).split("\n");
    expect(lines[0]).toMatch(/^file {8}shells\.safetensors, \d+\.\d kB$/);
    expect(lines.slice(1, 5)).toEqual([
      "network     GRU 17 → 12 → 17, seed 0, reproducible",
      "weights     1,337 parameters",
      "symbols     17 code points",
      '            " .;MSabehlnorstyé"',
    ]);
    expect(lines[5]).toMatch(/^training {4}40 of 40 epochs on 188 symbols, 40 steps, loss \d\.\d{4}$/);
  });

  test("for machines", async () => {
    const { bytes, parameters, config, vocabulary, training } = JSON.parse(
      await succeed(["info", "shells.safetensors", "--json"]),
    );
    expect(bytes).toBe(statSync(path("shells.safetensors")).size);
    expect(parameters).toBe(model.network.parameterCount);
    expect(config).toEqual(model.network.config);
    expect(vocabulary).toEqual(model.vocabulary.toJSON());
    expect(training.epochs).toHaveLength(40);
  });
});

describe("sample", () => {
  test("is what the library writes", async () => {
    const flags = ["--length", "80", "--prime", "She ", "--temperature", "0.8", "--top-k", "9", "--top-p", "0.95"];
    const others = ["--min-p", "0.01", "--repetition-penalty", "1.1", "--seed", "4"];
    const options = { length: 80, prime: "She ", temperature: 0.8, topK: 9, topP: 0.95, minP: 0.01 };
    expect(await succeed(["sample", "shells.safetensors", ...flags, ...others])).toBe(
      `${model.generate({ ...options, repetitionPenalty: 1.1, seed: 4 })}\n`,
    );
    expect(await succeed(["sample", "shells.safetensors"])).toBe(`${model.generate({ length: 500 })}\n`);
  });

  test("stops where it is told", async () => {
    const text = await succeed(["sample", "shells.safetensors", "--stop", ";", "--stop", "ary", "--temperature", "0"]);
    expect(text).toBe(`${model.generate({ length: 500, temperature: 0, stop: [";", "ary"] })}\n`);
  });

  test("writes several", async () => {
    const texts = model.generateMany({ length: 30, seed: 2 ** 32 - 2, count: 3 });
    const args = ["sample", "shells.safetensors", "--length", "30", "--seed", String(2 ** 32 - 2), "--count", "3"];
    expect(await succeed(args)).toBe(texts.map((text) => `${text}\n`).join("\n"));
  });

  test("comes as it is drawn, and ends quietly when nobody reads on", async () => {
    const child = start(folder, ["sample", "shells.safetensors", "--length", String(1e12)]);
    const { code, stderr } = await ended(child, () => child.stdout?.destroy());
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  });
});

describe("score", () => {
  test("is the library's evaluation", async () => {
    const { loss, bitsPerSymbol, perplexity } = model.evaluate(TEXT);
    const lines = (await succeed(["score", "shells.safetensors", "shells.txt"])).split("\n");
    expect(lines[0]).toBe("symbols     187: all but the first, which nothing foretells");
    const numbers = lines.slice(1, 4).map((line) => Number(/[\d.]+/.exec(line)?.[0]));
    for (const [i, expected] of [loss, bitsPerSymbol, perplexity].entries())
      expect(numbers[i]).toBeCloseTo(expected, 4);
    const json = JSON.parse(await succeed(["score", "shells.safetensors", "--json"], TEXT));
    expect(json.symbols).toBe(187);
    expect(json.loss).toBeCloseTo(loss, 5);
  });

  test("--symbols: a line each", async () => {
    const scores = model.score(TEXT);
    const lines = (await succeed(["score", "shells.safetensors", "shells.txt", "--symbols"])).split("\n");
    expect(lines).toHaveLength(scores.length + 5);
    const [first] = scores as [library.SymbolScore];
    const [offset, symbol, bits, probability, ...expected] = (lines[0] as string).split("\t");
    expect([offset, symbol]).toEqual(["1", '"h"']);
    expect([bits, probability]).toEqual([first.surprisal.toFixed(3), first.probability.toFixed(4)]);
    expect(expected).toEqual(first.alternatives.map((each) => `"${each.symbol}" ${each.probability.toFixed(4)}`));
    const json = (await succeed(["score", "shells.safetensors", "shells.txt", "--symbols", "--json"]))
      .trimEnd()
      .split("\n");
    expect(json.slice(0, -1).map((line) => JSON.parse(line))).toEqual(scores);
    expect(JSON.parse(json.at(-1) as string)).toHaveProperty("perplexity");
  });
});

describe("lab", () => {
  test("prints the losses of the lab", async () => {
    const { losses } = await runLab(library as unknown as Parameters<typeof runLab>[0], { ...LAB, seed: 1, epochs: 5 });
    const lines = (await succeed(["lab", "--seed", "1", "--epochs", "5"])).split("\n");
    expect(lines[0]).toBe(`text      ${SENTENCE.length} characters, 25 different ones`);
    const epochs = lines.filter((line) => line.startsWith("epoch"));
    for (const [i, loss] of losses.entries()) expect(epochs[i]).toContain(`epoch ${i}  loss ${loss.toFixed(5)}  `);
    expect(epochs).toHaveLength(5);
  });
});

describe("help", () => {
  const commands = {
    train: ["--model", "--resume", "--overwrite", "--cell", "--threads", "--sample-every", "--json", "--debug"],
    sample: ["--length", "--prime", "--top-k", "--repetition-penalty", "--stop", "--count"],
    score: ["--symbols", "--json"],
    info: ["--json"],
    lab: ["--seed", "--epochs", "--hidden", "--layers", "--text"],
  };

  test.each(Object.entries(commands))("of %s", async (command, flags) => {
    const help = await succeed([command, "--help"]);
    expect(help.startsWith(`Usage: rnn-wasm ${command} `)).toBe(true);
    for (const flag of flags) expect(help).toMatch(new RegExp(`^ +(-h, )?${flag}\\b`, "m"));
    expect(await succeed(["help", command])).toBe(help);
  });

  test("of all, and the version", async () => {
    const help = await succeed(["--help"]);
    for (const command of Object.keys(commands)) expect(help).toMatch(new RegExp(`^ +${command} `, "m"));
    const { version } = JSON.parse(readFileSync("package.json", "utf8"));
    expect(await succeed(["--version"])).toBe(`${version}\n`);
  });

  test("the file can be executed", () => {
    expect(readFileSync(COMMAND, "utf8").startsWith("#!/usr/bin/env node\n")).toBe(true);
    if (process.platform !== "win32") expect(statSync(COMMAND).mode & 0o111).toBe(0o111);
  });
});
