import { expect, test } from "vitest";
import { columnSums, Matrix, productNN, sum } from "../reference/matrix.js";
import { generator } from "../reference/random.js";
import {
  type Block,
  describeEachBuild,
  expectSame,
  expectWithin,
  expectZeroPadding,
  mapMatrix,
  padded,
  randomMatrix,
  type Sandbox,
  UNIT_ROUNDOFF,
} from "./core.js";

/*
 * Products against the float64 oracle. Rows run over tiles of six, four and three and over blocks of 48, columns over
 * panels of eight, twelve and four, the sums of weight gradients over blocks of 256.
 */
const ROWS = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 47, 48, 49, 101];
const COLUMNS = [1, 3, 4, 5, 7, 8, 9, 11, 12, 16, 17, 23, 36, 67];
const DEPTHS = [1, 2, 31];

/** Sums of a weight gradient: 1, a prime, around one block of 256, and a prime over three blocks. */
const GRADIENT_DEPTHS = [1, 29, 255, 256, 257, 773];
const GRADIENT_ROWS = [1, 3, 4, 5, 6, 7, 8, 9, 13, 53];
const GRADIENT_COLUMNS = [1, 4, 7, 8, 9, 12, 17];

/** Leading dimensions are all longer than a row needs, and all different. */
const leadingOfA = (columns: number) => columns + 5;
const leadingOfB = (columns: number) => padded(columns) + 8;
const leadingOfC = (columns: number) => padded(columns) + 4;
const leadingOfInit = (columns: number) => padded(columns) + 12;

describeEachBuild((sandbox) => {
  const { kernels } = sandbox;

  test("packedSize", () => {
    expect([1, 4, 5, 8, 9].map((N) => kernels.packedSize(7, N))).toEqual([28, 28, 56, 56, 84]);
  });

  test("pack and packTransposed write the same panels", () => {
    for (const [K, N] of DEPTHS.flatMap((depth) => COLUMNS.map((columns) => [depth, columns] as const))) {
      const B = randomMatrix(generator(100 * K + N), K, N);
      const bits = (["pack", "packTransposed"] as const).map((packing) => {
        sandbox.reset();
        const panels = packed(sandbox, packing, B);
        sandbox.expectOnlyWritten(panels);
        return sandbox.read(panels);
      });
      expectSame(bits[1] as Matrix, bits[0] as Matrix, `K ${K}, N ${N}`);
      // Every element once and zeros in the rest: together with the products below this fixes the order.
      expect((bits[0] as Matrix).data.filter((value) => value !== 0).toSorted(), `K ${K}, N ${N}`).toEqual(
        B.data.toSorted(),
      );
    }
  });

  for (const packing of ["pack", "packTransposed"] as const) {
    for (const M of ROWS) {
      test(`C (${M}, N) = init + A · B after ${packing}`, () => {
        for (const [N, K] of distinct(COLUMNS, DEPTHS, M)) {
          const { A, B, whole, bias, product, magnitude } = problem(M, N, K);
          const inits: [name: string, init: Matrix, ownRow: boolean][] = [
            ["C itself", whole, false],
            ["a matrix", whole, false],
            ["a bias row", bias, true],
            ["zeros", new Matrix(1, N), true],
          ];
          for (const [name, init, ownRow] of inits) {
            const what = `M ${M}, N ${N}, K ${K}, init ${name}`;
            sandbox.reset();
            const panels = packed(sandbox, packing, B);
            const a = sandbox.place(A, { ld: leadingOfA(K), width: K });
            const before = name === "C itself" ? init : mapMatrix(whole, () => NaN);
            const c = sandbox.place(before, { ld: leadingOfC(N), padding: name === "C itself" ? 0 : NaN });
            const start = name === "C itself" ? c : sandbox.place(init, { ld: leadingOfInit(N) });
            const ldInit = ownRow ? 0 : start.ld;
            kernels.multiply(c.offset, c.ld, start.offset, ldInit, a.offset, a.ld, 1, panels.offset, M, N, K);

            sandbox.expectOnlyWritten(c, panels);
            expectZeroPadding(sandbox, c, what);
            const full = ownRow ? repeated(init, M) : init;
            expectWithin(sandbox.read(c), sum(full, product), errorBound(K, full, magnitude), what);
          }
        }
      });
    }
  }

  test("multiplyRow after packForRow: c (N) = init + a · B", () => {
    for (const [N, K] of distinct([...COLUMNS, 31, 32, 33, 64, 65, 100], DEPTHS, 1)) {
      const { A, B, whole, product, magnitude } = problem(1, N, K);
      for (const inPlace of [true, false]) {
        const what = `N ${N}, K ${K}${inPlace ? ", C itself" : ""}`;
        sandbox.reset();
        const panels = sandbox.reserve(kernels.packedSize(K, N));
        const b = sandbox.place(B, { ld: leadingOfB(N) });
        kernels.packForRow(panels.offset, b.offset, b.ld, K, N);
        sandbox.expectOnlyWritten(panels);
        const a = sandbox.place(A, { ld: leadingOfA(K), width: K });
        const init = sandbox.place(whole);
        const c = inPlace
          ? init
          : sandbox.place(
              mapMatrix(whole, () => NaN),
              { padding: NaN },
            );
        kernels.multiplyRow(c.offset, init.offset, a.offset, panels.offset, N, K);
        sandbox.expectOnlyWritten(c);
        expectZeroPadding(sandbox, c, what);
        expectWithin(sandbox.read(c), sum(whole, product), errorBound(K, whole, magnitude), what);
      }
    }
  });

  for (const K of GRADIENT_DEPTHS) {
    test(`weightGradient over ${K} rows`, () => {
      for (const [M, N] of distinct(GRADIENT_ROWS, GRADIENT_COLUMNS, K)) {
        const { A, B: D, bias: before, product, magnitude } = problem(M, N, K);
        for (const withSums of [true, false]) {
          const what = `M ${M}, N ${N}, K ${K}${withSums ? ", with sums" : ""}`;
          sandbox.reset();
          const d = sandbox.place(D, { ld: leadingOfB(N) });
          const a = sandbox.place(transposed(A), { ld: leadingOfA(M), width: M });
          const dW = sandbox.place(new Matrix(M, N, new Array(M * N).fill(Number.NaN)), {
            ld: leadingOfC(N),
            padding: NaN,
          });
          const zeros = sandbox.place(new Matrix(1, N));
          const sums = sandbox.place(before);
          const scratch = sandbox.reserve(kernels.packedSize(Math.min(K, 256), N));
          kernels.weightGradient(
            dW.offset,
            dW.ld,
            a.offset,
            a.ld,
            d.offset,
            d.ld,
            M,
            N,
            K,
            zeros.offset,
            scratch.offset,
            withSums ? sums.offset : 0,
          );

          sandbox.expectOnlyWritten(dW, scratch, ...(withSums ? [sums] : []));
          expectZeroPadding(sandbox, dW, what);
          expectWithin(sandbox.read(dW), product, errorBound(K, new Matrix(M, N), magnitude), what);
          if (!withSums) continue;
          expectZeroPadding(sandbox, sums, what);
          const bound = errorBound(K, before, columnSums(absolute(D)));
          expectWithin(sandbox.read(sums), sum(before, columnSums(D)), bound, `${what}: the sums`);
        }
      }
    });
  }
});

