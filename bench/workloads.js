/*
 * The workloads, the same for all peers: one training step is forward, backward and Adam on a fixed batch of class
 * indices. `steps` is what one measurement runs; the lab's are its 100 epochs.
 */
export const workloads = [
  {
    name: "lab: RNN 2×25, B 170, T 10, 100 epochs",
    key: "lab",
    cell: "rnn",
    hiddenSize: 25,
    numLayers: 2,
    classes: 25,
    B: 170,
    T: 10,
    steps: 100,
    repeats: 15,
  },
  training("rnn", 128, 50, 50, 20),
  training("gru", 128, 50, 50, 10),
  training("lstm", 128, 50, 50, 10),
  training("lstm", 256, 32, 64, 3),
  training("lstm", 512, 64, 64, 1),
];

function training(cell, hiddenSize, B, T, steps) {
  const name = `${cell.toUpperCase()} 2×${hiddenSize}, V 65, B ${B}, T ${T}, one step`;
  return { name, key: `${cell}-${hiddenSize}`, cell, hiddenSize, numLayers: 2, classes: 65, B, T, steps, repeats: 7 };
}

/** Products C (M, N) = A (M, K) · B (K, N): the lab's, and the larger networks'. */
export const products = [
  { name: "lab, recurrent step", form: "NN", M: 170, N: 25, K: 25 },
  { name: "lab, all steps", form: "NN", M: 1700, N: 25, K: 25 },
  { name: "lab, weight gradient", form: "TN", M: 25, N: 25, K: 1700 },
  { name: "LSTM 128, recurrent step", form: "NN", M: 50, N: 512, K: 128 },
  { name: "LSTM 128, all steps", form: "NN", M: 2500, N: 512, K: 128 },
  { name: "LSTM 128, back through time", form: "NT", M: 50, N: 128, K: 512 },
  { name: "LSTM 128, weight gradient", form: "TN", M: 128, N: 512, K: 2500 },
  { name: "LSTM 256, all steps", form: "NN", M: 2048, N: 1024, K: 256 },
  { name: "LSTM 256, weight gradient", form: "TN", M: 256, N: 1024, K: 2048 },
  { name: "LSTM 512, recurrent step", form: "NN", M: 64, N: 2048, K: 512 },
  { name: "LSTM 512, weight gradient", form: "TN", M: 512, N: 2048, K: 4096 },
];

/** Class indices that every peer makes alike: i² · 7 + i · 3 modulo the classes. */
export function classIndices(length, classes, shift = 0) {
  return Int32Array.from({ length }, (_, i) => (((i + shift) % 1000) ** 2 * 7 + (i + shift) * 3) % classes);
}
