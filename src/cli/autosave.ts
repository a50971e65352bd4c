import type { CharRNN } from "../index.js";
import { saveFile } from "./model-files.js";

/** Seconds after which a run is saved in the middle of an epoch. */
const LONGEST = 60;
/** Seconds between two saves at least: an epoch of a short text takes less time than its save. */
const SHORTEST = 1;

/** Saves a model with its training state, often enough that little is lost whatever happens. */
export class Autosave {
  readonly #model: CharRNN;
  readonly #file: string;
  #saved = -Infinity;
  readonly #started = performance.now();
  #hasChanged = false;

  constructor(model: CharRNN, file: string) {
    this.#model = model;
    this.#file = file;
  }

  async afterStep(): Promise<void> {
    this.#hasChanged = true;
    if (secondsSince(Math.max(this.#saved, this.#started)) >= LONGEST) await this.#save();
  }

  async afterEpoch(): Promise<void> {
    this.#hasChanged = true;
    if (secondsSince(this.#saved) >= SHORTEST) await this.#save();
  }

  /** The run has ended, perhaps with other weights than its last ones. @returns whether there was anything to save */
  async afterRun(): Promise<boolean> {
    if (this.#hasChanged) await this.#save();
    return this.#hasChanged;
  }

  /** @throws Error; the file is then what it was before */
  async #save(): Promise<void> {
    await saveFile(this.#file, this.#model.save({ training: true }));
    this.#saved = performance.now();
  }
}

function secondsSince(moment: number): number {
  return (performance.now() - moment) / 1000;
}
