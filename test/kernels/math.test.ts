import { expect, test } from "vitest";
import type { Abi } from "../../src/core/generated/abi.js";
import { exp, sigmoid, tanh } from "../reference/math.js";
import { Matrix } from "../reference/matrix.js";
import { at } from "../reference/tensor.js";
import { describeEachBuild, expectSame, type Sandbox, SMALLEST, UNIT_ROUNDOFF } from "./core.js";

/*
 * exp, sigmoid and tanh against double precision, over samples of all 2³² floats. The bounds are those that assembly/math.ts
 * states; errors are counted in units in the last place of a float32 at the true value.
 */
const SAMPLES = sampleFloats();
/** Those from 0 up, and their mirror image. */
const POSITIVE = SAMPLES.filter((x) => x >= 0);
const NEGATIVE = POSITIVE.map((x) => -x);
const CHUNK = 1 << 16; // floats per call

type Kernel = "expVector" | "sigmoidVector" | "tanhVector";
type Vectors = Record<Kernel, (y: number, x: number, n: number) => void> & Pick<Abi, "crossEntropy">;

const FUNCTIONS = [
  { name: "exp", kernel: "expVector", oracle: exp, ulps: 1.02 },
  { name: "sigmoid", kernel: "sigmoidVector", oracle: sigmoid, ulps: 2.5 },
  { name: "tanh", kernel: "tanhVector", oracle: tanh, ulps: 6.6 },
] as const;

/** Below this sigmoid's bound is absolute: e⁸⁸·⁷³ overflows where 1 / e⁸⁸·⁷³ does not yet underflow. */
const SIGMOID_RELATIVE_FROM = -87;
const SIGMOID_ABSOLUTE_BOUND = 3e-39;

/** The oracle's values at all samples, once for all builds. */
const ORACLES = new Map(
  FUNCTIONS.map(({ name, oracle }) => {
    const values = new Float64Array(SAMPLES.length);
    for (let i = 0; i < SAMPLES.length; i++) values[i] = oracle(SAMPLES[i] as number);
    return [name, values];
  }),
);

describeEachBuild<Vectors>((sandbox) => {
  for (const { name, kernel, ulps } of FUNCTIONS) {
    test(`${name} within ${ulps} units in the last place over all floats`, () => {
      const expected = ORACLES.get(name) as Float64Array;
      const actual = evaluate(sandbox, kernel, SAMPLES);
      let worst = { error: 0, x: 0, is: 0, should: 0 };
      for (let i = 0; i < SAMPLES.length; i++) {
        const x = SAMPLES[i] as number;
        const is = actual[i] as number;
        const should = expected[i] as number;
        if (name === "sigmoid" && x < SIGMOID_RELATIVE_FROM) {
          if (!(Math.abs(is - should) <= SIGMOID_ABSOLUTE_BOUND)) expect.fail(`sigmoid(${x}) is ${is}, not ${should}`);
          continue;
        }
        const error = errorInUlps(is, should);
        if (!(error <= worst.error)) worst = { error, x, is, should };
      }
      expect(worst.error, `${name}(${worst.x}) is ${worst.is}, not ${worst.should}`).toBeLessThan(ulps);
    });

    test(`${name} of four and twelve floats, also in place, writes no other`, () => {
      for (const n of [4, 12]) {
        const x = new Matrix(
          1,
          n,
          Array.from({ length: n }, (_, i) => Math.fround(1.7 * (i - n / 3))),
        );
        sandbox.reset();
        const from = sandbox.place(x);
        const to = sandbox.reserve(n);
        sandbox.kernels[kernel](to.offset, from.offset, n);
        sandbox.expectOnlyWritten(to);
        const result = sandbox.read(to);
        sandbox.kernels[kernel](from.offset, from.offset, n);
        sandbox.expectOnlyWritten(from);
        expectSame(sandbox.read(from), result, `${n} floats in place`);
        expect(result.data.every((value, i) => errorInUlps(value, oracleOf(name)(at(x.data, i))) < ulps)).toBe(true);
      }
    });
  }

  test("NaN, infinities, zeros and subnormals", () => {
    const x = Float32Array.of(NaN, -Infinity, -0, 0, Infinity, SMALLEST, -SMALLEST, 2 ** -127);
    expect([...evaluate(sandbox, "expVector", x)]).toEqual([NaN, 0, 1, 1, Infinity, 1, 1, 1]);
    expect([...evaluate(sandbox, "sigmoidVector", x)]).toEqual([NaN, 0, 0.5, 0.5, 1, 0.5, 0.5, 0.5]);
    const small = [2, 3, 5, 6, 7]; // tanh x = x, the sign of zero included
    const y = evaluate(sandbox, "tanhVector", x);
    expect(small.map((i) => y[i])).toEqual(small.map((i) => x[i]));
    expect(y[0]).toBeNaN();
  });

  test("NaN stays in its lane", () => {
    for (const { kernel } of FUNCTIONS) {
      for (let lane = 0; lane < 4; lane++) {
        const x = Float32Array.from({ length: 4 }, (_, i) => (i === lane ? NaN : 0.25));
        expect([...evaluate(sandbox, kernel, x)].map(Number.isNaN)).toEqual([0, 1, 2, 3].map((i) => i === lane));
      }
    }
  });

  test("tanh is odd, never beyond ±1, and does not move from ±9.02 on", () => {
    const y = evaluate(sandbox, "tanhVector", POSITIVE);
    const mirrored = evaluate(sandbox, "tanhVector", NEGATIVE);
    const last = evaluate(sandbox, "tanhVector", Float32Array.of(Infinity))[0] as number;
    expect(last).toBeGreaterThanOrEqual(1 - UNIT_ROUNDOFF); // the relaxed core ends at the float below 1
    for (let i = 0; i < POSITIVE.length; i++) {
      const x = POSITIVE[i] as number;
      const value = y[i] as number;
      if (!(value <= 1 && (x < 9.02 || value === last))) expect.fail(`tanh(${x}) is ${value}`);
      if (mirrored[i] !== -value) expect.fail(`tanh(${-x}) is ${mirrored[i]}, not ${-value}`);
    }
  });

  test("log within 2 units in the last place, as a loss of rows whose sum of exponentials is known exactly", () => {
    // Equal logits: each exponential is 1, the loss is log O.
    const wide = Array.from({ length: 600 }, (_, i) => Math.floor(1.016 ** i) + i);
    for (const O of wide) expectLog(sandbox, new Matrix(1, O), O);
    // Up to four logits, the first 0 and the highest: each exponential is alone in its lane and is summed in double.
    for (let i = 0; i < 2000; i++) {
      const logits = new Matrix(1, 2 + (i % 3));
      logits.data.forEach((_, j) => {
        logits.set(0, j, j === 0 ? 0 : Math.fround(-(2 ** (((i * 37 + j * 911) % 2000) / 100 - 16))));
      });
      const e = evaluate(
        sandbox,
        "expVector",
        Float32Array.from({ length: 4 }, (_, j) => logits.data[j] ?? -Infinity),
      );
      expectLog(sandbox, logits, at(e, 0) + at(e, 1) + (at(e, 2) + at(e, 3)));
    }
  });
}, "-vectors");

