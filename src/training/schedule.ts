import { integer, oneOf, optional, type Rule, readOptions, real, withDefault } from "../validate.js";

/**
 * How the learning rate goes over a run. Epochs count from 0; a rate is that of the epoch or step that is about to run.
 * - "constant"
 * - "step": × factor every `every` epochs
 * - "exponential": × factor per epoch from epoch `after` on, as char-rnn's decay
 * - "cosine", "linear": from learningRate down to finalFraction of it over all steps of the run
 */
export interface Schedule {
  readonly type: "constant" | "step" | "exponential" | "cosine" | "linear";
  /** The highest rate, > 0. */
  readonly learningRate: number;
  /** Steps over which the rate rises from 0 to what the schedule says, an integer ≥ 0. Default 0. */
  readonly warmup?: number;
  /** "step" and "exponential": > 0 and ≤ 1. Default 0.1 for "step", 0.97 for "exponential". */
  readonly factor?: number;
  /** "step": epochs, an integer ≥ 1. Default 10. */
  readonly every?: number;
  /** "exponential": the first epoch, counted from 0, that has a lower rate, an integer ≥ 1. Default 1. */
  readonly after?: number;
  /** "cosine" and "linear": what is left at the end, ≥ 0 and ≤ 1. Default 0. */
  readonly finalFraction?: number;
}

export interface ScheduleMoment {
  readonly epoch: number;
  /** Of the run, from 0. */
  readonly step: number;
  readonly totalSteps: number;
}

const table = {
  type: oneOf("constant", "step", "exponential", "cosine", "linear"),
  learningRate: real({ above: 0 }),
  warmup: withDefault(integer({ min: 0 }), 0),
  factor: optional(real({ above: 0, max: 1 })),
  every: withDefault(integer({ min: 1 }), 10),
  after: withDefault(integer({ min: 1 }), 1),
  finalFraction: withDefault(real({ min: 0, max: 1 }), 0),
};

/** @throws TypeError, RangeError naming the bad key */
export function checkSchedule(schedule: Schedule): void {
  readOptions("learningRate", schedule, table);
}

/** The learning rate of a moment: sums and products alone, so that every engine gives the same bits. */
export function learningRateAt(schedule: number | Schedule, moment: ScheduleMoment): number {
  if (typeof schedule === "number") return schedule;
  const { type, learningRate, warmup, factor, every, after, finalFraction } = readOptions(
    "learningRate",
    schedule,
    table,
  );
  const { epoch, step, totalSteps } = moment;
  const left = 1 - step / totalSteps;
  const shape = {
    constant: () => 1,
    step: () => power(factor ?? 0.1, Math.floor(epoch / every)),
    exponential: () => power(factor ?? 0.97, Math.max(0, epoch - after + 1)),
    linear: () => finalFraction + (1 - finalFraction) * left,
    cosine: () => finalFraction + (1 - finalFraction) * 0.5 * (1 - cosineOfPi(left)),
  }[type]();
  const rise = step < warmup ? (step + 1) / (warmup + 1) : 1;
  return learningRate * rise * shape;
}

/** x to the whole power n ≥ 0. `**` differs between engines in the last bit. */
function power(x: number, n: number): number {
  let result = 1;
  for (let i = 0; i < n; i++) result *= x;
  return result;
}

/** cos πx for x from 0 to 1 by its series about ½, where it is −sin π(x − ½). Math.cos differs between engines. */
function cosineOfPi(x: number): number {
  const z = Math.PI * (x - 0.5);
  let term = -z;
  let sum = term;
  for (let n = 2; n < 24; n += 2) {
    term *= (-z * z) / (n * (n + 1));
    sum += term;
  }
  return sum;
}

export const scheduleRule: Rule<Schedule> = {
  expected: "a schedule { type, learningRate, … }",
  fault: (value) => (typeof value === "object" && value !== null && "type" in value ? undefined : "type"),
};
