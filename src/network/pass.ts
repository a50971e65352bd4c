import type { Arena } from "../core/arena.js";
import type { Core } from "../core/core.js";
import { gateCount, type LayerSlots, type ParameterLayout, type ParameterSlot, padded } from "../core/layout.js";
import type { ResolvedConfig } from "./config.js";
import type { LayerBuffers, PassPlan } from "./pass-plan.js";

const FLOAT = 4;
const DOUBLE = 8;

/** One of several threads that run the same pass side by side; alone it is 0 of 1. */
export interface Crew {
  readonly index: number;
  readonly count: number;
  /** Returns when all have come here. */
  barrier(): void;
}

/** A crew of one: nobody to wait for. */
export const alone: Crew = { index: 0, count: 1, barrier() {} };

/** What panels are for: products of many rows, or of one (assembly/gemm.ts). */
export type Packing = "rows" | "row";

/** What a pass depends on beside its plan. */
export interface PassMode {
  /** Whether it starts from a state; otherwise slot 0 of h is zero, and step 0 has no recurrent product. */
  readonly hasState: boolean;
  /** The key of the dropout masks, undefined where nothing is dropped. */
  readonly dropoutKey: number | undefined;
  /** Byte offset of a block with every weight packed for the forward pass, undefined where each is packed when it is due. */
  readonly packed?: number | undefined;
}

/** A stretch of rows or columns. */
interface Range {
  readonly start: number;
  readonly count: number;
}

/**
 * The passes through one network, by one thread of a crew. Every thread runs these same methods and takes its share of
 * each piece of work: sequences of the batch in the loops over time, rows in the products around them, columns of a
 * weight in its gradient. So no sum is ever split between threads, and any number of them gives the same bits. A barrier
 * stands wherever one reads what another wrote.
 */
export class Pass {
  readonly #config: ResolvedConfig;
  readonly #layout: ParameterLayout;
  readonly #kernels: Core["kernels"];
  readonly #arena: Arena;
  /** Who takes part in the next pass. */
  crew: Crew;
  /** Byte offsets of the blocks. */
  readonly #parameters: number;
  readonly #gradients: number;

  constructor(
    config: ResolvedConfig,
    layout: ParameterLayout,
    core: Core,
    arena: Arena,
    blocks: { readonly parameters: number; readonly gradients: number },
    crew: Crew,
  ) {
    this.#config = config;
    this.#layout = layout;
    this.#kernels = core.kernels;
    this.#arena = arena;
    this.crew = crew;
    this.#parameters = blocks.parameters;
    this.#gradients = blocks.gradients;
  }

  /** All layers and the output layer: leaves the logits. */
  forward(plan: PassPlan, mode: PassMode): void {
    const { hiddenSize: H, outputSize: O } = this.#config;
    const ld = padded(H);
    for (const [l, layer] of plan.layers.entries()) {
      this.#projectInputs(plan, mode, l, layer);
      this.#runForward(plan, mode, l, layer);
      if (mode.dropoutKey !== undefined && layer.dropped) {
        this.#drop(plan, mode.dropoutKey, l, layer.dropped, this.#outputsOf(plan, l));
      }
    }
    // logits = h W_fcᵀ + b_fc
    const { fcWeight, fcBias } = this.#layout;
    const { width } = fcWeight;
    const panels = this.#pack(plan, mode, fcWeight);
    const { start, count } = this.#share(plan.T * plan.B);
    const top = this.#outputsOf(plan, plan.layers.length - 1) + start * ld * FLOAT;
    const logits = plan.logits + start * width * FLOAT;
    this.#kernels.multiply(logits, width, this.#weight(fcBias), 0, top, ld, 1, panels, count, O, H);
    this.crew.barrier();
  }

