import { Arena, Plan, requireAddressable } from "../core/arena.js";
import { type Core, createCore } from "../core/core.js";
import { gateCount, layoutParameters, type ParameterLayout, type ParameterSlot, padded } from "../core/layout.js";
import { describeNetwork, type ResolvedConfig } from "./config.js";
import { type LayerBuffers, type PassPlan, type PassShape, planPass } from "./pass-plan.js";

const FLOAT = 4;

/** A state's values: h (L, B, H), c (L, B, H) for lstm. */
export interface StateValues {
  readonly h: Float32Array;
  readonly c?: Float32Array;
}

/**
 * One network's arithmetic: an instance of the core with the arena that holds its parameters, gradients, optimizer
 * moments and activations. It knows shapes and offsets and checks nothing but sizes: `Network` validates.
 *
 * A pass is `begin`, `forward`, and for training `crossEntropy` and `backward`.
 */
export class Engine {
  readonly config: ResolvedConfig;
  readonly layout: ParameterLayout;
  readonly kernels: Core["kernels"];
  readonly #arena: Arena;
  /** Parameters, gradients and optimizer moments: blocks alike, which stay where they are. */
  readonly #blocks: Plan;
  readonly #freeBlocks: number[] = [];
  /** Byte offsets of the blocks. */
  readonly parameters: number;
  readonly gradients: number;
  #pass: PassPlan | undefined;
  #hasState = false;
  /** Whether the pass under way drops outputs between layers. */
  #dropping = false;
  /** Training passes so far: each has dropout masks of its own. */
  passes = 0;

  /** @throws RangeError where the network is too large, WasmUnavailableError */
  static async create(config: ResolvedConfig): Promise<Engine> {
    const layout = layoutParameters(config);
    const blocks = new Plan();
    const parameters = blocks.take(layout.blockLength);
    const gradients = blocks.take(layout.blockLength);
    requireAddressable(blocks, describeNetwork(config));
    return new Engine(config, layout, await createCore(config.numerics), blocks, parameters, gradients);
  }

  private constructor(
    config: ResolvedConfig,
    layout: ParameterLayout,
    core: Core,
    blocks: Plan,
    parameters: number,
    gradients: number,
  ) {
    this.config = config;
    this.layout = layout;
    this.kernels = core.kernels;
    this.#arena = new Arena(core);
    this.#blocks = blocks;
    this.parameters = parameters;
    this.gradients = gradients;
    this.#arena.reserve(blocks, describeNetwork(config));
  }

  /** Bytes of WebAssembly memory that the network holds. */
  get byteLength(): number {
    return this.#arena.byteLength;
  }

  /** A view of a block, good until the next pass of another shape. */
  block(offset: number): Float32Array {
    return this.#arena.floats(offset, this.layout.blockLength);
  }

