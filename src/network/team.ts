import type { Core } from "../core/core.js";
import type { CreateWorker } from "../worker-start.js";
import type { Job } from "./barrier.js";
import { type CrewStart, WorkerCrew } from "./crew.js";
import type { CrewTrial } from "./crew-trial.js";
import { alone, type Crew } from "./pass.js";

/** What the threads of a network are told, whatever their number. */
type TeamStart = Omit<CrewStart, "module" | "memory" | "index" | "count">;

/**
 * Who computes the passes of one network: this thread, and beside it those that were asked for, or those that a trial
 * finds to help where nobody said how many there are to be.
 */
export class Team {
  readonly #core: Core;
  readonly #start: TeamStart;
  readonly #createWorker: CreateWorker | undefined;
  #crew: WorkerCrew | undefined;
  #trial: CrewTrial | undefined;
  /** Whether what goes wrong is worth a word: whoever asked for nothing is told nothing. */
  #isAsked = false;
  #advice: ReturnType<CrewTrial["record"]>;
  /** When the last pass began, in milliseconds. */
  #began = 0;

  constructor(core: Core, start: TeamStart, createWorker: CreateWorker | undefined) {
    this.#core = core;
    this.#start = start;
    this.#createWorker = createWorker;
  }

  /** This thread's place among those who take part in the next pass. */
  get crew(): Crew {
    return this.#crew?.barrier ?? alone;
  }

  /** Starts `count` threads, this one included; where that is refused one says so, and goes on alone. */
  async start(count: number): Promise<void> {
    this.#isAsked = true;
    const fault = this.#core.sharingFault;
    if (fault) warnOnce(fault);
    else await this.#startCrew(count).catch((error: Error) => warnOnce(error.message));
  }

  /** Finds out by the next passes whether several threads help. */
  try(trial: CrewTrial): void {
    if (!this.#core.sharingFault) this.#trial = trial;
  }

  /** Before a pass: threads that are lost leave, and those that the trial asks for are started. */
  beginPass(): void {
    if (this.#crew?.barrier.hasFailed) {
      this.#dismiss();
      if (this.#isAsked) warnOnce("a worker thread has ended");
    }
    if (this.#trial) this.#follow(this.#trial);
  }

  /** After a training pass over so many rows. */
  endPass(rows: number): void {
    if (!this.#trial) return;
    const seconds = (performance.now() - this.#began) / 1000;
    this.#advice = this.#trial.record(this.#crew ? "together" : "alone", seconds, rows);
  }

  /** One piece of a pass, by all. @throws Error where one of them is lost; from then on this one is alone */
  share(job: Job, own: () => void): void {
    this.#crew?.give(job);
    try {
      own();
    } catch (error) {
      this.#dismiss();
      throw error;
    }
  }

  #follow(trial: CrewTrial): void {
    const advice = this.#advice;
    this.#advice = undefined;
    if (advice === "dismiss") this.#dismiss();
    else if (advice === "keep") this.#trial = undefined;
    else if (advice === "start") {
      // It goes on when they are there, and is over where they cannot be started.
      this.#trial = undefined;
      const goOn = () => {
        this.#trial = trial;
      };
      this.#startCrew(trial.threads).then(goOn, () => undefined);
    }
    this.#began = performance.now();
  }

  async #startCrew(count: number): Promise<void> {
    this.#crew = await WorkerCrew.start(this, this.#core, { ...this.#start, count }, this.#createWorker);
  }

  #dismiss(): void {
    this.#crew?.stop();
    this.#crew = undefined;
    this.#trial = undefined;
  }
}

let hasWarned = false;

function warnOnce(reason: string): void {
  if (hasWarned) return;
  hasWarned = true;
  console.warn(`rnn-wasm: one thread instead of several: ${reason}`);
}