  /** The loss of every row in nats; leaves the gradients of their mean where the logits were. */
  crossEntropy(plan: PassPlan): void {
    const { outputSize: O } = this.#config;
    const rows = plan.T * plan.B;
    const { start, count } = this.#share(rows);
    const logits = plan.logits + start * padded(O) * FLOAT;
    const losses = plan.losses + start * DOUBLE;
    this.#kernels.crossEntropy(logits, plan.targets + start * FLOAT, losses, count, O, 1 / rows);
    this.crew.barrier();
  }

  /** Back-propagation through time: leaves the gradients of all parameters. */
  backward(plan: PassPlan, mode: PassMode): void {
    const { hiddenSize: H, outputSize: O } = this.#config;
    const rows = plan.T * plan.B;
    const ld = padded(H);
    const { fcWeight, fcBias } = this.#layout;
    const last = plan.layers.length - 1;
    let [dh, dBelow] = plan.dh;

    // multiply(logits, …, h, fc): logits = h W_fcᵀ + b_fc
    const dLogits = { offset: plan.logits, ld: fcWeight.width };
    this.#sumColumns(fcBias, dLogits, 0);
    this.#weightGradient(plan, fcWeight, fcBias, this.#outputsOf(plan, last), ld, H, dLogits, rows);
    this.#multiplyTransposed(plan, dh, fcWeight, dLogits, O);

    for (let l = last; l >= 0; l--) {
      const layer = plan.layers[l] as LayerBuffers;
      this.#runBackward(plan, l, layer, dh);
      this.#layerGradients(plan, mode, l, layer, dh);
      if (l > 0) {
        // multiply(projections, …, h of the layer below, W_ih)
        this.#multiplyTransposed(
          plan,
          dBelow,
          this.#slots(l).weightIh,
          this.#inputGradient(layer, dh),
          this.#gateColumns,
        );
        if (mode.dropoutKey !== undefined) this.#drop(plan, mode.dropoutKey, l - 1, dBelow, dBelow);
        [dh, dBelow] = [dBelow, dh];
      }
    }
    this.crew.barrier();
  }

  /** W_ih x + b_ih + b_hh of all T steps at once, where the cell expects it. */
  #projectInputs(plan: PassPlan, mode: PassMode, l: number, layer: LayerBuffers): void {
    const kernels = this.#kernels;
    const { weightIh } = this.#slots(l);
    const { width } = weightIh;
    const ld = padded(this.#config.hiddenSize);
    const { start, count } = this.#share(plan.T * plan.B);
    // rnn: into the slots of h that the step will turn into its outputs
    const [projections, ldx] =
      this.#config.cell === "rnn" ? [layer.h + plan.B * ld * FLOAT, ld] : [layer.gates, 4 * ld];
    const x = projections + start * ldx * FLOAT;
    this.#once(() => this.sumBiases(l, plan.bias, plan.zeros));
    if (l === 0 && !plan.dense) {
      kernels.gatherRows(x, ldx, this.#weight(weightIh), plan.bias, plan.inputs + start * FLOAT, count, width);
    } else {
      const { inputs, ldInputs, size } = this.#inputsOf(plan, mode, l);
      const panels = this.#pack(plan, mode, weightIh);
      const a = inputs + start * ldInputs * FLOAT;
      kernels.multiply(x, ldx, plan.bias, 0, a, ldInputs, 1, panels, count, width, size);
    }
    this.crew.barrier();
  }

  /** A layer's biases as its input projection adds them, G·ld floats; `zeros`: padded(H) of them. */
  sumBiases(l: number, sum: number, zeros: number): void {
    const kernels = this.#kernels;
    const { weightIh, biasIh, biasHh } = this.#slots(l);
    if (this.#config.cell !== "gru") {
      kernels.addVectors(sum, this.#weight(biasIh), this.#weight(biasHh), weightIh.width);
      return;
    }
    // n takes b_in alone: b_hn goes through the reset gate. Order here: b_ih n, r, z; b_hh r, z, n.
    const ld = padded(this.#config.hiddenSize);
    const rz = ld * FLOAT;
    kernels.addVectors(sum, this.#weight(biasIh), zeros, ld);
    kernels.addVectors(sum + rz, this.#weight(biasIh) + rz, this.#weight(biasHh), 2 * ld);
  }

  /** What a layer reads: the network's reals, or the outputs of the layer below. */
  #inputsOf(plan: PassPlan, mode: PassMode, l: number): { inputs: number; ldInputs: number; size: number } {
    const { inputSize, hiddenSize } = this.#config;
    if (l === 0) return { inputs: plan.inputs, ldInputs: padded(inputSize), size: inputSize };
    const dropped = mode.dropoutKey === undefined ? 0 : (plan.layers[l - 1] as LayerBuffers).dropped;
    return { inputs: dropped || this.#outputsOf(plan, l - 1), ldInputs: padded(hiddenSize), size: hiddenSize };
  }

  /** h of steps 0 to T − 1: slot 0 is the state before. */
  #outputsOf(plan: PassPlan, l: number): number {
    return (plan.layers[l] as LayerBuffers).h + plan.B * padded(this.#config.hiddenSize) * FLOAT;
  }

  #runForward(plan: PassPlan, mode: PassMode, l: number, layer: LayerBuffers): void {
    const kernels = this.#kernels;
    const { T, B } = plan;
    const { hasState } = mode;
    const { cell, hiddenSize: H, nonlinearity } = this.#config;
    const { weightHh, biasHh } = this.#slots(l);
    const panels = this.#pack(plan, mode, weightHh);
    const { start, count } = this.#share(B);
    const row = start * padded(H) * FLOAT;
    const h = layer.h + row;
    const gates = layer.gates + 4 * row;
    if (cell === "rnn") {
      kernels.rnnForward(h, panels, T, B, count, H, nonlinearity === "relu", hasState);
    } else if (cell === "gru") {
      const biasHn = this.#weight(biasHh) + 2 * padded(H) * FLOAT;
      kernels.gruForward(h, gates, biasHn, panels, T, B, count, H, hasState);
    } else {
      kernels.lstmForward(h, layer.c + row, gates, panels, T, B, count, H, hasState);
    }
    this.crew.barrier();
  }

  #runBackward(plan: PassPlan, l: number, layer: LayerBuffers, dh: number): void {
    const kernels = this.#kernels;
    const { T, B, panels } = plan;
    const { cell, hiddenSize: H, nonlinearity } = this.#config;
    const { weightHh } = this.#slots(l);
    this.#once(() => kernels.packTransposed(panels, this.#weight(weightHh), weightHh.width, this.#gateColumns, H));
    const { start, count } = this.#share(B);
    const row = start * padded(H) * FLOAT;
    const h = layer.h + row;
    const gates = layer.gates + 4 * row;
    if (cell === "rnn") {
      kernels.rnnBackward(dh + row, h, panels, T, B, count, H, nonlinearity === "relu");
    } else if (cell === "gru") {
      kernels.gruBackward(dh + row, gates, h, panels, T, B, count, H);
    } else {
      this.#arena.floats(plan.dc + row, count * padded(H)).fill(0);
      kernels.lstmBackward(dh + row, plan.dc + row, gates, layer.c + row, panels, T, B, count, H);
    }
    this.crew.barrier();
  }

  #layerGradients(plan: PassPlan, mode: PassMode, l: number, layer: LayerBuffers, dh: number): void {
    const kernels = this.#kernels;
    const { T, B } = plan;
    const { cell, hiddenSize: H } = this.#config;
    const { weightIh, weightHh, biasIh, biasHh } = this.#slots(l);
    const ld = padded(H);
    const rows = T * B;
    // x = W_ih input + b_ih
    const dx = this.#inputGradient(layer, dh);
    if (l === 0 && !plan.dense) {
      const { start, count } = this.#columns(weightIh.width);
      const { width } = weightIh;
      const table = this.#gradient(weightIh) + start * FLOAT;
      const sums = plan.sums + start * FLOAT;
      this.#clear(table, weightIh, count);
      this.#clear(sums, weightIh, count);
      kernels.scatterAddRows(table, sums, width, dx.offset + start * FLOAT, dx.ld, plan.inputs, rows, count);
    } else {
      const { inputs, ldInputs, size } = this.#inputsOf(plan, mode, l);
      this.#weightGradient(plan, weightIh, undefined, inputs, ldInputs, size, dx, rows);
    }

    // W_hh h[t − 1] + b_hh; without a state h[−1] is zero, and step 0 adds to the bias alone
    const dR = { ...dx, offset: dx.offset + (cell === "gru" ? ld * FLOAT : 0) };
    const skipped = mode.hasState ? 0 : B;
    const hPrevious = layer.h + skipped * ld * FLOAT;
    const dSteps = { ...dR, offset: dR.offset + skipped * dR.ld * FLOAT };
    this.#sumColumns(biasHh, dR, skipped);
    this.#weightGradient(plan, weightHh, biasHh, hPrevious, ld, H, dSteps, rows - skipped);

    // b_ih is added to the same sums, but for gru's n, which comes first in it and last in b_hh.
    const isGru = cell === "gru";
    const { start, count } = this.#columns(biasHh.width);
    const alike = Math.max(0, Math.min(count, biasHh.width - (isGru ? ld : 0) - start));
    const from = this.#arena.floats(this.#gradient(biasHh) + start * FLOAT, alike);
    this.#arena.floats(this.#gradient(biasIh) + (start + (isGru ? ld : 0)) * FLOAT, alike).set(from);
    if (isGru) this.#sumColumns({ ...biasIh, width: ld }, dx, rows);
  }

  /** After the cell's backward pass: where the gradients of W_ih x + b lie, and the width of their rows. */
  #inputGradient(layer: LayerBuffers, dh: number): { offset: number; ld: number } {
    const ld = padded(this.#config.hiddenSize);
    return this.#config.cell === "rnn" ? { offset: dh, ld } : { offset: layer.gates, ld: 4 * ld };
  }

  /**
   * The gradient of a weight in y = W x + b, from x (rows, size) and dY (rows, width); zero for no rows. The columns of
   * dY are added to the bias's gradient.
   */
  #weightGradient(
    plan: PassPlan,
    slot: ParameterSlot,
    bias: ParameterSlot | undefined,
    x: number,
    ldx: number,
    size: number,
    dY: { offset: number; ld: number },
    rows: number,
  ): void {
    const { start, count } = this.#columns(slot.width);
    const column = start * FLOAT;
    const dW = this.#gradient(slot) + column;
    if (rows === 0) {
      this.#clear(dW, slot, count);
      return;
    }
    const scratch = plan.scratch + this.crew.index * plan.scratchStride;
    const sums = bias ? this.#gradient(bias) + column : 0;
    const d = dY.offset + column;
    this.#kernels.weightGradient(dW, slot.width, x, ldx, d, dY.ld, size, count, rows, plan.zeros, scratch, sums);
  }

  /** Zeros in `count` columns of all of a slot's rows. */
  #clear(offset: number, slot: ParameterSlot, count: number): void {
    for (let row = 0; row < slot.rows; row++) this.#arena.floats(offset + row * slot.width * FLOAT, count).fill(0);
  }

  /** The gradient of a bias in y = W x + b, from the first rows of dY; zero for no rows. */
  #sumColumns(bias: ParameterSlot, dY: { offset: number; ld: number }, rows: number): void {
    const { start, count } = this.#columns(bias.width);
    const column = start * FLOAT;
    this.#kernels.columnSums(this.#gradient(bias) + column, dY.offset + column, dY.ld, rows, count);
  }

  /** dX (T·B, H) = dY (T·B, K) · W, for y = x Wᵀ + b. */
  #multiplyTransposed(
    plan: PassPlan,
    dX: number,
    slot: ParameterSlot,
    dY: { offset: number; ld: number },
    K: number,
  ): void {
    const { hiddenSize: H } = this.#config;
    const ld = padded(H);
    this.#once(() => this.#kernels.packTransposed(plan.panels, this.#weight(slot), slot.width, K, H));
    const { start, count } = this.#share(plan.T * plan.B);
    const c = dX + start * ld * FLOAT;
    const a = dY.offset + start * dY.ld * FLOAT;
    this.#kernels.multiply(c, ld, plan.zeros, 0, a, dY.ld, 1, plan.panels, count, H, K);
    this.crew.barrier();
  }

  /** y = x without the outputs of layer l that this pass drops: forward on h, backward on its gradient. */
  #drop(plan: PassPlan, passKey: number, l: number, y: number, x: number): void {
    const width = padded(this.#config.hiddenSize);
    const { start, count } = this.#share(plan.T * plan.B);
    const first = start * width;
    // Far apart for every layer: multiples of an odd number near 2³² / φ go through all integers.
    const key = passKey + Math.imul(l, 0x9e3779b1) + first;
    this.#kernels.dropout(y + first * FLOAT, x + first * FLOAT, count * width, this.#config.dropout, key >>> 0);
    this.crew.barrier();
  }

  /** Where the panels of a weight lie for a forward product. */
  #pack(plan: PassPlan, { packed }: PassMode, slot: ParameterSlot): number {
    if (packed !== undefined) return packed + slot.offset * FLOAT;
    this.#once(() => this.#packWeight(plan.panels, slot));
    return plan.panels;
  }

  /** Packs all weights into a block that is laid out as the parameters: panels take as much room as what they hold. */
  packAll(block: number, packing: Packing): void {
    for (const slot of this.#layout.slots) {
      const isWeight = slot.shape.length === 2;
      // One symbol takes a row of the first W_ih, which needs no panels.
      if (packing === "row" && slot === this.#slots(0).weightIh) continue;
      if (isWeight) this.#packWeight(block + slot.offset * FLOAT, slot, packing);
    }
  }

  /** The panels of a weight (rows, width). GRU multiplies by W_hr and W_hz, and by W_hn: panels of their own. */
  #packWeight(panels: number, slot: ParameterSlot, packing: Packing = "rows"): void {
    const pack = packing === "rows" ? this.#kernels.pack : this.#kernels.packForRow;
    const { rows, width, outputs } = slot;
    const weight = this.#weight(slot);
    const isSplit = this.#config.cell === "gru" && this.#layout.layers.some(({ weightHh }) => weightHh === slot);
    const first = isSplit ? 2 * padded(outputs) : width;
    pack(panels, weight, width, rows, first);
    if (isSplit) pack(panels + rows * first * FLOAT, weight + first * FLOAT, width, rows, width - first);
  }

  /** What one thread does for all before they go on. */
  #once(work: () => void): void {
    if (this.crew.index === 0) work();
    this.crew.barrier();
  }

  /** This thread's share of some rows. */
  #share(rows: number): Range {
    const { index, count } = this.crew;
    const start = Math.floor((rows * index) / count);
    return { start, count: Math.floor((rows * (index + 1)) / count) - start };
  }

  /** This thread's share of a row's columns: whole panels of eight, the last one as it is. */
  #columns(width: number): Range {
    const { start, count } = this.#share(Math.ceil(width / 8));
    return { start: 8 * start, count: Math.max(0, Math.min(8 * count, width - 8 * start)) };
  }

  /** Columns of a weight, from the first to the last that is no padding at the row's end. */
  get #gateColumns(): number {
    const { cell, hiddenSize } = this.#config;
    return cell === "rnn" ? hiddenSize : gateCount(cell) * padded(hiddenSize);
  }

  #slots(l: number): LayerSlots {
    return this.#layout.layers[l] as LayerSlots;
  }

  #weight(slot: ParameterSlot): number {
    return this.#parameters + slot.offset * FLOAT;
  }

  #gradient(slot: ParameterSlot): number {
    return this.#gradients + slot.offset * FLOAT;
  }
}