interface Problem {
  readonly A: Matrix; // (M, K)
  readonly B: Matrix; // (K, N)
  readonly whole: Matrix; // (M, N)
  readonly bias: Matrix; // (1, N)
  /** A · B */
  readonly product: Matrix;
  /** |A| · |B| */
  readonly magnitude: Matrix;
}

/** Kept, because all builds and packings solve the same ones and the oracle takes longer than they do. */
const problems = new Map<string, Problem>();

function problem(M: number, N: number, K: number): Problem {
  const key = `${M} ${N} ${K}`;
  const known = problems.get(key);
  if (known !== undefined) return known;
  const random = generator(1e6 * M + 1e4 * N + K);
  const A = randomMatrix(random, M, K);
  const B = randomMatrix(random, K, N);
  const whole = randomMatrix(random, M, N);
  const bias = randomMatrix(random, 1, N);
  const made = { A, B, whole, bias, product: productNN(A, B), magnitude: productNN(absolute(A), absolute(B)) };
  problems.set(key, made);
  return made;
}

/** The panels of B (K, N), which lies as it is for `pack` and transposed for the other. */
function packed(sandbox: Sandbox, packing: "pack" | "packTransposed", B: Matrix): Block {
  const { rows: K, columns: N } = B;
  const panels = sandbox.reserve(sandbox.kernels.packedSize(K, N));
  // (N, K) is read element by element and its rows need no padding; (K, N) is read in whole vectors.
  const b =
    packing === "pack"
      ? sandbox.place(B, { ld: leadingOfB(N) })
      : sandbox.place(transposed(B), { ld: leadingOfA(K), width: K });
  sandbox.kernels[packing](panels.offset, b.offset, b.ld, K, N);
  return panels;
}

/**
 * init + Σ a·b in any order of K additions, each product and each addition rounded or fused: |error| ≤ γ(K + 1) · (|init| +
 * Σ|a||b|), γ(n) = n·u / (1 − n·u) (Higham, Accuracy and Stability of Numerical Algorithms, 3.1), less than (K + 2)·u for
 * all K here. The oracle's own error, K · 2⁻⁵³, is inside the difference.
 */
function errorBound(K: number, init: Matrix, magnitude: Matrix): Matrix {
  return mapMatrix(sum(absolute(init), magnitude), (value) => (K + 2) * UNIT_ROUNDOFF * value);
}

/** All pairs of two dimensions that are equal neither to each other nor to the third. */
function distinct(first: number[], second: number[], third: number): [number, number][] {
  const pairs = first.flatMap((a) => second.map((b): [number, number] => [a, b]));
  return pairs.filter(([a, b]) => a !== b && a !== third && b !== third);
}

function absolute(matrix: Matrix): Matrix {
  return mapMatrix(matrix, Math.abs);
}

function transposed(matrix: Matrix): Matrix {
  const result = new Matrix(matrix.columns, matrix.rows);
  for (let i = 0; i < matrix.rows; i++) {
    for (let j = 0; j < matrix.columns; j++) result.set(j, i, matrix.at(i, j));
  }
  return result;
}

function repeated(row: Matrix, rows: number): Matrix {
  return new Matrix(rows, row.columns, Array.from({ length: rows }, () => [...row.data]).flat());
}
