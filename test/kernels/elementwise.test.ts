import { test } from "vitest";
import { columnSums, Matrix } from "../reference/matrix.js";
import { generator, randomIndices } from "../reference/random.js";
import { at } from "../reference/tensor.js";
import {
  describeEachBuild,
  expectSame,
  expectWithin,
  expectZeroPadding,
  mapMatrix,
  padded,
  randomMatrix,
  UNIT_ROUNDOFF,
} from "./core.js";

/** Row widths around one, two and three vectors, and a long prime. */
const WIDTHS = [1, 3, 4, 5, 8, 9, 11, 37];

describeEachBuild((sandbox) => {
  const { kernels } = sandbox;

  test("addVectors", () => {
    for (const N of WIDTHS) {
      const random = generator(N);
      const [A, B] = [randomMatrix(random, 1, N), randomMatrix(random, 1, N)];
      sandbox.reset();
      const a = sandbox.place(A);
      const b = sandbox.place(B);
      const y = sandbox.place(new Matrix(1, N), { padding: NaN });
      kernels.addVectors(y.offset, a.offset, b.offset, y.width);
      sandbox.expectOnlyWritten(y);
      expectZeroPadding(sandbox, y, `N ${N}`);
      // One rounded addition is the float32 nearest to the sum.
      const sums = mapMatrix(A, (value, i) => Math.fround(value + at(B.data, i)));
      expectSame(sandbox.read(y), sums, `N ${N}`);
    }
  });

  test("gatherRows", () => {
    for (const N of WIDTHS) {
      for (const [rows, V] of [
        [1, 6],
        [7, 2],
        [29, 13],
      ] as const) {
        const random = generator(100 * N + rows);
        const [table, bias] = [randomMatrix(random, V, N), randomMatrix(random, 1, N)];
        const indices = bothEnds(randomIndices(random, [rows], V).data, V);
        sandbox.reset();
        const t = sandbox.place(table);
        const b = sandbox.place(bias);
        const i = sandbox.placeIndices(indices);
        const y = sandbox.place(new Matrix(rows, N), { ld: padded(N) + 8, padding: NaN });
        kernels.gatherRows(y.offset, y.ld, t.offset, b.offset, i.offset, rows, y.width);

        const what = `${rows} rows of ${N} out of ${V}`;
        sandbox.expectOnlyWritten(y);
        expectZeroPadding(sandbox, y, what);
        const expected = mapMatrix(new Matrix(rows, N), (_, k) => {
          const [row, column] = [Math.floor(k / N), k % N];
          return Math.fround(table.at(at(indices, row), column) + bias.at(0, column));
        });
        expectSame(sandbox.read(y), expected, what);
      }
    }
  });

  test("scatterAddRows, with indices that repeat", () => {
    for (const N of WIDTHS) {
      for (const [rows, V] of [
        [1, 6],
        [7, 2],
        [29, 13],
        [257, 5],
        [600, 3],
      ] as const) {
        const random = generator(200 * N + rows);
        const [before, dY] = [randomMatrix(random, V, N), randomMatrix(random, rows, N)];
        const indices = bothEnds(randomIndices(random, [rows], V).data, V);
        sandbox.reset();
        const d = sandbox.place(dY, { ld: padded(N) + 8 });
        const i = sandbox.placeIndices(indices);
        const dTable = sandbox.place(before);
        const sums = sandbox.place(new Matrix(V, N));
        kernels.scatterAddRows(dTable.offset, sums.offset, dTable.width, d.offset, d.ld, i.offset, rows, dTable.width);

        const what = `${rows} rows of ${N} into ${V}`;
        // The sums too are as they were: zeros.
        sandbox.expectOnlyWritten(dTable);
        expectZeroPadding(sandbox, dTable, what);
        // Row after row in blocks of 256, each addition rounded: the same bits.
        const expected = new Matrix(V, N, before.data);
        for (let first = 0; first < rows; first += 256) {
          const block = new Matrix(V, N);
          const addTo = (matrix: Matrix, v: number, j: number, x: number) =>
            matrix.set(v, j, Math.fround(matrix.at(v, j) + x));
          for (let r = first; r < Math.min(rows, first + 256); r++) {
            for (let j = 0; j < N; j++) addTo(block, at(indices, r), j, dY.at(r, j));
          }
          for (let v = 0; v < V; v++) for (let j = 0; j < N; j++) addTo(expected, v, j, block.at(v, j));
        }
        expectSame(sandbox.read(dTable), expected, what);
      }
    }
  });

  test("columnSums over blocks of 128 rows", () => {
    for (const N of WIDTHS) {
      for (const rows of [1, 2, 7, 127, 128, 129, 255, 256, 257, 389]) {
        const D = randomMatrix(generator(1000 * N + rows), rows, N);
        sandbox.reset();
        const d = sandbox.place(D, { ld: padded(N) + 12 });
        const sums = sandbox.place(new Matrix(1, N), { padding: NaN });
        kernels.columnSums(sums.offset, d.offset, d.ld, rows, sums.width);

        const what = `${rows} rows of ${N}`;
        sandbox.expectOnlyWritten(sums);
        expectZeroPadding(sandbox, sums, what);
        expectWithin(sandbox.read(sums), columnSums(D), columnSumsBound(D), what);
      }
    }
  });

  test("columnSums of many rows errs like one of few", () => {
    // Summed one after another, 60,000 equal numbers lose more than this bound allows.
    const D = mapMatrix(new Matrix(60_013, 1), () => Math.fround(0.1));
    sandbox.reset();
    const d = sandbox.place(D);
    const sums = sandbox.reserve(4);
    kernels.columnSums(sums.offset, d.offset, d.ld, D.rows, d.width);
    sandbox.expectOnlyWritten(sums);
    const sum = new Matrix(1, 1, sandbox.view(sums).subarray(0, 1));
    expectWithin(sum, columnSums(D), columnSumsBound(D), "60,013 rows");
  });
});

/** Each term goes through at most min(rows, 128) additions in its block and one for each block: γ(n) · Σ|d|. */
function columnSumsBound(D: Matrix): Matrix {
  const additions = Math.min(D.rows, 128) + Math.ceil(D.rows / 128);
  return mapMatrix(columnSums(mapMatrix(D, Math.abs)), (value) => (additions + 1) * UNIT_ROUNDOFF * value);
}

/** The first and the last index occur where there is room. */
function bothEnds(indices: Int32Array, V: number): Int32Array {
  indices[0] = V - 1;
  if (indices.length > 1) indices[indices.length - 1] = 0;
  return indices;
}
