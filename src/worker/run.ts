import type { CharRNN, GenerateManyOptions, GenerateOptions } from "../index.js";
import type { RunEvent, RunRequest } from "./protocol.js";

/** How long symbols and scores are gathered before they are handed over together, in milliseconds: half a frame. */
const GATHERING = 8;

interface Waiting<T> {
  resolve(value: T): void;
  reject(reason: unknown): void;
}

/**
 * A run in the worker, by turns with the page: it stands still from each event that it hands over until the page asks for
 * the next one.
 */
export class Run {
  readonly #model: CharRNN;
  readonly #request: RunRequest;
  readonly #controller = new AbortController();
  readonly #forget: () => void;
  /** The page, when it waits for an event. */
  #page: Waiting<RunEvent> | undefined;
  /** The run, when it waits for an answer. */
  #run: Waiting<unknown> | undefined;
  #work: Promise<void> | undefined;

  constructor(model: CharRNN, request: RunRequest, forget: () => void) {
    this.#model = model;
    this.#request = request;
    this.#forget = forget;
  }

  abort(): void {
    this.#controller.abort();
  }

  next(answer: unknown): Promise<RunEvent> {
    const event = new Promise<RunEvent>((resolve, reject) => {
      this.#page = { resolve, reject };
    });
    if (this.#work) this.#run?.resolve(answer);
    else this.#work = this.#runToEnd();
    return event;
  }

  async stop(): Promise<void> {
    this.#run?.reject(new Error("the page has left the run"));
    await this.#work;
    this.#forget();
  }

  async #runToEnd(): Promise<void> {
    try {
      const value = await this.#begin();
      this.#page?.resolve({ kind: "end", value });
    } catch (error) {
      this.#page?.reject(error);
    } finally {
      this.#forget();
    }
  }

  /** Hands an event over; resolves with the page's answer. */
  #give(event: RunEvent): Promise<unknown> {
    const answer = new Promise<unknown>((resolve, reject) => {
      this.#run = { resolve, reject };
    });
    this.#page?.resolve(event);
    this.#page = undefined;
    return answer;
  }

  async #begin(): Promise<unknown> {
    const { method, callbacks, hasSignal } = this.#request;
    const text = this.#request.textComesInPieces ? this.#pieces() : (this.#request.text as string);
    const callback = (kind: "onStep" | "onEpoch") =>
      callbacks.includes(kind) && { [kind]: (value: never) => this.#give({ kind, value }) };
    const options = {
      ...this.#request.options,
      ...(hasSignal && { signal: this.#controller.signal }),
      ...callback("onStep"),
      ...callback("onEpoch"),
    };
    switch (method) {
      case "fit":
        return this.#model.fit(text, options);
      case "train":
        for await (const progress of this.#model.train(text, options)) {
          await this.#give({ kind: "items", items: [progress] });
        }
        return undefined;
      case "stream":
        return this.#gather(this.#model.stream(options as GenerateOptions));
      case "scoreStream":
        return this.#gather(this.#model.scoreStream(text, options));
      case "generate":
        return this.#generate(options as GenerateOptions);
      case "generateMany":
        return this.#generateMany(options as GenerateManyOptions);
    }
  }

  async *#pieces(): AsyncGenerator<string> {
    for (;;) {
      const { done, value } = (await this.#give({ kind: "piece" })) as IteratorResult<string>;
      if (done) return;
      yield value;
    }
  }

  async #gather(items: AsyncIterable<unknown>): Promise<void> {
    let gathered: unknown[] = [];
    let since = performance.now();
    for await (const item of items) {
      gathered.push(item);
      if (performance.now() - since < GATHERING) continue;
      await this.#give({ kind: "items", items: gathered });
      gathered = [];
      since = performance.now();
    }
    if (gathered.length > 0) await this.#give({ kind: "items", items: gathered });
  }

  /** The same text as `generate` writes, with turns of the event loop in which the signal can be heard. */
  async #generate(options: GenerateOptions): Promise<string> {
    this.#model.generate(writingNothing(options));
    let text = "";
    for await (const piece of this.#model.stream(options)) text += piece;
    return text;
  }

  async #generateMany({ count, ...options }: GenerateManyOptions): Promise<string[]> {
    this.#model.generateMany({ ...writingNothing(options), count });
    const { seed = 0 } = options;
    const texts: string[] = [];
    for (let i = 0; i < count; i++) texts.push(await this.#generate({ ...options, seed: (seed + i) % 2 ** 32 }));
    return texts;
  }
}

/** Options whose length is checked without reading the prime or writing: `stream` would also take an endless one. */
function writingNothing<O extends GenerateOptions>(options: O): O {
  const { length } = options;
  return { ...options, prime: "", length: Number.isSafeInteger(length) ? Math.min(length, 0) : length };
}
