import type * as Library from "../../src/index.js";

/*
 * Texts of an untrained model, for every place that must write the same ones.
 */

export interface WritingOptions {
  readonly cell: "rnn" | "gru" | "lstm";
  readonly seed: number;
  readonly generate: Omit<Library.GenerateOptions, "signal" | "allowed">;
}

export const WRITINGS: readonly WritingOptions[] = [
  { cell: "rnn", seed: 1, generate: { length: 400, seed: 11 } },
  { cell: "gru", seed: 2, generate: { length: 400, seed: 12, temperature: 0.7, topP: 0.9, prime: "ship " } },
  { cell: "lstm", seed: 3, generate: { length: 400, seed: 13, topK: 7, minP: 0.05, repetitionPenalty: 1.2 } },
  { cell: "lstm", seed: 4, generate: { length: 400, seed: 14, temperature: 1.6, stop: "zz" } },
];

/**
 * A text, n texts at once and the likeliest of a beam search. It uses nothing but its arguments: its source runs in a
 * browser too.
 */
export async function textOf(library: typeof Library, options: WritingOptions): Promise<string[]> {
  const { cell, seed, generate } = options;
  const model = await library.CharRNN.create({
    vocabulary: "abcdefghijklmnopqrstuvwxyz ,.\n",
    cell,
    hiddenSize: 24,
    numLayers: 2,
    seed,
    numerics: "reproducible",
    initialization: { range: 0.7 }, // PyTorch's own would write noise, all symbols alike
  });
  const [likeliest] = model.beamSearch({ length: 30, beamWidth: 5, prime: generate.prime ?? "" });
  return [
    model.generate(generate),
    ...model.generateMany({ ...generate, length: 100, count: 3 }),
    likeliest?.text ?? "",
  ];
}
