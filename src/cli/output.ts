import { once } from "node:events";
import { EXIT, fileReason } from "./errors.js";

/** What happens when nobody reads on: `rnn-wasm sample … | head` ends quietly. */
let whenClosed: () => void = () => process.exit(0);

export function onClosedOutput(act: () => void): void {
  whenClosed = act;
}

/** Has the errors of standard output, which come as events, end the program. */
export function watchOutput(): void {
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE" || error.code === "ERR_STREAM_DESTROYED") return whenClosed();
    process.stderr.write(`rnn-wasm: standard output: ${fileReason(error)}\n`);
    process.exit(EXIT.failed);
  });
  // There is no place left to say that there is no place to say anything.
  process.stderr.on("error", () => {});
}

/** How much text is written at a time, in characters, and how long it may wait, in milliseconds: the eye sees no more. */
const PIECE = 1 << 13;
const WAIT = 16;

/** Writes a text that comes symbol by symbol. A write a symbol would cost more than the symbol. */
export class TextWriter {
  #text = "";
  #flushed = performance.now();

  async write(text: string): Promise<void> {
    this.#text += text;
    if (this.#text.length >= PIECE || performance.now() - this.#flushed >= WAIT) await this.flush();
  }

  async flush(): Promise<void> {
    const text = this.#text;
    this.#text = "";
    if (text !== "" && !process.stdout.write(text)) await once(process.stdout, "drain");
    this.#flushed = performance.now();
  }
}