  /** Another block alike, of zeros. @throws RangeError where there is no memory for it */
  takeBlock(): number {
    let offset = this.#freeBlocks.pop();
    if (offset === undefined) {
      // The activations lie behind the blocks and make room: every pass writes them anew.
      this.#pass = undefined;
      const grown = new Plan(this.#blocks.end);
      offset = grown.take(this.layout.blockLength);
      this.#arena.reserve(grown, `an optimizer for ${describeNetwork(this.config)}`);
      this.#blocks.end = grown.end;
    }
    this.block(offset).fill(0);
    return offset;
  }

  releaseBlock(offset: number): void {
    this.#freeBlocks.push(offset);
  }

  /** Lays out and fills what a pass reads. inputs: (B, T) class indices or (B, T, D) reals, batch first. */
  begin(shape: PassShape, training: boolean, inputs: Int32Array | Float32Array, state?: StateValues): void {
    const pass = this.#layOut(shape, training);
    const { B, T } = shape;
    if (shape.dense) this.#setDenseInputs(pass, inputs as Float32Array);
    else toTimeMajor(this.#arena.integers(pass.inputs, T * B), inputs, B, T);
    this.#dropping = training && this.config.dropout > 0;
    if (training) this.passes++;
    this.#hasState = state !== undefined;
    for (const [l, layer] of pass.layers.entries()) {
      this.#setState(layer.h, l, B, state?.h);
      if (layer.c) this.#setState(layer.c, l, B, state?.c);
    }
  }

  /** All layers and the output layer: leaves the logits. */
  forward(): void {
    const pass = this.#current();
    const { kernels } = this;
    const { hiddenSize: H, outputSize: O } = this.config;
    const rows = pass.T * pass.B;
    const ld = padded(H);
    for (const [l, layer] of pass.layers.entries()) {
      this.#projectInputs(pass, l, layer);
      this.#runForward(pass, l, layer);
      if (this.#dropping && layer.dropped) this.#drop(l, layer.dropped, this.#outputsOf(pass, l), rows * ld);
    }
    // logits = h W_fcᵀ + b_fc
    const { fcWeight, fcBias } = this.layout;
    const top = this.#outputsOf(pass, pass.layers.length - 1);
    kernels.pack(pass.panels, this.#weight(fcWeight), fcWeight.width, H, O);
    kernels.multiply(pass.logits, fcWeight.width, this.#weight(fcBias), 0, top, ld, 1, pass.panels, rows, O, H);
  }

  /** Mean loss in nats against targets (B, T); leaves its gradients where the logits were. */
  crossEntropy(targets: Int32Array): number {
    const pass = this.#current();
    const rows = pass.T * pass.B;
    toTimeMajor(this.#arena.integers(pass.targets, rows), targets, pass.B, pass.T);
    return this.kernels.crossEntropy(pass.logits, pass.targets, rows, this.config.outputSize, 1 / rows) / rows;
  }

  /** Back-propagation through time: leaves the gradients of all parameters. */
  backward(): void {
    const pass = this.#current();
    const { kernels } = this;
    const { hiddenSize: H, outputSize: O } = this.config;
    const rows = pass.T * pass.B;
    const ld = padded(H);
    const { fcWeight, fcBias } = this.layout;
    const last = pass.layers.length - 1;
    let [dh, dBelow] = pass.dh;

    // multiply(logits, …, h, fc): logits = h W_fcᵀ + b_fc
    this.#weightGradient(pass, fcWeight, this.#outputsOf(pass, last), ld, H, pass.logits, fcWeight.width, rows);
    kernels.columnSums(this.#gradient(fcBias), pass.logits, fcWeight.width, rows, fcWeight.width);
    kernels.packTransposed(pass.panels, this.#weight(fcWeight), fcWeight.width, O, H);
    kernels.multiply(dh, ld, pass.zeros, 0, pass.logits, fcWeight.width, 1, pass.panels, rows, H, O);

    for (let l = last; l >= 0; l--) {
      const layer = pass.layers[l] as LayerBuffers;
      this.#runBackward(pass, l, layer, dh);
      this.#layerGradients(pass, l, layer, dh);
      if (l > 0) {
        // multiply(projections, …, h of the layer below, W_ih)
        const { weightIh } = this.#slots(l);
        const d = this.#projectionGradient(layer, dh);
        const K = this.#gateColumns;
        kernels.packTransposed(pass.panels, this.#weight(weightIh), weightIh.width, K, H);
        kernels.multiply(dBelow, ld, pass.zeros, 0, d.x, d.ld, 1, pass.panels, rows, H, K);
        if (this.#dropping) this.#drop(l - 1, dBelow, dBelow, rows * ld);
        [dh, dBelow] = [dBelow, dh];
      }
    }
  }

  /** Softmax of each row of logits (rows, O) / temperature. */
  softmax(logits: Float32Array, rows: number, temperature: number): Float32Array {
    const { outputSize: O } = this.config;
    const width = padded(O);
    // Where a pass would lie: it is laid out anew.
    this.#pass = undefined;
    const plan = new Plan(this.#blocks.end);
    const offset = plan.take(rows * width);
    this.#arena.reserve(plan, "a softmax");
    const view = this.#arena.floats(offset, rows * width);
    for (let r = 0; r < rows; r++) view.set(logits.subarray(r * O, (r + 1) * O), r * width);
    this.kernels.softmax(offset, rows, O, 1 / temperature);
    const probabilities = new Float32Array(rows * O);
    for (let r = 0; r < rows; r++) probabilities.set(view.subarray(r * width, r * width + O), r * O);
    return probabilities;
  }

  /** Logits (B, T, O) of the last forward pass, batch first. */
  logits(): Float32Array {
    const pass = this.#current();
    const { outputSize: O } = this.config;
    const width = padded(O);
    const all = this.#arena.floats(pass.logits, pass.T * pass.B * width);
    const logits = new Float32Array(pass.B * pass.T * O);
    for (let b = 0, i = 0; b < pass.B; b++) {
      for (let t = 0; t < pass.T; t++) {
        const row = (t * pass.B + b) * width;
        for (let o = 0; o < O; o++) logits[i++] = all[row + o] as number;
      }
    }
    return logits;
  }

  /** The state after the last step of the last forward pass. */
  state(): StateValues {
    const pass = this.#current();
    const h = this.#finalState(pass, "h");
    return this.config.cell === "lstm" ? { h, c: this.#finalState(pass, "c") } : { h };
  }

  #layOut(shape: PassShape, training: boolean): PassPlan {
    const { B, T, dense } = shape;
    let pass = this.#pass;
    if (pass?.B !== B || pass.T !== T || pass.dense !== dense) {
      pass = planPass(this.config, shape, this.#blocks.end, this.config.dropout > 0);
      this.#reserve(pass, training);
      this.#pass = pass;
      this.#arena.floats(pass.zeros, pass.zerosLength).fill(0);
      // The padding of dense inputs is never written again.
      if (dense) this.#arena.floats(pass.inputs, T * B * padded(this.config.inputSize)).fill(0);
    } else {
      this.#reserve(pass, training);
    }
    return pass;
  }

  #reserve(pass: PassPlan, training: boolean): void {
    this.#arena.reserve(
      training ? pass.training : pass.forward,
      `a pass over ${pass.B} sequences of ${pass.T} steps through ${describeNetwork(this.config)}`,
    );
  }

  #current(): PassPlan {
    if (!this.#pass) throw new Error("no pass has begun");
    return this.#pass;
  }

  #setDenseInputs(pass: PassPlan, inputs: Float32Array): void {
    const { inputSize: D } = this.config;
    const width = padded(D);
    const x = this.#arena.floats(pass.inputs, pass.T * pass.B * width);
    for (let b = 0, row = 0; b < pass.B; b++) {
      for (let t = 0; t < pass.T; t++, row += D) x.set(inputs.subarray(row, row + D), (t * pass.B + b) * width);
    }
  }

  #setState(offset: number, layer: number, B: number, values: Float32Array | undefined): void {
    const { hiddenSize: H } = this.config;
    const ld = padded(H);
    const slot = this.#arena.floats(offset, B * ld);
    slot.fill(0);
    if (!values) return;
    for (let b = 0; b < B; b++) {
      const start = (layer * B + b) * H;
      slot.set(values.subarray(start, start + H), b * ld);
    }
  }

  #finalState(pass: PassPlan, which: "h" | "c"): Float32Array {
    const { hiddenSize: H } = this.config;
    const ld = padded(H);
    const { B, T } = pass;
    const values = new Float32Array(pass.layers.length * B * H);
    for (const [l, layer] of pass.layers.entries()) {
      const slot = this.#arena.floats(layer[which] + T * B * ld * FLOAT, B * ld);
      for (let b = 0, i = l * B * H; b < B; b++) {
        for (let j = b * ld; j < b * ld + H; j++) values[i++] = slot[j] as number;
      }
    }
    return values;
  }

  /** W_ih x + b_ih + b_hh of all T steps at once, where the cell expects it. */
  #projectInputs(pass: PassPlan, l: number, layer: LayerBuffers): void {
    const { kernels } = this;
    const { weightIh, biasIh, biasHh } = this.#slots(l);
    const ld = padded(this.config.hiddenSize);
    const { width } = weightIh;
    const rows = pass.T * pass.B;
    if (this.config.cell === "gru") {
      // n takes b_in alone: b_hn goes through the reset gate. Order here: b_ih n, r, z; b_hh r, z, n.
      kernels.addVectors(pass.bias, this.#weight(biasIh), pass.zeros, ld);
      const rz = ld * FLOAT;
      kernels.addVectors(pass.bias + rz, this.#weight(biasIh) + rz, this.#weight(biasHh), 2 * ld);
    } else {
      kernels.addVectors(pass.bias, this.#weight(biasIh), this.#weight(biasHh), width);
    }
    const { x, ldx } = this.#projections(pass, layer);
    if (l === 0 && !pass.dense) {
      kernels.gatherRows(x, ldx, this.#weight(weightIh), pass.bias, pass.inputs, rows, width);
      return;
    }
    const { inputs, ldInputs, size } = this.#inputsOf(pass, l);
    kernels.pack(pass.panels, this.#weight(weightIh), width, size, width);
    kernels.multiply(x, ldx, pass.bias, 0, inputs, ldInputs, 1, pass.panels, rows, width, size);
  }

  /** Where the input projections go, and the width of a row. */
  #projections(pass: PassPlan, layer: LayerBuffers): { x: number; ldx: number } {
    const ld = padded(this.config.hiddenSize);
    return this.config.cell === "rnn" ? { x: layer.h + pass.B * ld * FLOAT, ldx: ld } : { x: layer.gates, ldx: 4 * ld };
  }

  /** What a layer reads: the network's reals, or the outputs of the layer below. */
  #inputsOf(pass: PassPlan, l: number): { inputs: number; ldInputs: number; size: number } {
    const { inputSize, hiddenSize } = this.config;
    return l === 0
      ? { inputs: pass.inputs, ldInputs: padded(inputSize), size: inputSize }
      : {
          inputs: (this.#dropping && pass.layers[l - 1]?.dropped) || this.#outputsOf(pass, l - 1),
          ldInputs: padded(hiddenSize),
          size: hiddenSize,
        };
  }

  /** y = x without the outputs of layer l that this pass drops: forward on h, backward on its gradient. */
  #drop(l: number, y: number, x: number, count: number): void {
    const { seed, dropout, numLayers } = this.config;
    // Far apart for every pass and layer: 2³² / φ is odd, so its multiples go through all integers.
    const key = Math.imul(seed + 1, 0x85ebca6b) + Math.imul(this.passes * numLayers + l, 0x9e3779b1);
    this.kernels.dropout(y, x, count, dropout, key >>> 0);
  }

  /** h of steps 0 to T − 1: slot 0 is the state before. */
  #outputsOf(pass: PassPlan, l: number): number {
    const layer = pass.layers[l] as LayerBuffers;
    return layer.h + pass.B * padded(this.config.hiddenSize) * FLOAT;
  }

  #runForward(pass: PassPlan, l: number, layer: LayerBuffers): void {
    const { kernels } = this;
    const { T, B } = pass;
    const { cell, hiddenSize: H, nonlinearity } = this.config;
    const { weightHh, biasHh } = this.#slots(l);
    kernels.pack(pass.panels, this.#weight(weightHh), weightHh.width, H, weightHh.width);
    if (cell === "rnn") {
      kernels.rnnForward(layer.h, pass.panels, T, B, H, nonlinearity === "relu", this.#hasState);
    } else if (cell === "gru") {
      const biasHn = this.#weight(biasHh) + 2 * padded(H) * FLOAT;
      kernels.gruForward(layer.h, layer.gates, biasHn, pass.panels, T, B, H, this.#hasState);
    } else {
      kernels.lstmForward(layer.h, layer.c, layer.gates, pass.panels, T, B, H, this.#hasState);
    }
  }

  #runBackward(pass: PassPlan, l: number, layer: LayerBuffers, dh: number): void {
    const { kernels } = this;
    const { T, B } = pass;
    const { cell, hiddenSize: H, nonlinearity } = this.config;
    const { weightHh } = this.#slots(l);
    kernels.packTransposed(pass.panels, this.#weight(weightHh), weightHh.width, this.#gateColumns, H);
    if (cell === "rnn") {
      kernels.rnnBackward(dh, layer.h, pass.panels, T, B, H, nonlinearity === "relu");
    } else if (cell === "gru") {
      kernels.gruBackward(dh, layer.gates, layer.h, pass.panels, T, B, H);
    } else {
      this.#arena.floats(pass.dc, B * padded(H)).fill(0);
      kernels.lstmBackward(dh, pass.dc, layer.gates, layer.c, pass.panels, T, B, H);
    }
  }

  /** After the cell's backward pass: where the gradients of W_ih x + b and of W_hh h + b lie, and their rows' width. */
  #projectionGradient(layer: LayerBuffers, dh: number): { x: number; h: number; ld: number } {
    const ld = padded(this.config.hiddenSize);
    if (this.config.cell === "rnn") return { x: dh, h: dh, ld };
    return { x: layer.gates, h: layer.gates + (this.config.cell === "gru" ? ld * FLOAT : 0), ld: 4 * ld };
  }

  #layerGradients(pass: PassPlan, l: number, layer: LayerBuffers, dh: number): void {
    const { kernels } = this;
    const { T, B } = pass;
    const { hiddenSize: H } = this.config;
    const { weightIh, weightHh, biasIh, biasHh } = this.#slots(l);
    const ld = padded(H);
    const rows = T * B;
    const d = this.#projectionGradient(layer, dh);

    // x = W_ih input + b_ih
    if (l === 0 && !pass.dense) {
      this.#gradientView(weightIh).fill(0);
      kernels.scatterAddRows(this.#gradient(weightIh), d.x, d.ld, pass.inputs, rows, weightIh.width);
    } else {
      const { inputs, ldInputs, size } = this.#inputsOf(pass, l);
      this.#weightGradient(pass, weightIh, inputs, ldInputs, size, d.x, d.ld, rows);
    }
    kernels.columnSums(this.#gradient(biasIh), d.x, d.ld, rows, biasIh.width);

    // W_hh h[t − 1] + b_hh; without a state h[−1] is zero and step 0 adds nothing
    const skipped = this.#hasState ? 0 : B;
    if (rows > skipped) {
      const hPrevious = layer.h + skipped * ld * FLOAT;
      const dSteps = d.h + skipped * d.ld * FLOAT;
      this.#weightGradient(pass, weightHh, hPrevious, ld, H, dSteps, d.ld, rows - skipped);
    } else {
      this.#gradientView(weightHh).fill(0);
    }
    if (d.h === d.x) this.#gradientView(biasHh).set(this.#gradientView(biasIh));
    else kernels.columnSums(this.#gradient(biasHh), d.h, d.ld, rows, biasHh.width);
  }

  /** The gradient of a weight in y = W x + b, from x (rows, size) and dY (rows, width). */
  #weightGradient(
    pass: PassPlan,
    slot: ParameterSlot,
    x: number,
    ldx: number,
    size: number,
    dY: number,
    ldd: number,
    rows: number,
  ): void {
    const dW = this.#gradient(slot);
    this.kernels.weightGradient(
      dW,
      slot.width,
      false,
      x,
      ldx,
      dY,
      ldd,
      size,
      slot.width,
      rows,
      pass.zeros,
      pass.panels,
    );
  }

  /** Columns of a weight, from the first to the last that is no padding of the row's end. */
  get #gateColumns(): number {
    const { cell, hiddenSize } = this.config;
    return cell === "rnn" ? hiddenSize : gateCount(cell) * padded(hiddenSize);
  }

  #slots(l: number) {
    return this.layout.layers[l] as (typeof this.layout.layers)[number];
  }

  #weight(slot: ParameterSlot): number {
    return this.parameters + slot.offset * FLOAT;
  }

  #gradient(slot: ParameterSlot): number {
    return this.gradients + slot.offset * FLOAT;
  }

  #gradientView(slot: ParameterSlot): Float32Array {
    return this.#arena.floats(this.#gradient(slot), slot.rows * slot.width);
  }
}

/** to[t, b] = from[b, t] */
function toTimeMajor(to: Int32Array, from: ArrayLike<number>, B: number, T: number): void {
  for (let b = 0; b < B; b++) {
    for (let t = 0; t < T; t++) to[t * B + b] = from[b * T + t] as number;
  }
}
