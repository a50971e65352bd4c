/** One option: checks a given value, or stands in for a missing one. Messages are built only when thrown. */
export interface Rule<T> {
  /** What is expected, as the message says it. */
  readonly expected: string;
  /** "type" and "value" say what is wrong with a value, undefined that it is right. */
  fault(value: unknown): "type" | "value" | undefined;
  /** What a missing option means; a rule without it must be given. */
  readonly fallback?: () => T;
}

type Table = Readonly<Record<string, Rule<unknown>>>;
/** The options that a table reads, each present. */
export type Resolved<T extends Table> = { -readonly [K in keyof T]: T[K] extends Rule<infer V> ? V : never };

interface Range {
  readonly min?: number;
  readonly max?: number;
  /** An exclusive lower bound. */
  readonly above?: number;
  /** An exclusive upper bound. */
  readonly below?: number;
}

export function integer(range: Range = {}): Rule<number> {
  return numeric("an integer", Number.isSafeInteger, range);
}

/** A finite number. */
export function real(range: Range = {}): Rule<number> {
  return numeric("a finite number", Number.isFinite, range);
}

function numeric(kind: string, is: (value: unknown) => boolean, range: Range): Rule<number> {
  const { min = -Infinity, max = Infinity, above = -Infinity, below = Infinity } = range;
  return {
    expected: `${kind}${rangeText(range)}`,
    fault(value) {
      if (typeof value !== "number") return "type";
      const inside = value >= min && value <= max && value > above && value < below;
      return is(value) && inside ? undefined : "value";
    },
  };
}

function rangeText({ min, max, above, below }: Range): string {
  if (min !== undefined && max !== undefined) return ` from ${min} to ${max}`;
  const low = min !== undefined ? `≥ ${min}` : above !== undefined ? `> ${above}` : "";
  const high = max !== undefined ? `≤ ${max}` : below !== undefined ? `< ${below}` : "";
  const both = [low, high].filter(Boolean).join(" and ");
  return both && ` ${both}`;
}

export function oneOf<const T extends string>(...choices: readonly T[]): Rule<T> {
  return {
    expected: list(choices),
    fault: (value) =>
      typeof value !== "string" ? "type" : (choices as readonly string[]).includes(value) ? undefined : "value",
  };
}

export function boolean(): Rule<boolean> {
  return { expected: "true or false", fault: (value) => (typeof value === "boolean" ? undefined : "type") };
}

/** Anything that a test of the caller's accepts; all else is of the wrong type. */
export function custom<T>(expected: string, is: (value: unknown) => boolean): Rule<T> {
  return { expected, fault: (value) => (is(value) ? undefined : "type") };
}

export function anyText(): Rule<string> {
  return custom("a text", (value) => typeof value === "string");
}

/** A text, or one that comes in pieces. */
export function textOrPieces(): Rule<string | AsyncIterable<string>> {
  const pieces = custom<AsyncIterable<string>>(
    "an async iterable of texts",
    (value) => typeof (value as AsyncIterable<string> | null)?.[Symbol.asyncIterator] === "function",
  );
  return either(anyText(), pieces);
}

export function byteArray(): Rule<Uint8Array> {
  return custom("a Uint8Array", (value) => value instanceof Uint8Array);
}

export function abortSignal(): Rule<AbortSignal> {
  return custom("an AbortSignal", (value) => typeof (value as AbortSignal | null)?.aborted === "boolean");
}

/** An object of options, which a table of its own reads. */
export function object<T>(): Rule<T> {
  return custom("an object", isRecord);
}

/** A value that either rule accepts. */
export function either<A, B>(first: Rule<A>, second: Rule<B>): Rule<A | B> {
  return {
    expected: `${first.expected} or ${second.expected}`,
    fault(value) {
      const faults = [first.fault(value), second.fault(value)];
      if (faults.includes(undefined)) return undefined;
      return faults.includes("value") ? "value" : "type";
    },
  };
}

/** The rule with a value for when the option is missing or undefined. */
export function withDefault<T>(rule: Rule<T>, value: T): Rule<T> {
  return { ...rule, fallback: () => value };
}

/** The rule for an option that may be missing. */
export function optional<T>(rule: Rule<T>): Rule<T | undefined> {
  return { ...rule, fallback: () => undefined };
}

/**
 * Checks one argument.
 *
 * @throws TypeError for a wrong type, RangeError for a wrong value: `"hiddenSize": expected an integer ≥ 1, got 0`
 */
export function check<T>(name: string, value: unknown, rule: Rule<T>): T {
  const fault = rule.fault(value);
  if (fault === undefined) return value as T;
  const message = `"${name}": expected ${rule.expected}, got ${describe(value)}`;
  throw fault === "type" ? new TypeError(message) : new RangeError(message);
}

/**
 * Reads an options object by its table: every key known, every value checked, every default filled in.
 *
 * @throws TypeError for an unknown key or a wrong type, RangeError for a wrong value
 */
export function readOptions<T extends Table>(what: string, given: unknown, table: T): Resolved<T> {
  const options = given === undefined ? {} : check(what, given, object<Record<string, unknown>>());
  for (const key of Object.keys(options)) {
    if (!Object.hasOwn(table, key)) {
      throw new TypeError(`${what}: unknown option "${key}", expected ${list(Object.keys(table))}`);
    }
  }
  const resolved: Record<string, unknown> = {};
  for (const [key, rule] of Object.entries(table)) {
    const value = options[key];
    resolved[key] = value === undefined && rule.fallback ? rule.fallback() : check(key, value, rule);
  }
  return resolved as Resolved<T>;
}

/** An object that is no array or view. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !ArrayBuffer.isView(value);
}

/** How a message names a value that came. */
export function describe(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}…` : value);
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value === "function") return "a function";
  if (value === null || typeof value !== "object") return String(value);
  const kind = value.constructor?.name ?? "object";
  return kind === "Object" ? "an object" : `${/^[AEIOU]/.test(kind) ? "an" : "a"} ${kind}`;
}

function list(words: readonly string[]): string {
  const quoted = words.map((word) => `"${word}"`);
  return quoted.length < 2 ? quoted.join("") : `${quoted.slice(0, -1).join(", ")} or ${quoted.at(-1)}`;
}