/** The loss of one row whose target, column 0, has the highest logit, 0: log of the sum. */
function expectLog(sandbox: Sandbox<Vectors>, logits: Matrix, sum: number): void {
  sandbox.reset();
  const row = sandbox.place(logits);
  const target = sandbox.placeIndices([0]);
  const losses = sandbox.reserveDoubles(1);
  sandbox.kernels.crossEntropy(row.offset, target.offset, losses.offset, 1, logits.columns, 1);
  const loss = at(sandbox.readDoubles(losses), 0);
  const expected = Math.log(sum);
  const ulp = 2 ** (Math.floor(Math.log2(expected)) - 52);
  if (!(Math.abs(loss - expected) <= 2 * ulp)) expect.fail(`log(${sum}) is ${loss}, not ${expected}`);
}

function evaluate(sandbox: Sandbox<Vectors>, kernel: Kernel, x: Float32Array) {
  const y = new Float32Array(x.length);
  for (let first = 0; first < x.length; first += CHUNK) {
    const part = x.subarray(first, first + CHUNK);
    sandbox.reset();
    const from = sandbox.placeFloats(part);
    const to = sandbox.reserve(from.width);
    sandbox.kernels[kernel](to.offset, from.offset, from.width);
    sandbox.expectOnlyWritten(to);
    y.set(sandbox.view(to).subarray(0, part.length), first);
  }
  return y;
}

function oracleOf(name: string): (x: number) => number {
  return FUNCTIONS.find((entry) => entry.name === name)?.oracle ?? expect.fail(name);
}

const double = new Float64Array(1);
const words = new Uint32Array(double.buffer);
/** A float32's unit in the last place by a double's biased exponent. */
const ULPS = Float64Array.from({ length: 2048 }, (_, biased) => 2 ** (Math.max(biased - 1023, -126) - 23));

/** Infinity counts as 2¹²⁸, the number that it stands for in rounding; NaN for anything but NaN is an infinite error. */
function errorInUlps(is: number, should: number): number {
  if (Number.isNaN(should)) return Number.isNaN(is) ? 0 : Infinity;
  if (Number.isNaN(is)) return Infinity;
  const truth = Math.min(should, 2 ** 128);
  double[0] = truth;
  return Math.abs(Math.min(is, 2 ** 128) - truth) / (ULPS[((words[1] as number) >>> 20) & 2047] as number);
}

/**
 * Floats by their bits: every 4099th of all, signs, NaN and subnormals included; every 1021st between 2⁻⁶ and 2⁷, where
 * the functions do what they are for; and 200 neighbours on both sides of each point at which a branch or a range ends.
 */
function sampleFloats(): Float32Array {
  const patterns: number[] = [];
  for (let bits = 0; bits < 2 ** 32; bits += 4099) patterns.push(bits);
  for (let bits = bitsOf(2 ** -6); bits < bitsOf(2 ** 7); bits += 1021) patterns.push(bits, bits + 2 ** 31);
  const breakpoints = [0, 2 ** -126, Math.LN2 / 2, 9.02, 87, 87.3366, 88.3763, 88.7228, 89, 103.2789, 103.9721, 105];
  for (const point of [...breakpoints, 2 ** 127, Infinity]) {
    for (let away = -200; away <= 200; away++) {
      const bits = Math.max(0, bitsOf(point) + away);
      patterns.push(bits, bits + 2 ** 31);
    }
  }
  return new Float32Array(new Uint32Array(patterns).buffer);
}

function bitsOf(x: number): number {
  return at(new Uint32Array(Float32Array.of(x).buffer), 0);
}
