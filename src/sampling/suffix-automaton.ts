/*
 * The smallest automaton that accepts every substring of a text. A state stands for substrings that end at the same
 * places, up to `length` long; its link leads to the longest of the shorter ones that end at more places.
 * Blumer et al., "The smallest automaton recognizing the subwords of a text", Theoretical Computer Science 40 (1985).
 */

const ROOT = 0;
const NONE = -1;

/** Where a walk along another text stands: the longest end of it that the automaton's text has. */
export interface Match {
  readonly state: number;
  readonly length: number;
}

/** Of a text of n UTF-16 code units: up to 2n states and 3n transitions, built in linear time for an alphabet of any one size. */
export class SuffixAutomaton {
  /** Per state. */
  readonly lengths: Int32Array;
  readonly links: Int32Array;
  /** Where the first occurrence of a state's substrings ends, exclusively. */
  readonly firstEnds: Int32Array;
  /** The state of each beginning of the text, of lengths 1 to n. */
  readonly beginnings: Int32Array;
  size = 1;
  /** Transitions are lists: the first one of a state, and the next one of a transition. */
  readonly #heads: Int32Array;
  readonly #nexts: Int32Array;
  readonly #codes: Uint16Array;
  readonly #targets: Int32Array;
  #transitions = 0;
  /** The root has a transition for every character of the text: a table, where a list would be long. */
  readonly #fromRoot = new Int32Array(0x10000).fill(NONE);

  constructor(text: string) {
    const n = text.length;
    const states = 2 * n + 1;
    this.lengths = new Int32Array(states);
    this.links = new Int32Array(states).fill(NONE);
    this.firstEnds = new Int32Array(states);
    this.beginnings = new Int32Array(n);
    this.#heads = new Int32Array(states).fill(NONE);
    this.#nexts = new Int32Array(3 * n + 1);
    this.#codes = new Uint16Array(3 * n + 1);
    this.#targets = new Int32Array(3 * n + 1);
    let last = ROOT;
    for (let i = 0; i < n; i++) {
      last = this.#append(last, text.charCodeAt(i), i);
      this.beginnings[i] = last;
    }
  }

  /** One more code unit of another text. */
  step({ state, length }: Match, code: number): Match {
    let from = state;
    let matched = length;
    for (;;) {
      const target = this.#target(from, code);
      if (target !== NONE) return { state: target, length: matched + 1 };
      if (from === ROOT) return { state: ROOT, length: 0 };
      from = this.links[from] as number;
      matched = this.lengths[from] as number;
    }
  }

  #append(last: number, code: number, at: number): number {
    const added = this.#add(at + 1, at + 1);
    let from = last;
    for (; from !== NONE && this.#target(from, code) === NONE; from = this.links[from] as number) {
      this.#connect(from, code, added);
    }
    this.links[added] = from === NONE ? ROOT : this.#targetOfLength(from, code);
    return added;
  }

  /** Where a transition leads, after its target was split so that it has no more than one code unit more than its source. */
  #targetOfLength(from: number, code: number): number {
    const target = this.#target(from, code);
    const length = (this.lengths[from] as number) + 1;
    if (this.lengths[target] === length) return target;
    const split = this.#add(length, this.firstEnds[target] as number);
    for (let edge = this.#heads[target] as number; edge !== NONE; edge = this.#nexts[edge] as number) {
      this.#connect(split, this.#codes[edge] as number, this.#targets[edge] as number);
    }
    this.links[split] = this.links[target] as number;
    this.links[target] = split;
    for (let source = from; source !== NONE && this.#target(source, code) === target; ) {
      this.#redirect(source, code, split);
      source = this.links[source] as number;
    }
    return split;
  }

  #add(length: number, firstEnd: number): number {
    const state = this.size++;
    this.lengths[state] = length;
    this.firstEnds[state] = firstEnd;
    return state;
  }

  #target(state: number, code: number): number {
    if (state === ROOT) return this.#fromRoot[code] as number;
    const edge = this.#edge(state, code);
    return edge === NONE ? NONE : (this.#targets[edge] as number);
  }

  #edge(state: number, code: number): number {
    let edge = this.#heads[state] as number;
    while (edge !== NONE && this.#codes[edge] !== code) edge = this.#nexts[edge] as number;
    return edge;
  }

  #connect(state: number, code: number, target: number): void {
    if (state === ROOT) {
      this.#fromRoot[code] = target;
      return;
    }
    const edge = this.#transitions++;
    this.#codes[edge] = code;
    this.#targets[edge] = target;
    this.#nexts[edge] = this.#heads[state] as number;
    this.#heads[state] = edge;
  }

  #redirect(state: number, code: number, target: number): void {
    if (state === ROOT) this.#fromRoot[code] = target;
    else this.#targets[this.#edge(state, code)] = target;
  }
}
