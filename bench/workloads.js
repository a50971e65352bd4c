/*
 * The workloads, the same for all peers and browsers. Training: one step is forward, mean cross-entropy, backward and
 * Adam on a fixed batch of class indices; `steps` is what one measurement runs, the lab's are its 100 epochs. `peers`
 * are the slow ones that take part. Sampling: `symbols` is what one measurement draws, one at a time.
 */
export const workloads = [
  {
    name: "lab: RNN 2×25, B 170, T 10, 100 epochs",
    key: "lab",
    kind: "training",
    cell: "rnn",
    hiddenSize: 25,
    numLayers: 2,
    classes: 25,
    B: 170,
    T: 10,
    steps: 100,
    repeats: 15,
    peers: ["tfjs", "jax-js", "brain"],
  },
  training("rnn", 128, 50, 50, 10, ["tfjs", "jax-js"]),
  training("gru", 128, 50, 50, 5, ["tfjs"]),
  training("lstm", 128, 50, 50, 5, ["tfjs"]),
  training("lstm", 256, 32, 64, 2, []),
  training("lstm", 512, 64, 64, 1, []),
];

function training(cell, hiddenSize, B, T, steps, peers) {
  const name = `${cell.toUpperCase()} 2×${hiddenSize}, V 65, B ${B}, T ${T}, one step`;
  const key = `${cell}-${hiddenSize}`;
  return { name, key, kind: "training", cell, hiddenSize, numLayers: 2, classes: 65, B, T, steps, repeats: 15, peers };
}

export const sampling = [
  [128, 4000],
  [256, 2000],
  [512, 500],
].map(([hiddenSize, symbols]) => ({
  name: `LSTM 2×${hiddenSize}, V 65`,
  key: `sampling-${hiddenSize}`,
  kind: "sampling",
  cell: "lstm",
  hiddenSize,
  numLayers: 2,
  classes: 65,
  symbols,
  repeats: 7,
}));

/** One size varied, the others as in LSTM 2×128, V 65, B 50, T 50. */
export const growth = [
  { letter: "H", size: "hiddenSize", values: [32, 64, 128, 256, 512] },
  { letter: "B", size: "B", values: [10, 25, 50, 100, 200] },
  { letter: "T", size: "T", values: [10, 25, 50, 100, 200] },
  { letter: "V", size: "classes", values: [16, 65, 256, 1024, 4096] },
].map(({ letter, size, values }) => ({
  letter,
  points: values.map((value) => ({
    value,
    workload: { ...training("lstm", 128, 50, 50, 1, []), repeats: 5, [size]: value },
  })),
}));

/** Products C (M, N) = A (M, K) · B (K, N): the lab's, and the larger networks'. */
export const products = [
  { name: "lab, recurrent step", form: "NN", M: 170, N: 25, K: 25 },
  { name: "lab, all steps", form: "NN", M: 1700, N: 25, K: 25 },
  { name: "lab, weight gradient", form: "TN", M: 25, N: 25, K: 1700 },
  { name: "RNN 128, all steps", form: "NN", M: 2500, N: 128, K: 128 },
  { name: "RNN 128, weight gradient", form: "TN", M: 128, N: 128, K: 2500 },
  { name: "LSTM 128, recurrent step", form: "NN", M: 50, N: 512, K: 128 },
  { name: "LSTM 128, all steps", form: "NN", M: 2500, N: 512, K: 128 },
  { name: "LSTM 128, back through time", form: "NT", M: 50, N: 128, K: 512 },
  { name: "LSTM 128, weight gradient", form: "TN", M: 128, N: 512, K: 2500 },
  { name: "LSTM 256, all steps", form: "NN", M: 2048, N: 1024, K: 256 },
  { name: "LSTM 256, weight gradient", form: "TN", M: 256, N: 1024, K: 2048 },
  { name: "LSTM 512, recurrent step", form: "NN", M: 64, N: 2048, K: 512 },
  { name: "LSTM 512, all steps", form: "NN", M: 4096, N: 2048, K: 512 },
  { name: "LSTM 512, weight gradient", form: "TN", M: 512, N: 2048, K: 4096 },
].map((product) => ({ ...product, kind: "product" }));

/** Class indices that every peer makes alike: i² · 7 + i · 3 modulo the classes. */
export function classIndices(length, classes, shift = 0) {
  return Int32Array.from({ length }, (_, i) => (((i + shift) % 1000) ** 2 * 7 + (i + shift) * 3) % classes);
}

const GATES = { rnn: 1, gru: 3, lstm: 4 };

/** Bytes of the weights that one symbol needs: of the first W_ih it takes a single column. */
export function weightBytes({ cell, hiddenSize: H, numLayers, classes }) {
  return 4 * ((2 * numLayers - 1) * GATES[cell] * H * H + H * classes);
}

/**
 * Floating-point operations of a product; or those that a training step, or all of the lab's epochs, cannot do without:
 * those of the matrix products. The first layer's input is a class index and needs none; the first step's state is zero.
 */
export function flopsOf({ kind, M, N, K, key, cell, hiddenSize: H, numLayers, classes, B, T, steps }) {
  if (kind === "product") return 2 * M * N * K;
  const recurrent = numLayers * GATES[cell] * H * H;
  const others = (numLayers - 1) * GATES[cell] * H * H + H * classes;
  // Forward, to the inputs and to the weights: three products of the same size, each a multiply and an add.
  return 6 * B * ((T - 1) * recurrent + T * others) * (key === "lab" ? steps : 1);
}

/** GFLOP/s of a workload whose seconds were measured. */
export function gflopsOf(workload, { median }) {
  return flopsOf(workload) / 1e9 / median;
}
