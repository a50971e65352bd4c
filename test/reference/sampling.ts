import { at } from "./tensor.js";

/*
 * How a next symbol's distribution comes about, written down once more: plain lists, float64, nothing shared between the
 * steps.
 */

export interface DrawOptions {
  readonly temperature?: number;
  readonly topK?: number;
  readonly topP?: number;
  readonly minP?: number;
  readonly repetitionPenalty?: number;
  readonly repetitionWindow?: number;
  /** The indices that may come; default all. */
  readonly allowed?: readonly number[];
}

interface Candidate {
  readonly index: number;
  readonly p: number;
}

/** The probability of every index, after these indices were read. */
export function distribution(logits: readonly number[], history: readonly number[], options: DrawOptions): number[] {
  const { temperature = 1, repetitionPenalty: theta = 1, repetitionWindow = 64 } = options;
  const repeated = new Set(history.slice(-repetitionWindow));
  const penalized = logits.map((logit, index) => {
    if (!repeated.has(index)) return logit;
    return logit < 0 ? logit * theta : logit / theta;
  });
  const allowed = options.allowed ?? logits.map((_, index) => index);
  const probabilities = new Array<number>(logits.length).fill(0);

  if (temperature === 0) {
    const highest = Math.max(...allowed.map((index) => at(penalized, index)));
    const first = Math.min(...allowed.filter((index) => penalized[index] === highest));
    probabilities[first] = 1;
    return probabilities;
  }

  const highest = Math.max(...allowed.map((index) => at(penalized, index)));
  let candidates: Candidate[] = allowed.map((index) => ({
    index,
    p: Math.exp((at(penalized, index) - highest) / temperature),
  }));
  candidates = normalized(candidates).sort((a, b) => b.p - a.p || a.index - b.index);
  candidates = normalized(candidates.slice(0, options.topK ?? Infinity));
  if (options.topP !== undefined) candidates = normalized(nucleus(candidates, options.topP));
  if (options.minP !== undefined) {
    const threshold = options.minP * Math.max(...candidates.map(({ p }) => p));
    candidates = normalized(candidates.filter(({ p }) => p >= threshold));
  }
  for (const { index, p } of candidates) probabilities[index] = p;
  return probabilities;
}

/** The shortest beginning of a list, likeliest first, whose sum reaches p. */
function nucleus(candidates: readonly Candidate[], p: number): readonly Candidate[] {
  for (let count = 1; count < candidates.length; count++) {
    const sum = candidates.slice(0, count).reduce((total, candidate) => total + candidate.p, 0);
    if (sum >= p) return candidates.slice(0, count);
  }
  return candidates;
}

function normalized(candidates: readonly Candidate[]): Candidate[] {
  const total = candidates.reduce((sum, { p }) => sum + p, 0);
  return candidates.map(({ index, p }) => ({ index, p: p / total }));
}

/** Every sequence of `length` indices below V with its log-probability, likeliest first. */
export function exhaustive(
  V: number,
  length: number,
  logProbabilities: (before: readonly number[]) => readonly number[],
): { indices: readonly number[]; logProbability: number }[] {
  let all: { indices: readonly number[]; logProbability: number }[] = [{ indices: [], logProbability: 0 }];
  for (let step = 0; step < length; step++) {
    all = all.flatMap(({ indices, logProbability }) => {
      const next = logProbabilities(indices);
      return Array.from({ length: V }, (_, index) => ({
        indices: [...indices, index],
        logProbability: logProbability + at(next, index),
      }));
    });
  }
  return all.sort((a, b) => b.logProbability - a.logProbability);
}

/** For each code unit of a text whether it lies in a piece of at least minLength that another text has; and the longest such piece. */
export function copiedMarks(text: string, other: string, minLength: number): { marks: boolean[]; longest: number } {
  const marks = new Array<boolean>(text.length).fill(false);
  let longest = 0;
  for (let start = 0; start < text.length; start++) {
    for (let end = start + 1; end <= text.length && other.includes(text.slice(start, end)); end++) {
      longest = Math.max(longest, end - start);
      if (end - start >= minLength) marks.fill(true, start, end);
    }
  }
  return { marks, longest };
}

/** Pearson's statistic of counts against probabilities, over the classes that can come. */
export function chiSquared(counts: readonly number[], probabilities: readonly number[]): number {
  const n = counts.reduce((sum, count) => sum + count, 0);
  return probabilities.reduce((sum, p, i) => (p === 0 ? sum : sum + (at(counts, i) - n * p) ** 2 / (n * p)), 0);
}

/**
 * What the statistic exceeds with a probability of 0.001: k (1 − 2/9k + z √(2/9k))³ with z = 3.0902 (Wilson and Hilferty,
 * 1931), within 1 % from k = 3 on.
 */
export function chiSquaredLimit(degreesOfFreedom: number): number {
  const spread = 2 / (9 * degreesOfFreedom);
  return degreesOfFreedom * (1 - spread + 3.0902 * Math.sqrt(spread)) ** 3;
}
