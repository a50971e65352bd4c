import type { StateDict } from "../network/state-dict.js";

/** The tensors under names that begin with the prefix. */
export function withPrefix(prefix: string, tensors: StateDict): StateDict {
  return Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [prefix + name, tensor]));
}

/** Those whose names begin with the prefix, without it; and the others. */
export function splitByPrefix(prefix: string, tensors: Readonly<StateDict>): { own: StateDict; others: StateDict } {
  const isOwn = ([name]: readonly [string, unknown]) => name.startsWith(prefix);
  const entries = Object.entries(tensors);
  // Not by assignment, which would lose a tensor named "__proto__".
  return {
    own: Object.fromEntries(entries.filter(isOwn).map(([name, tensor]) => [name.slice(prefix.length), tensor])),
    others: Object.fromEntries(entries.filter((entry) => !isOwn(entry))),
  };
}
