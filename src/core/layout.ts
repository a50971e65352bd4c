/** Floats rounded up to whole vectors of four: the width of a padded row. */
export function padded(n: number): number {
  return Math.ceil(n / 4) * 4;
}

/** The recurrent cells: "rnn" is the Elman cell. */
export type Cell = "rnn" | "gru" | "lstm";

/**
 * PyTorch's gates in the order in which they lie here, for what comes from x and for what comes from h. GRU's n takes
 * the first place in the one and the last in the other, so that in a row n, r, z, q both are a matrix (assembly/gru.ts).
 */
const GATE_ORDER: Readonly<Record<Cell, { readonly ih: readonly number[]; readonly hh: readonly number[] }>> = {
  rnn: { ih: [0], hh: [0] },
  gru: { ih: [2, 0, 1], hh: [0, 1, 2] },
  lstm: { ih: [0, 1, 2, 3], hh: [0, 1, 2, 3] },
};

/** How many gates a cell has: PyTorch's weight of G·H rows holds them one under another. */
export function gateCount(cell: Cell): number {
  return GATE_ORDER[cell].ih.length;
}

/** The sizes that fix every tensor of a network. */
export interface Sizes {
  readonly cell: Cell;
  readonly inputSize: number;
  readonly hiddenSize: number;
  readonly numLayers: number;
  readonly outputSize: number;
}

/**
 * Where one parameter lies. PyTorch's weight (G·H, D) lies transposed, as D rows of G·padded(H) floats: a class index
 * then picks a row. A bias is the same with one row.
 */
export interface ParameterSlot {
  readonly name: string;
  /** PyTorch's shape: (G·H, D) or (G·H). */
  readonly shape: readonly number[];
  /** PyTorch's gates in the order in which they lie in a row. */
  readonly gates: readonly number[];
  /** H or O: outputs of one gate. */
  readonly outputs: number;
  /** D, or 1 for a bias. */
  readonly rows: number;
  /** G · padded(H): floats of a row. */
  readonly width: number;
  /** Floats from the start of the block of all parameters. */
  readonly offset: number;
}

/** One layer's four parameters. */
export interface LayerSlots {
  readonly weightIh: ParameterSlot;
  readonly weightHh: ParameterSlot;
  readonly biasIh: ParameterSlot;
  readonly biasHh: ParameterSlot;
}

export interface ParameterLayout {
  /** In PyTorch's order, which is also the order in which initial weights are drawn. */
  readonly slots: readonly ParameterSlot[];
  readonly layers: readonly LayerSlots[];
  readonly fcWeight: ParameterSlot;
  readonly fcBias: ParameterSlot;
  /** Floats of the whole block with its padding. Gradients and moments have blocks alike. */
  readonly blockLength: number;
}

/** The table of all parameters: name → shape → place. */
export function layoutParameters({ cell, inputSize, hiddenSize, numLayers, outputSize }: Sizes): ParameterLayout {
  const slots: ParameterSlot[] = [];
  let blockLength = 0;
  const place = (name: string, gates: readonly number[], outputs: number, inputs?: number): ParameterSlot => {
    const rows = inputs ?? 1;
    const width = gates.length * padded(outputs);
    const shape = inputs === undefined ? [gates.length * outputs] : [gates.length * outputs, inputs];
    const slot = { name, shape, gates, outputs, rows, width, offset: blockLength };
    slots.push(slot);
    blockLength += rows * width;
    return slot;
  };
  const { ih, hh } = GATE_ORDER[cell];
  const layers = Array.from({ length: numLayers }, (_, l) => ({
    weightIh: place(`rnn.weight_ih_l${l}`, ih, hiddenSize, l === 0 ? inputSize : hiddenSize),
    weightHh: place(`rnn.weight_hh_l${l}`, hh, hiddenSize, hiddenSize),
    biasIh: place(`rnn.bias_ih_l${l}`, ih, hiddenSize),
    biasHh: place(`rnn.bias_hh_l${l}`, hh, hiddenSize),
  }));
  const fcWeight = place("fc.weight", [0], outputSize, hiddenSize);
  const fcBias = place("fc.bias", [0], outputSize);
  return { slots, layers, fcWeight, fcBias, blockLength };
}

/** A parameter out of a block, in PyTorch's layout. */
export function readParameter(slot: ParameterSlot, block: Float32Array): Float32Array {
  const values = new Float32Array(slot.gates.length * slot.outputs * slot.rows);
  eachElement(slot, (theirs, ours) => {
    values[theirs] = block[ours] as number;
  });
  return values;
}

/** A parameter into a block, from PyTorch's layout; padding is left as it is. */
export function writeParameter(slot: ParameterSlot, block: Float32Array, values: ArrayLike<number>): void {
  eachElement(slot, (theirs, ours) => {
    block[ours] = values[theirs] as number;
  });
}

/** Calls back with each element's place in PyTorch's tensor and in the block. */
function eachElement(slot: ParameterSlot, visit: (theirs: number, ours: number) => void): void {
  const { gates, outputs, rows, width, offset } = slot;
  const gateWidth = width / gates.length;
  for (const [place, gate] of gates.entries()) {
    for (let output = 0; output < outputs; output++) {
      for (let row = 0; row < rows; row++) {
        visit((gate * outputs + output) * rows + row, offset + row * width + place * gateWidth + output);
      }
    }
  }
}
