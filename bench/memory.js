/*
 * A network's memory beside what training cannot do without: four floats a parameter (itself, its gradient and Adam's two
 * moments), the activations that the backward pass reads, and one packed matrix.
 */
const FLOAT = 4;
const GATES = { rnn: 1, gru: 3, lstm: 4 };

/** Values per time step and sequence that the backward pass reads. */
function activationsOf({ cell, hiddenSize: H, numLayers, classes }) {
  // h; a gate each of lstm, and those of gru with W_hn·h + b_hn beside them; c of lstm; the logits.
  const perLayer = { rnn: H, gru: 5 * H, lstm: 6 * H }[cell];
  return numLayers * perLayer + classes;
}

/**
 * @param participant measures byteLength after a step with Adam
 */
export async function measureMemory(participant, workload) {
  const bytesAt = (B, T) => participant.prepare({ ...workload, B, T, steps: 1, warmUp: 0 });
  const { B, T, cell, hiddenSize: H } = workload;
  const { bytes: small } = await bytesAt(1, 1);
  const { bytes, parameters } = await bytesAt(B, T);
  const activations = B * T * activationsOf(workload);
  const packed = GATES[cell] * H * H;
  const formula = FLOAT * (4 * parameters + activations + packed);
  return {
    name: workload.name.replace(", one step", ""),
    bytes,
    formula,
    ratio: bytes / formula,
    parameters,
    activations,
    packed,
    /** Of a pass of one symbol, which has next to no activations, less the packed matrix. */
    bytesPerParameter: (small - FLOAT * packed) / parameters,
    bytesPerActivation: (bytes - small) / (activations - activationsOf(workload)),
  };
}
