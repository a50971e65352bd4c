import type { SymbolScore } from "../index.js";
import { translateError, UsageError } from "./errors.js";
import { count, labelled } from "./format.js";
import { loadModel } from "./model-files.js";
import { TextWriter } from "./output.js";
import { inTurns, openTexts, STANDARD_INPUT } from "./text-files.js";

export interface ScoreFlags {
  readonly symbols?: boolean;
  readonly json?: boolean;
}

/** How well a model foresees a text, in the memory of one piece of it. */
export async function score(file: string, textFile: string | undefined, flags: ScoreFlags): Promise<void> {
  if (textFile === undefined && process.stdin.isTTY)
    throw new UsageError("expected a FILE, or a text on standard input");
  const model = await loadModel(file);
  const source = await openTexts([textFile ?? STANDARD_INPUT]);
  const output = new TextWriter();
  let bits = 0;
  let symbols = 0;
  try {
    for await (const each of model.scoreStream(inTurns(source.pieces()), { alternatives: flags.symbols ? 3 : 0 })) {
      bits += each.surprisal;
      symbols++;
      if (flags.symbols) await output.write(`${flags.json ? JSON.stringify(each) : symbolLine(each)}\n`);
    }
  } catch (error) {
    throw translateError(error, { text: source.name }, source.name);
  }
  if (symbols === 0) throw new UsageError(`${source.name}: expected at least 2 symbols, got 1`);
  const bitsPerSymbol = bits / symbols;
  const loss = bitsPerSymbol * Math.LN2;
  const perplexity = Math.exp(loss);
  if (flags.json) {
    await output.write(`${JSON.stringify({ symbols, loss, bitsPerSymbol, perplexity })}\n`);
  } else {
    const lines = [
      labelled("symbols", `${count(symbols)}: all but the first, which nothing foretells`),
      labelled("loss", `${loss.toFixed(5)} nats per symbol`),
      labelled("bits", `${bitsPerSymbol.toFixed(5)} per symbol`),
      labelled("perplexity", perplexity.toFixed(5)),
    ];
    await output.write(`${lines.join("\n")}\n`);
  }
  await output.flush();
}

/** Offset, symbol, surprisal in bits, probability, and what was expected, with tabs between. */
function symbolLine({ offset, symbol, probability, surprisal, alternatives }: SymbolScore): string {
  const expected = alternatives.map((each) => `${quoted(each.symbol)} ${each.probability.toFixed(4)}`);
  return [offset, quoted(symbol), surprisal.toFixed(3), probability.toFixed(4), ...expected].join("\t");
}

/** As JSON has it, and without what would move a terminal's cursor. */
function quoted(symbol: string): string {
  return JSON.stringify(symbol).replaceAll(
    /\p{Cc}/gu,
    (control) => `\\u${control.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
