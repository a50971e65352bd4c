import type { Vocabulary } from "../text/vocabulary.js";
import { check, custom, describe } from "../validate.js";
import type { Context } from "./context.js";
import type { Allowed } from "./options.js";

/** Which symbols may come next: 1 for each that may, by index. The array is good until the next call. */
export type Constraint = (context: Context) => Uint8Array;

/**
 * @throws TypeError, RangeError for a list with something else than symbols, or one or a RegExp that allows none
 */
export function constraintOf(allowed: Allowed, vocabulary: Vocabulary): Constraint {
  const { symbols } = vocabulary;
  const mask = new Uint8Array(symbols.length);
  if (typeof allowed === "function") {
    return ({ text, count }) => {
      for (const [i, symbol] of symbols.entries()) mask[i] = answer(allowed(symbol, text));
      if (!mask.includes(1)) {
        const where = text === "" ? "" : `, after ${describe(text.slice(-20))}`;
        throw new RangeError(
          `"allowed": expected a function that allows at least one symbol, got none for symbol ${count}${where}`,
        );
      }
      return mask;
    };
  }
  if (allowed instanceof RegExp) {
    // A copy, whose lastIndex is ours: with the flags g and y it is where the next search starts.
    const pattern = new RegExp(allowed.source, allowed.flags);
    for (const [i, symbol] of symbols.entries()) {
      pattern.lastIndex = 0;
      mask[i] = pattern.test(symbol) ? 1 : 0;
    }
    if (!mask.includes(1)) {
      throw new RangeError(`"allowed": expected a RegExp that matches some symbol of the vocabulary, got ${allowed}`);
    }
    return () => mask;
  }
  if (allowed.length === 0) throw new RangeError('"allowed": expected at least one symbol, got []');
  for (const [i, symbol] of allowed.entries()) {
    const index = symbols.indexOf(
      check(
        `allowed[${i}]`,
        symbol,
        custom("a symbol", (value) => typeof value === "string"),
      ),
    );
    if (index < 0) {
      throw new RangeError(`"allowed[${i}]": expected a symbol of the vocabulary, got ${describe(symbol)}`);
    }
    mask[index] = 1;
  }
  return () => mask;
}

/** Nothing but a boolean: a promise would always be true. */
function answer(value: unknown): number {
  if (typeof value === "boolean") return value ? 1 : 0;
  throw new TypeError(`"allowed": expected a function that returns true or false, got ${describe(value)}`);
}
