import { argmax } from "../tensor/argmax.js";
import type { Tensor } from "../tensor/tensor.js";
import { slidingWindows, stitchWindows } from "../text/windows.js";
import { anyText, check, custom, integer, readOptions, withDefault } from "../validate.js";
import { CHUNK, readPrime, type TextModel } from "./reader.js";

/** How well a model foresees a text. */
export interface Evaluation {
  /** Nats per symbol. */
  readonly loss: number;
  /** loss / ln 2 */
  readonly bitsPerSymbol: number;
  /** e^loss: among how many equally likely symbols the model seems to choose. */
  readonly perplexity: number;
}

/** What an evaluation starts from. */
export interface EvaluateOptions {
  /** What the model reads before the text. Default "": then the first symbol is not counted, since nothing foretells it. */
  readonly prime?: string;
}

/** One of several texts, and how well the model foresees it. */
export interface Ranking {
  readonly text: string;
  /** Its place among the texts that were given. */
  readonly index: number;
  readonly bitsPerSymbol: number;
  /** Of all its symbols together: a text chosen at random has 2^bits as likely ones. */
  readonly bits: number;
}

const table = { prime: withDefault(anyText(), "") };
const textsRule = custom<readonly string[]>("an array of texts", Array.isArray);

/** Windows that `predict` runs at a time. */
const PREDICTED_WINDOWS = 512;

export function evaluate(model: TextModel, text: string, options: EvaluateOptions): Evaluation {
  const { prime } = readOptions("options", options, table);
  const { sum, count } = lossOf(model, "text", text, prime, "an evaluation");
  const loss = sum / count;
  return { loss, bitsPerSymbol: loss / Math.LN2, perplexity: Math.exp(loss) };
}

export function rank(model: TextModel, texts: readonly string[], options: EvaluateOptions): Ranking[] {
  const { prime } = readOptions("options", options, table);
  return check("texts", texts, textsRule)
    .map((text, index) => {
      const { sum, count } = lossOf(model, `texts[${index}]`, text, prime, "a rank");
      return { text, index, bitsPerSymbol: sum / count / Math.LN2, bits: sum / Math.LN2 };
    })
    .sort((a, b) => a.bitsPerSymbol - b.bitsPerSymbol);
}

export function predict(model: TextModel, text: string, options: { sequenceLength: number }): string {
  const { sequenceLength: T } = readOptions("options", options, { sequenceLength: integer({ min: 1 }) });
  const { inputs } = slidingWindows(encode(model, "text", text, T + 1, `sequenceLength ${T}`), T);
  const [count = 0] = inputs.shape;
  const predictions = new Int32Array(count * T);
  for (let n = 0; n < count; n += PREDICTED_WINDOWS) {
    const batch = Math.min(PREDICTED_WINDOWS, count - n);
    const { logits } = model.network.forward({ data: inputs.data.subarray(n * T, (n + batch) * T), shape: [batch, T] });
    predictions.set(argmax(logits, 2).data, n * T);
  }
  return model.vocabulary.decode(stitchWindows({ data: predictions, shape: [count, T] }));
}

/** The sum of the losses in nats, and of how many symbols: of all but the first, or with a prime of all. */
function lossOf(
  model: TextModel,
  name: string,
  text: string,
  prime: string,
  what: string,
): { sum: number; count: number } {
  const { last, state: before } = readPrime(model, prime);
  const given = encode(model, name, text, last === undefined ? 2 : 1, what);
  let indices = given;
  if (last !== undefined) {
    indices = new Int32Array(given.length + 1);
    indices[0] = last;
    indices.set(given, 1);
  }
  let state = before;
  const row = (from: number, to: number): Tensor<Int32Array> => ({
    data: indices.subarray(from, to),
    shape: [1, to - from],
  });
  const count = indices.length - 1;
  let sum = 0;
  for (let start = 0; start < count; start += CHUNK) {
    const end = Math.min(start + CHUNK, count);
    const result = model.network.evaluate(row(start, end), row(start + 1, end + 1), state);
    sum += result.loss * (end - start);
    state = result.state;
  }
  return { sum, count };
}

function encode({ vocabulary }: TextModel, name: string, text: string, needed: number, what: string): Int32Array {
  const indices = vocabulary.encode(check(name, text, anyText()));
  if (indices.length < needed) {
    const symbols = needed === 1 ? "1 symbol" : `${needed} symbols`;
    throw new RangeError(`"${name}": expected at least ${symbols} for ${what}, got ${indices.length}`);
  }
  return indices;
}
