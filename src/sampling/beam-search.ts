import { requireFinite, Stepper } from "../network/stepper.js";
import { readOptions } from "../validate.js";
import { type BeamSearchOptions, beamSearchTable, stopList } from "./options.js";
import { startRows, type TextModel } from "./reader.js";
import { Spelling } from "./spelling.js";
import { takeRows } from "./state-rows.js";
import { StopStrings } from "./stop-strings.js";

/** A text that a beam search found. */
export interface Beam {
  readonly text: string;
  /** ln p of its symbols after the prime, a stop string's included, which the text leaves out. */
  readonly logProbability: number;
}

/** A text that is followed, or one that has ended. */
interface Path {
  /** Its last symbol and the path before it. */
  readonly index: number;
  readonly before: Path | undefined;
  /** Its row in the stepper when its last symbol was chosen. */
  readonly row: number;
  /** Its probability over that of the likeliest path: relative, so that no length of text makes all of them 0. */
  readonly weight: number;
  readonly logProbability: number;
  /** The end of its spelled text, shorter than the longest stop string. */
  readonly tail: string;
  /** How many characters the end of the spelled text has from the stop string on; undefined while it goes on. */
  readonly stopped: number | undefined;
}

export function beamSearch(model: TextModel, options: BeamSearchOptions): Beam[] {
  const { prime, length, stop, beamWidth } = readOptions("options", options, beamSearchTable);
  const { network, vocabulary } = model;
  const V = vocabulary.size;
  const spelling = new Spelling(vocabulary);
  const stops = new StopStrings(stopList(stop).map((text) => spelling.spellText(text)));
  const stepper = new Stepper(network, beamWidth);
  // Rows without a path repeat the first one.
  const start = startRows(model, vocabulary.encode(prime), beamWidth);
  stepper.state = start.state;
  let { logits } = start;

  const root = { index: -1, before: undefined, row: 0, weight: 1, logProbability: 0, tail: "", stopped: undefined };
  let paths: Path[] = [root];
  for (let i = 0; i < length; i++) {
    const open = paths.filter(isOpen);
    if (open.length === 0) break;
    if (i > 0) {
      const rows = Array.from({ length: beamWidth }, (_, row) => open[row] ?? (open[0] as Path));
      stepper.state = takeRows(
        stepper.state,
        rows.map(({ row }) => row),
      );
      logits = stepper.feed(Int32Array.from(rows, ({ index }) => index));
    }
    requireFinite(logits);
    paths = extend(paths, stepper.probabilities(logits), V, beamWidth).map((path) => follow(path, spelling, stops));
  }
  return paths.map((path) => ({ text: textOf(path, spelling), logProbability: path.logProbability }));
}

function isOpen({ stopped }: Path): boolean {
  return stopped === undefined;
}

/** The likeliest paths, likeliest first: ended ones as they are, open ones with every symbol. Equal ones in that order. */
function extend(paths: readonly Path[], probabilities: Float32Array, V: number, width: number): Path[] {
  const best: Path[] = [];
  const offer = (weight: number, path: () => Path) => {
    if (best.length === width && weight <= (best[width - 1] as Path).weight) return;
    let rank = best.length;
    while (rank > 0 && weight > (best[rank - 1] as Path).weight) rank--;
    best.splice(rank, 0, path());
    best.length = Math.min(best.length, width);
  };
  for (const path of paths) if (!isOpen(path)) offer(path.weight, () => path);
  for (const [row, before] of paths.filter(isOpen).entries()) {
    for (let index = 0; index < V; index++) {
      const p = probabilities[row * V + index] as number;
      const weight = before.weight * p;
      offer(weight, () => {
        const logProbability = before.logProbability + Math.log(p); // for the caller: only weights are compared
        return { index, before, row, weight, logProbability, tail: before.tail, stopped: undefined };
      });
    }
  }
  const [first] = best;
  return best.map((path) => ({ ...path, weight: path.weight / (first as Path).weight }));
}

/** A path with its new symbol spelled. */
function follow(path: Path, spelling: Spelling, stops: StopStrings): Path {
  if (!isOpen(path) || stops.longest === 0) return path;
  const end = path.tail + spelling.spell(path.index);
  const stop = stops.find(end);
  return stop < 0 ? { ...path, tail: end.slice(stops.settled(end)) } : { ...path, stopped: end.length - stop };
}

function textOf(path: Path, spelling: Spelling): string {
  const spelled: string[] = [];
  for (let step: Path | undefined = path; step?.before; step = step.before) spelled.push(spelling.spell(step.index));
  const whole = spelled.reverse().join("");
  return spelling.textOf(whole.slice(0, whole.length - (path.stopped ?? 0)));
}
