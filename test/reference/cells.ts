import { relu, sigmoid, tanh } from "./math.js";
import { Matrix } from "./matrix.js";

/*
 * One time step of each cell, with its derivative beside it.
 *
 * A step takes the two projections, which are the same for all cells and belong to the layer:
 *   X = W_ih x[t] + b_ih      (B, G·H)
 *   R = W_hh h[t−1] + b_hh    (B, G·H)
 * G = 1 for rnn, 3 for gru, 4 for lstm; gate g of unit j is column g·H + j.
 * dX is the gradient of the loss with respect to X, and so on.
 */

/** h (B, H) and c (B, H). Cells other than lstm leave c alone. */
export interface CellState {
  readonly h: Matrix;
  readonly c: Matrix;
}

export interface Step {
  readonly state: CellState;
  /** From the gradient of the state after this step. */
  backward(dState: CellState): StepGradients;
}

export interface StepGradients {
  readonly dX: Matrix; // (B, G·H)
  readonly dR: Matrix; // (B, G·H)
  /** What reaches the state before this step directly; the way through R is the layer's. */
  readonly dPrevious: CellState;
}

export type StepFunction = (X: Matrix, R: Matrix, previous: CellState) => Step;

/** h' = tanh(X + R) or relu(X + R). https://pytorch.org/docs/stable/generated/torch.nn.RNN.html */
export function rnnStep(nonlinearity: "tanh" | "relu"): StepFunction {
  const activation = nonlinearity === "tanh" ? tanh : relu;
  return (X, R, previous) => {
    const { rows: B, columns: H } = previous.h;
    const h = new Matrix(B, H);
    for (let b = 0; b < B; b++) {
      for (let j = 0; j < H; j++) h.set(b, j, activation(X.at(b, j) + R.at(b, j)));
    }

    function backward(dState: CellState): StepGradients {
      const dX = new Matrix(B, H);
      for (let b = 0; b < B; b++) {
        for (let j = 0; j < H; j++) {
          const y = h.at(b, j);
          // tanh′ = 1 − y²; relu′ = 1 where y > 0, and 0 at the kink, as PyTorch has it
          const slope = nonlinearity === "tanh" ? 1 - y * y : y > 0 ? 1 : 0;
          dX.set(b, j, dState.h.at(b, j) * slope);
        }
      }
      return { dX, dR: dX, dPrevious: { h: new Matrix(B, H), c: dState.c } };
    }

    return { state: { h, c: previous.c }, backward };
  };
}

/** Gates r, z, n. https://pytorch.org/docs/stable/generated/torch.nn.GRU.html */
export const gruStep: StepFunction = (X, R, previous) => {
  const { rows: B, columns: H } = previous.h;
  const h = new Matrix(B, H);
  const r = new Matrix(B, H);
  const z = new Matrix(B, H);
  const n = new Matrix(B, H);
  for (let b = 0; b < B; b++) {
    for (let j = 0; j < H; j++) {
      r.set(b, j, sigmoid(X.at(b, j) + R.at(b, j)));
      z.set(b, j, sigmoid(X.at(b, H + j) + R.at(b, H + j)));
      n.set(b, j, tanh(X.at(b, 2 * H + j) + r.at(b, j) * R.at(b, 2 * H + j)));
      h.set(b, j, (1 - z.at(b, j)) * n.at(b, j) + z.at(b, j) * previous.h.at(b, j));
    }
  }

  function backward(dState: CellState): StepGradients {
    const dX = new Matrix(B, 3 * H);
    const dR = new Matrix(B, 3 * H);
    const dPrevious = new Matrix(B, H);
    for (let b = 0; b < B; b++) {
      for (let j = 0; j < H; j++) {
        const dh = dState.h.at(b, j);
        // h' = (1 − z) n + z h
        const dn = dh * (1 - z.at(b, j));
        const dz = dh * (previous.h.at(b, j) - n.at(b, j));
        dPrevious.set(b, j, dh * z.at(b, j));
        // n = tanh(Xn + r Rn)
        const dXn = dn * (1 - n.at(b, j) ** 2);
        const dRn = dXn * r.at(b, j);
        const dr = dXn * R.at(b, 2 * H + j);
        // z = sigmoid(Xz + Rz)
        const dXz = dz * z.at(b, j) * (1 - z.at(b, j));
        // r = sigmoid(Xr + Rr)
        const dXr = dr * r.at(b, j) * (1 - r.at(b, j));

        dX.set(b, j, dXr);
        dX.set(b, H + j, dXz);
        dX.set(b, 2 * H + j, dXn);
        dR.set(b, j, dXr);
        dR.set(b, H + j, dXz);
        dR.set(b, 2 * H + j, dRn);
      }
    }
    return { dX, dR, dPrevious: { h: dPrevious, c: dState.c } };
  }

  return { state: { h, c: previous.c }, backward };
};

/** Gates i, f, g, o. https://pytorch.org/docs/stable/generated/torch.nn.LSTM.html */
export const lstmStep: StepFunction = (X, R, previous) => {
  const { rows: B, columns: H } = previous.h;
  const h = new Matrix(B, H);
  const c = new Matrix(B, H);
  const i = new Matrix(B, H);
  const f = new Matrix(B, H);
  const g = new Matrix(B, H);
  const o = new Matrix(B, H);
  for (let b = 0; b < B; b++) {
    for (let j = 0; j < H; j++) {
      i.set(b, j, sigmoid(X.at(b, j) + R.at(b, j)));
      f.set(b, j, sigmoid(X.at(b, H + j) + R.at(b, H + j)));
      g.set(b, j, tanh(X.at(b, 2 * H + j) + R.at(b, 2 * H + j)));
      o.set(b, j, sigmoid(X.at(b, 3 * H + j) + R.at(b, 3 * H + j)));
      c.set(b, j, f.at(b, j) * previous.c.at(b, j) + i.at(b, j) * g.at(b, j));
      h.set(b, j, o.at(b, j) * tanh(c.at(b, j)));
    }
  }

  function backward(dState: CellState): StepGradients {
    const dX = new Matrix(B, 4 * H);
    const dPrevious = new Matrix(B, H);
    for (let b = 0; b < B; b++) {
      for (let j = 0; j < H; j++) {
        const dh = dState.h.at(b, j);
        // h' = o tanh(c')
        const tanhC = tanh(c.at(b, j));
        const do_ = dh * tanhC;
        const dc = dState.c.at(b, j) + dh * o.at(b, j) * (1 - tanhC ** 2);
        // c' = f c + i g
        const df = dc * previous.c.at(b, j);
        const di = dc * g.at(b, j);
        const dg = dc * i.at(b, j);
        dPrevious.set(b, j, dc * f.at(b, j));
        // i, f, o = sigmoid(X + R); g = tanh(X + R)
        dX.set(b, j, di * i.at(b, j) * (1 - i.at(b, j)));
        dX.set(b, H + j, df * f.at(b, j) * (1 - f.at(b, j)));
        dX.set(b, 2 * H + j, dg * (1 - g.at(b, j) ** 2));
        dX.set(b, 3 * H + j, do_ * o.at(b, j) * (1 - o.at(b, j)));
      }
    }
    return { dX, dR: dX, dPrevious: { h: new Matrix(B, H), c: dPrevious } };
  }

  return { state: { h, c }, backward };
};
