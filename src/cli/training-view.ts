import cliProgress from "cli-progress";
import type { EpochRecord, TrainingProgress } from "../index.js";
import { count, duration, oneLine } from "./format.js";

/** What is seen of a run while it goes on. */
export interface TrainingView {
  /** Seconds from one sample to the next, where nobody says otherwise; 0 for none. */
  readonly sampleEvery: number;
  /** Says a line beside the progress. */
  say(line: string): void;
  step(progress: TrainingProgress): void;
  epoch(record: EpochRecord): void;
  sample(text: string): void;
  /** Nothing more is seen, and the terminal is as it was. */
  stop(): void;
}

/** JSON: a line per epoch on standard output, and nothing else there. */
export class JSONView implements TrainingView {
  readonly sampleEvery = 0;

  say(line: string): void {
    process.stderr.write(`${line}\n`);
  }
  step(): void {}
  epoch(record: EpochRecord): void {
    process.stdout.write(`${JSON.stringify(record)}\n`);
  }
  sample(): void {}
  stop(): void {}
}

/** Seconds after which a step has a line, where no epoch has ended meanwhile. */
const SILENCE = 30;

/** Plain lines: one per epoch, and one now and then within a long one. */
export class LinesView implements TrainingView {
  readonly sampleEvery = 0;
  readonly #pace = new Pace();
  #last: TrainingProgress | undefined;
  #spoke = performance.now();

  say(line: string): void {
    process.stdout.write(`${line}\n`);
    this.#spoke = performance.now();
  }

  step(progress: TrainingProgress): void {
    this.#last = progress;
    this.#pace.step(progress);
    if (performance.now() - this.#spoke < SILENCE * 1000) return;
    const { epoch, step, totalSteps, loss } = progress;
    this.say(`epoch ${this.#number(epoch)}  step ${step + 1}/${totalSteps}  loss ${loss.toFixed(4)}  ${this.#pace}`);
  }

  epoch({ epoch, loss, validationLoss }: EpochRecord): void {
    const number = this.#number(epoch);
    const held = validationLoss === undefined ? "" : `  held out ${validationLoss.toFixed(4)}`;
    this.say(`epoch ${number}  loss ${loss.toFixed(4)}${held}  ${this.#pace}`);
  }

  sample(text: string): void {
    this.say(`sample    ${oneLine(text, 100)}`);
  }

  stop(): void {}

  #number(epoch: number): string {
    const total = String(this.#last?.totalEpochs ?? "");
    const number = String(epoch + 1).padStart(total.length);
    // A state that was saved behind an epoch's last step has its record before any step.
    return total === "" ? number : `${number}/${total}`;
  }
}

/** A progress bar at the bottom, samples above it. */
export class TerminalView implements TrainingView {
  readonly sampleEvery = 10;
  readonly #pace = new Pace();
  readonly #bars = new cliProgress.MultiBar({
    stream: process.stdout,
    format: (_, { progress }) => this.#line(progress),
    clearOnComplete: true,
    gracefulExit: false,
  });
  #bar: cliProgress.SingleBar | undefined;
  #last: TrainingProgress | undefined;
  #held = "";
  #loss = Number.NaN;

  constructor() {
    // Line wrapping is off while the bar is drawn: it comes back however the process ends.
    process.on("exit", this.#restore);
  }

  readonly #restore = (): void => {
    if (!this.#bar) return;
    this.#bars.update(); // which writes the lines that wait
    this.#bars.stop();
    this.#bar = undefined;
  };

  say(line: string): void {
    if (this.#bar) this.#bars.log(`${line}\x1b[K\n`);
    else process.stdout.write(`${line}\n`);
  }

  step(progress: TrainingProgress): void {
    const { step, totalSteps, loss } = progress;
    this.#last = progress;
    this.#pace.step(progress);
    // The steps of a small network are too many to follow, and each has its own chance: a mean is seen.
    this.#loss = Number.isNaN(this.#loss) ? loss : this.#loss + (loss - this.#loss) / 10;
    this.#bar ??= this.#bars.create(totalSteps, step + 1);
    this.#bar.update(step + 1);
  }

  epoch({ validationLoss }: EpochRecord): void {
    if (validationLoss !== undefined) this.#held = ` (held out ${validationLoss.toFixed(3)})`;
  }

  sample(text: string): void {
    const head = `${this.#epochOf(4)}  ${this.#loss.toFixed(3)}  `;
    this.say(`${head}${oneLine(text, columns() - head.length - 1)}`);
  }

  stop(): void {
    this.#restore();
    process.off("exit", this.#restore);
  }

  /** The bar, as wide as the numbers leave it. */
  #line(progress: number): string {
    const head = `${`${Math.floor(100 * progress)} %`.padStart(5)}  epoch ${this.#epochOf(0)}  loss ${this.#loss.toFixed(3)}`;
    const tail = `  ${this.#pace}`;
    const room = columns() - head.length - tail.length - 2;
    const held = room - this.#held.length < NARROWEST ? "" : this.#held;
    const width = Math.max(NARROWEST, Math.min(30, room - held.length));
    const full = Math.floor(progress * width);
    return `${"█".repeat(full)}${"░".repeat(width - full)} ${head}${held}${tail}`;
  }

  /** Of the step that was last: without one nothing is drawn. */
  #epochOf(width: number): string {
    const { epoch, totalEpochs } = this.#last as TrainingProgress;
    return `${String(epoch + 1).padStart(width)}/${totalEpochs}`;
  }
}

/** Columns of a bar at least. */
const NARROWEST = 8;

function columns(): number {
  return process.stdout.columns || 80;
}

/** How fast it goes, and how long still. */
class Pace {
  readonly #created = performance.now();
  #first: { readonly step: number; readonly time: number } | undefined;
  #progress: TrainingProgress | undefined;
  #secondsPerSymbol = 0;

  step(progress: TrainingProgress): void {
    const seconds = 1 / progress.symbolsPerSecond;
    // The library's speed is that of an epoch, which can be a single step: a mean is seen.
    if (this.#first) this.#secondsPerSymbol += (seconds - this.#secondsPerSymbol) / 10;
    else this.#secondsPerSymbol = seconds;
    this.#first ??= { step: progress.step, time: performance.now() };
    this.#progress = progress;
  }

  toString(): string {
    if (!this.#first || !this.#progress) return "";
    const { step, totalSteps } = this.#progress;
    const speed = `${count(1 / this.#secondsPerSymbol)} symbols/s`;
    // The first step, which starts slowly, counts as long as there is no other.
    const since = step > this.#first.step ? this.#first : { step: step - 1, time: this.#created };
    const perStep = (performance.now() - since.time) / 1000 / (step - since.step);
    return `${speed}  ${duration(perStep * (totalSteps - 1 - step))} left`;
  }
}
