import type { GenerateOptions } from "../index.js";
import { translateError } from "./errors.js";
import { SEED } from "./flags.js";
import { loadModel } from "./model-files.js";
import { TextWriter } from "./output.js";

export interface SampleFlags {
  readonly length: number;
  readonly prime?: string;
  readonly temperature?: number;
  readonly topK?: number;
  readonly topP?: number;
  readonly minP?: number;
  readonly repetitionPenalty?: number;
  readonly stop?: readonly string[];
  readonly seed: number;
  readonly count: number;
}

const NAMES = {
  length: "--length",
  prime: "--prime",
  temperature: "--temperature",
  topK: "--top-k",
  topP: "--top-p",
  minP: "--min-p",
  repetitionPenalty: "--repetition-penalty",
  stop: "--stop",
  seed: "--seed",
};

/** Writes texts as they are drawn, each with a line break behind it, and an empty line between two. */
export async function sample(file: string, flags: SampleFlags): Promise<void> {
  const model = await loadModel(file);
  const { count, seed, ...options } = flags;
  const output = new TextWriter();
  for (let i = 0; i < count; i++) {
    if (i > 0) await output.write("\n");
    const given: GenerateOptions = { ...options, seed: (seed + i) % ((SEED.max as number) + 1) };
    try {
      for await (const piece of model.stream(given)) await output.write(piece);
    } catch (error) {
      throw translateError(error, NAMES, "--prime");
    }
    await output.write("\n");
    await output.flush();
  }
}
