import { type AnyTensor, at, type Tensor } from "./tensor.js";

/** A row-major matrix in double precision. `at`, `set` and `add` check where they go. */
export class Matrix {
  readonly rows: number;
  readonly columns: number;
  readonly data: Float64Array;

  /** The values are copied; without values the matrix is zero. */
  constructor(rows: number, columns: number, values?: ArrayLike<number>) {
    if (values !== undefined && values.length !== rows * columns) {
      throw new RangeError(`${values.length} values do not fill (${rows}, ${columns})`);
    }
    this.rows = rows;
    this.columns = columns;
    this.data = values === undefined ? new Float64Array(rows * columns) : new Float64Array(values);
  }

  /** A tensor of rank 2, or of rank 1 as one row. */
  static fromTensor(tensor: AnyTensor): Matrix {
    const [first, second] = tensor.shape;
    if (first === undefined || tensor.shape.length > 2) throw new RangeError(`rank ${tensor.shape.length}`);
    return second === undefined ? new Matrix(1, first, tensor.data) : new Matrix(first, second, tensor.data);
  }

  private offset(row: number, column: number): number {
    if (!(row >= 0 && row < this.rows && column >= 0 && column < this.columns)) {
      throw new RangeError(`(${row}, ${column}) is outside (${this.rows}, ${this.columns})`);
    }
    return row * this.columns + column;
  }

  at(row: number, column: number): number {
    return this.data[this.offset(row, column)] as number;
  }

  set(row: number, column: number, value: number): void {
    this.data[this.offset(row, column)] = value;
  }

  add(row: number, column: number, value: number): void {
    const offset = this.offset(row, column);
    this.data[offset] = (this.data[offset] as number) + value;
  }
}

// Nearly all of the oracle's time goes into the products: they compare the dimensions, and then index the rows themselves.

/** A (M, K) · B (K, N) → (M, N) */
export function productNN(A: Matrix, B: Matrix): Matrix {
  requireEqual(A.columns, B.rows);
  const C = new Matrix(A.rows, B.columns);
  const [a, b, M, N, K] = [A.data, B.data, C.rows, C.columns, A.columns];
  for (let m = 0; m < M; m++) {
    for (let n = 0; n < N; n++) {
      let sum = 0;
      for (let k = 0; k < K; k++) sum += (a[m * K + k] as number) * (b[k * N + n] as number);
      C.data[m * N + n] = sum;
    }
  }
  return C;
}

/** A (M, K) · Bᵀ, B (N, K) → (M, N) */
export function productNT(A: Matrix, B: Matrix): Matrix {
  requireEqual(A.columns, B.columns);
  const C = new Matrix(A.rows, B.rows);
  const [a, b, M, N, K] = [A.data, B.data, C.rows, C.columns, A.columns];
  for (let m = 0; m < M; m++) {
    for (let n = 0; n < N; n++) {
      let sum = 0;
      for (let k = 0; k < K; k++) sum += (a[m * K + k] as number) * (b[n * K + k] as number);
      C.data[m * N + n] = sum;
    }
  }
  return C;
}

/** Aᵀ, A (K, M) · B (K, N) → (M, N) */
export function productTN(A: Matrix, B: Matrix): Matrix {
  requireEqual(A.rows, B.rows);
  const C = new Matrix(A.columns, B.columns);
  const [a, b, M, N, K] = [A.data, B.data, C.rows, C.columns, A.rows];
  for (let m = 0; m < M; m++) {
    for (let n = 0; n < N; n++) {
      let sum = 0;
      for (let k = 0; k < K; k++) sum += (a[k * M + m] as number) * (b[k * N + n] as number);
      C.data[m * N + n] = sum;
    }
  }
  return C;
}

/** A + B */
export function sum(A: Matrix, B: Matrix): Matrix {
  requireEqual(A.rows, B.rows);
  requireEqual(A.columns, B.columns);
  const C = new Matrix(A.rows, A.columns, A.data);
  for (let i = 0; i < C.data.length; i++) C.data[i] = (A.data[i] as number) + (B.data[i] as number);
  return C;
}

/** x (M, K) · Wᵀ + bias, W (N, K), bias (1, N) → (M, N): PyTorch's Linear. */
export function affine(x: Matrix, W: Matrix, bias: Matrix): Matrix {
  requireEqual(W.rows, bias.columns);
  const y = productNT(x, W);
  for (let m = 0; m < y.rows; m++) {
    for (let n = 0; n < y.columns; n++) y.add(m, n, bias.at(0, n));
  }
  return y;
}

/** The sum over the rows, (M, N) → (1, N): the gradient of a bias. */
export function columnSums(A: Matrix): Matrix {
  const sums = new Matrix(1, A.columns);
  for (let m = 0; m < A.rows; m++) {
    for (let n = 0; n < A.columns; n++) sums.add(0, n, A.at(m, n));
  }
  return sums;
}

/** slice(tensor, i)[b] = tensor[b, i]: one time step of a batch-first (B, T, N) → (B, N). */
export function timeStep(tensor: Tensor, t: number): Matrix {
  const [B, T, N] = rank3(tensor);
  const step = new Matrix(B, N);
  for (let b = 0; b < B; b++) {
    for (let n = 0; n < N; n++) step.set(b, n, at(tensor.data, (b * T + t) * N + n));
  }
  return step;
}

/** The inverse of timeStep: T matrices (B, N) → (B, T, N). */
export function joinTimeSteps(steps: readonly Matrix[]): Tensor {
  const T = steps.length;
  const B = steps[0]?.rows ?? 0;
  const N = steps[0]?.columns ?? 0;
  const data = new Float64Array(B * T * N);
  steps.forEach((step, t) => {
    for (let b = 0; b < B; b++) {
      for (let n = 0; n < N; n++) data[(b * T + t) * N + n] = step.at(b, n);
    }
  });
  return { data, shape: [B, T, N] };
}

/** The three dimensions of a tensor of rank 3. */
export function rank3(tensor: AnyTensor): [number, number, number] {
  const [first, second, third] = tensor.shape;
  if (first === undefined || second === undefined || third === undefined || tensor.shape.length !== 3) {
    throw new RangeError(`expected rank 3, got (${tensor.shape.join(", ")})`);
  }
  return [first, second, third];
}

function requireEqual(left: number, right: number): void {
  if (left !== right) throw new RangeError(`dimensions ${left} and ${right} differ`);
}
