import { CharRNN, type CharRNNOptions } from "../../src/index.js";

export const ALPHABET = "abcdefg \n";

/** An untrained model with weights large enough for some symbols to be likelier than others. */
export function lively(options: Partial<CharRNNOptions> = {}): Promise<CharRNN> {
  return CharRNN.create({
    vocabulary: ALPHABET,
    cell: "lstm",
    hiddenSize: 11,
    seed: 1,
    numerics: "reproducible",
    initialization: { range: 0.9 },
    ...options,
  });
}

/** All that an async iterable yields. */
export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}
