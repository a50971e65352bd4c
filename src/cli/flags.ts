import { Option } from "commander";
import { UsageError } from "./errors.js";

export interface NumberRange {
  /** Digits alone. */
  readonly whole?: boolean;
  readonly min?: number;
  readonly max?: number;
  /** An exclusive lower bound. */
  readonly above?: number;
  /** An exclusive upper bound. */
  readonly below?: number;
}

/** The seeds that a network and a sampler take. */
export const SEED: NumberRange = { whole: true, min: 0, max: 2 ** 32 - 1 };

export function numberFlag(flags: string, description: string, range: NumberRange): Option {
  const option = new Option(flags, description);
  return option.argParser((value) => readNumber(option.long as string, value, range));
}

export function choiceFlag(flags: string, description: string, choices: readonly string[]): Option {
  const option = new Option(flags, description);
  return option.argParser((value) => {
    if (choices.includes(value)) return value;
    const quoted = choices.map((choice) => `"${choice}"`);
    throw expected(option.long as string, `${quoted.slice(0, -1).join(", ")} or ${quoted.at(-1)}`, value);
  });
}

/** A number, or one word that stands for something else. */
export function numberOrFlag(flags: string, description: string, range: NumberRange, word: string): Option {
  const option = new Option(flags, description);
  return option.argParser((value) =>
    value === word ? word : readNumber(option.long as string, value, range, ` or "${word}"`),
  );
}

/** @throws UsageError */
export function readNumber(flag: string, value: string, range: NumberRange, others = ""): number {
  const { whole = false, min = -Infinity, max = Infinity, above = -Infinity, below = Infinity } = range;
  const pattern = whole ? /^\d+$/ : /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i;
  const number = pattern.test(value) ? Number(value) : Number.NaN;
  // Infinity, which 1e999 is too, lies in no range.
  if (Number.isFinite(number) && number >= min && number <= max && number > above && number < below) return number;
  throw expected(flag, `a ${whole ? "whole " : ""}number${rangeText(range)}${others}`, value);
}

function rangeText({ min, max, above, below }: NumberRange): string {
  if (min !== undefined && max !== undefined) return ` from ${min} to ${max}`;
  const low = min !== undefined ? `≥ ${min}` : above !== undefined ? `> ${above}` : "";
  const high = max !== undefined ? `≤ ${max}` : below !== undefined ? `< ${below}` : "";
  const both = [low, high].filter(Boolean).join(" and ");
  return both && ` ${both}`;
}

function expected(flag: string, what: string, value: string): UsageError {
  return new UsageError(`${flag}: expected ${what}, got "${value}"`);
}
