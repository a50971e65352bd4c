import { Plan } from "../core/arena.js";
import { gateCount, padded, type Sizes } from "../core/layout.js";

/** What a pass works on: B sequences of T steps, of class indices or of reals. */
export interface PassShape {
  readonly B: number;
  readonly T: number;
  readonly dense: boolean;
}

/** Where one layer's activations lie: byte offsets; see the cell's file in assembly/ for what each holds and when. */
export interface LayerBuffers {
  /** (T + 1, B, ld), ld = padded(H) */
  readonly h: number;
  /** gru, lstm: (T, B, 4·ld) */
  readonly gates: number;
  /** lstm: (T + 1, B, ld) */
  readonly c: number;
  /** What the layer above reads where dropout is on: h times its mask, (T, B, ld). */
  readonly dropped: number;
}

/** The activations of one pass, all inside one arena. Time-major: a step is one contiguous block. Byte offsets. */
export interface PassPlan extends PassShape {
  /** Class indices (T, B), or reals (T, B, padded(D)). */
  readonly inputs: number;
  /** (T, B) */
  readonly targets: number;
  readonly layers: readonly LayerBuffers[];
  /** (T, B, padded(O)); after the loss their gradients. */
  readonly logits: number;
  /** A layer's biases as its input projection adds them, G·ld. */
  readonly bias: number;
  /** As many zeros as the widest row has. */
  readonly zeros: number;
  readonly zerosLength: number;
  /** The loss of each row in double precision, (T, B). */
  readonly losses: number;
  /** The second operand of a product, packed. */
  readonly panels: number;
  /** The end of what the forward pass needs. */
  readonly forward: Plan;
  /** Gradients of h of the layer at work and of the one below, (T, B, ld) each, and of c (B, ld). */
  readonly dh: readonly [number, number];
  readonly dc: number;
  /** For each thread the rows of gradients that it packs, scratchStride bytes. */
  readonly scratch: number;
  readonly scratchStride: number;
  /** Of class indices: sums on their way into the gradient of the first W_ih, laid out as it, (V, G·ld). */
  readonly sums: number;
  /** The end of what both passes need. */
  readonly training: Plan;
}

/** K_BLOCK of assembly/gemm.ts: rows that a weight gradient packs at a time. */
const WEIGHT_GRADIENT_ROWS = 256;

export function planPass(
  sizes: Sizes & { readonly dropout: number },
  shape: PassShape,
  start: number,
  threads: number,
): PassPlan {
  const { cell, inputSize, hiddenSize, numLayers, outputSize } = sizes;
  const hasDropout = sizes.dropout > 0;
  const { B, T, dense } = shape;
  const ld = padded(hiddenSize);
  const gatesWidth = gateCount(cell) * ld;
  const outputWidth = padded(outputSize);
  const rows = T * B;

  const forward = new Plan(start);
  const inputs = forward.take(dense ? rows * padded(inputSize) : rows);
  const targets = forward.take(rows);
  const layers = Array.from({ length: numLayers }, (_, l) => ({
    h: forward.take((T + 1) * B * ld),
    gates: cell === "rnn" ? 0 : forward.take(rows * 4 * ld),
    c: cell === "lstm" ? forward.take((T + 1) * B * ld) : 0,
    dropped: hasDropout && l < numLayers - 1 ? forward.take(rows * ld) : 0,
  }));
  const logits = forward.take(rows * outputWidth);
  const bias = forward.take(gatesWidth);
  const zerosLength = Math.max(gatesWidth, outputWidth, padded(inputSize));
  const zeros = forward.take(zerosLength);
  // K · padded(N) floats for a (K, N) operand; the largest of all products, forward and backward.
  const inner = Math.max(dense ? inputSize : 0, ld);
  const panels = forward.take(Math.max(inner * gatesWidth, ld * outputWidth));
  const losses = forward.take(2 * rows);

  const training = new Plan(forward.end);
  const dh = [training.take(rows * ld), training.take(rows * ld)] as const;
  const dc = cell === "lstm" ? training.take(B * ld) : 0;
  // A thread's share of a gradient's columns is whole panels of eight.
  const shareOfColumns = 8 * Math.ceil(Math.ceil(Math.max(gatesWidth, outputWidth) / 8) / threads);
  const scratchLength = Math.min(WEIGHT_GRADIENT_ROWS, rows) * shareOfColumns;
  const scratch = training.take(0);
  for (let thread = 0; thread < threads; thread++) training.take(scratchLength);
  const scratchStride = (training.end - scratch) / threads;
  const sums = training.take(dense ? 0 : inputSize * gatesWidth);
  return {
    ...shape,
    inputs,
    targets,
    layers,
    logits,
    bias,
    zeros,
    zerosLength,
    losses,
    panels,
    forward,
    dh,
    dc,
    scratch,
    scratchStride,
    sums,
    training,
  };
}
