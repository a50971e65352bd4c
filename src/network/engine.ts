import { Arena, Plan, requireAddressable } from "../core/arena.js";
import { type Core, createCore } from "../core/core.js";
import { layoutParameters, type ParameterLayout, padded } from "../core/layout.js";
import type { CreateWorker } from "../worker-start.js";
import { CONTROL_WORDS, type Job } from "./barrier.js";
import { describeNetwork, type ResolvedConfig } from "./config.js";
import { automaticThreads, CrewTrial } from "./crew-trial.js";
import { alone, type Packing, Pass, type PassMode } from "./pass.js";
import { type PassPlan, type PassShape, planPass } from "./pass-plan.js";
import { copyRows } from "./rows.js";
import { Team } from "./team.js";

const FLOAT = 4;
/** Rows T·B up to which a forward pass takes weights that are packed once, and one thread: sampling, above all. */
const SMALL_ROWS = 64;

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
  readonly #team: Team;
  readonly #pass: Pass;
  /** The same by this thread alone, for what is not worth waiting for others. */
  readonly #soloPass: Pass;
  /** Blocks of packed weights, and of which version they are. */
  readonly #packed: Partial<Record<Packing, { readonly offset: number; version: number }>> = {};
  #version = 0;
  /** Called before the memory behind the blocks is used for anything else. */
  #evict: (() => void) | undefined;
  #lentEnd = 0;
  #plan: PassPlan | undefined;
  #mode: PassMode = { hasState: false, dropoutKey: undefined };
  /** Training passes so far: each has dropout masks of its own. */
  passes = 0;

  /** @throws RangeError where the network is too large, WasmUnavailableError */
  static async create(config: ResolvedConfig, createWorker?: CreateWorker): Promise<Engine> {
    const layout = layoutParameters(config);
    const blocks = new Plan();
    const control = blocks.take(CONTROL_WORDS);
    const parameters = blocks.take(layout.blockLength);
    const gradients = blocks.take(layout.blockLength);
    requireAddressable(blocks, describeNetwork(config));
    const isAuto = config.threads === "auto";
    const threads = isAuto ? automaticThreads() : config.threads;
    const core = await createCore(config.numerics, threads > 1);
    const team = new Team(core, { config, layout, blocks: { parameters, gradients }, control }, createWorker);
    const engine = new Engine(config, layout, core, blocks, { parameters, gradients }, team);
    if (threads > 1) {
      if (isAuto) team.try(new CrewTrial(threads));
      else await team.start(threads);
    }
    return engine;
  }

  private constructor(
    config: ResolvedConfig,
    layout: ParameterLayout,
    core: Core,
    blocks: Plan,
    offsets: { readonly parameters: number; readonly gradients: number },
    team: Team,
  ) {
    this.config = config;
    this.layout = layout;
    this.kernels = core.kernels;
    this.#team = team;
    this.#arena = new Arena(core);
    this.#blocks = blocks;
    this.parameters = offsets.parameters;
    this.gradients = offsets.gradients;
    this.#arena.reserve(blocks, describeNetwork(config));
    this.#pass = new Pass(config, layout, core, this.#arena, offsets, alone);
    this.#soloPass = new Pass(config, layout, core, this.#arena, offsets, alone);
  }

  /** The threads that take part in a pass, this one included. */
  get threads(): number {
    return this.#team.crew.count;
  }

  /** Bytes of WebAssembly memory that the network holds. */
  get byteLength(): number {
    return this.#arena.byteLength;
  }

  /** A view of a block, good until the next pass of another shape. */
  block(offset: number): Float32Array {
    return this.#arena.floats(offset, this.layout.blockLength);
  }

  /** To be called when parameters were changed: what was packed of them is out of date. */
  parametersChanged(): void {
    this.#version++;
  }

  /** Another block alike, of zeros. @throws RangeError where there is no memory for it, naming what needs it */
  takeBlock(what: string): number {
    let offset = this.#freeBlocks.pop();
    if (offset === undefined) {
      // The activations lie behind the blocks and make room: every pass writes them anew.
      this.#vacate();
      const grown = new Plan(this.#blocks.end);
      offset = grown.take(this.layout.blockLength);
      this.#arena.reserve(grown, `${what} for ${describeNetwork(this.config)}`);
      this.#blocks.end = grown.end;
    }
    this.block(offset).fill(0);
    return offset;
  }

  releaseBlock(offset: number): void {
    this.#freeBlocks.push(offset);
  }

  /** Which parameters there are: another number after every change. */
  get version(): number {
    return this.#version;
  }

  /**
   * Lends all memory behind the blocks, until the next pass or the next one who asks; `evict` is called before.
   *
   * @param lay lays out what is needed
   */
  lend(lay: (plan: Plan) => void, evict: () => void): Arena {
    this.#vacate();
    const plan = new Plan(this.#blocks.end);
    lay(plan);
    this.#arena.reserve(plan, `reading symbols with ${describeNetwork(this.config)}`);
    this.#evict = evict;
    this.#lentEnd = plan.end;
    return this.#arena;
  }

  #vacate(): void {
    this.#plan = undefined;
    this.#evict?.();
    this.#evict = undefined;
  }

  /** Lays out and fills what a pass reads. inputs: (B, T) class indices or (B, T, D) reals, batch first. */
  begin(shape: PassShape, training: boolean, inputs: Int32Array | Float32Array, state?: StateValues): void {
    this.#team.beginPass();
    if (this.#pass.crew !== this.#team.crew) {
      this.#pass.crew = this.#team.crew;
      // A plan is for a number of threads.
      this.#plan = undefined;
    }
    const isSmall = !training && shape.B * shape.T <= SMALL_ROWS;
    const packed = isSmall ? this.packedWeights("rows") : undefined;
    if (this.#evict) this.#vacate();
    const pass = this.#layOut(shape, training);
    const { B, T } = shape;
    if (shape.dense) this.#setDenseInputs(pass, inputs as Float32Array);
    else toTimeMajor(this.#arena.integers(pass.inputs, T * B), inputs, B, T);
    if (training) this.passes++;
    const drops = training && this.config.dropout > 0;
    this.#mode = { hasState: state !== undefined, dropoutKey: drops ? this.#dropoutKey() : undefined, packed };
    for (const [l, layer] of pass.layers.entries()) {
      this.#setState(layer.h, l, B, state?.h);
      if (layer.c) this.#setState(layer.c, l, B, state?.c);
    }
  }

  /** All layers and the output layer: leaves the logits. */
  forward(): void {
    this.#run("forward", (pass, plan) => pass.forward(plan, this.#mode));
  }

  /** Mean loss in nats against targets (B, T); leaves its gradients where the logits were. */
  crossEntropy(targets: Int32Array): number {
    const { B, T, ...plan } = this.#current();
    toTimeMajor(this.#arena.integers(plan.targets, T * B), targets, B, T);
    this.#run("crossEntropy", (pass, plan) => pass.crossEntropy(plan));
    const losses = this.#arena.doubles(plan.losses, T * B);
    let sum = 0;
    // An iterator would take longer than the loss of a row itself.
    for (let row = 0; row < T * B; row++) sum += losses[row] as number;
    return sum / (T * B);
  }

  /** Back-propagation through time: leaves the gradients of all parameters. */
  backward(): void {
    this.#run("backward", (pass, plan) => pass.backward(plan, this.#mode));
    const { B, T } = this.#current();
    this.#team.endPass(B * T);
  }

  /** One piece of a pass, by all threads. @throws Error where one of them is lost; from then on this one is alone */
  #run(kind: Job["kind"], own: (pass: Pass, plan: PassPlan) => void): void {
    const plan = this.#current();
    if (this.#team.crew === alone || this.#mode.packed !== undefined) {
      own(this.#soloPass, plan);
      return;
    }
    const { B, T, dense } = plan;
    const job = { kind, B, T, dense, start: this.#blocks.end, ...this.#mode };
    this.#team.share(job, () => own(this.#pass, plan));
  }

  /** A layer's biases as its input projection adds them; byte offsets, `zeros` of padded(H) zeros. */
  sumBiases(l: number, sum: number, zeros: number): void {
    this.#soloPass.sumBiases(l, sum, zeros);
  }

  /** Byte offset of a block of packed weights, laid out as the parameters and packed anew if they have changed. */
  packedWeights(packing: Packing): number {
    const packed = (this.#packed[packing] ??= { offset: this.takeBlock("packed weights"), version: -1 });
    if (packed.version !== this.#version) {
      this.#soloPass.packAll(packed.offset, packing);
      packed.version = this.#version;
    }
    return packed.offset;
  }

  #dropoutKey(): number {
    const { seed, numLayers } = this.config;
    // Far apart for every pass: multiples of an odd number near 2³² / φ go through all integers.
    return (Math.imul(seed + 1, 0x85ebca6b) + Math.imul(this.passes * numLayers, 0x9e3779b1)) | 0;
  }

  /** Softmax of each row of logits (rows, O) / temperature. */
  softmax(logits: Float32Array, rows: number, temperature: number): Float32Array {
    const { outputSize: O } = this.config;
    const width = padded(O);
    // Behind the activations, which stay as they are.
    const plan = new Plan(this.#plan?.training.end ?? (this.#evict ? this.#lentEnd : this.#blocks.end));
    const offset = plan.take(rows * width);
    this.#arena.reserve(plan, "a softmax");
    const view = this.#arena.floats(offset, rows * width);
    copyRows(view, width, logits, O, rows, O);
    this.kernels.softmax(offset, rows, O, 1 / temperature);
    const probabilities = new Float32Array(rows * O);
    copyRows(probabilities, O, view, width, rows, O);
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
    let pass = this.#plan;
    if (pass?.B !== B || pass.T !== T || pass.dense !== dense) {
      pass = planPass(this.config, shape, this.#blocks.end, this.threads);
      this.#reserve(pass, training);
      this.#plan = pass;
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
    if (!this.#plan) throw new Error("no pass has begun");
    return this.#plan;
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
    if (values) copyRows(slot, ld, values.subarray(layer * B * H), H, B, H);
  }

  #finalState(pass: PassPlan, which: "h" | "c"): Float32Array {
    const { hiddenSize: H } = this.config;
    const ld = padded(H);
    const { B, T } = pass;
    const values = new Float32Array(pass.layers.length * B * H);
    for (const [l, layer] of pass.layers.entries()) {
      const slot = this.#arena.floats(layer[which] + T * B * ld * FLOAT, B * ld);
      copyRows(values.subarray(l * B * H), H, slot, ld, B, H);
    }
    return values;
  }
}

/** to[t, b] = from[b, t] */
function toTimeMajor(to: Int32Array, from: ArrayLike<number>, B: number, T: number): void {
  for (let b = 0; b < B; b++) {
    for (let t = 0; t < T; t++) to[t * B + b] = from[b * T + t] as number;
  }
}
