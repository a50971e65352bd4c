import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";

/*
 * 200 MB of text trains within 1 GB of process memory. A process of its own, because what is measured is the largest
 * memory that it ever had. It takes a handful of steps: what counts is that the text lies there as one byte a symbol, and
 * neither as windows nor one-hot.
 */
const program = `
  import { CharRNN } from "./dist/index.js";
  const piece = "the quick brown fox jumps over the lazy dog, and 17 others.\\n".repeat(1000);
  async function* pieces() {
    for (let characters = 0; characters < 200e6; characters += piece.length) yield piece;
  }
  const model = await CharRNN.create({ vocabulary: piece, cell: "gru", hiddenSize: 32 });
  const controller = new AbortController();
  const history = await model.fit(pieces(), {
    batching: "streams", sequenceLength: 50, batchSize: 50, epochs: 1, signal: controller.signal,
    onStep: ({ step }) => step === 20 && controller.abort(),
  });
  const megabytes = process.resourceUsage().maxRSS / 1024;
  console.log(JSON.stringify({ stopped: history.stopped, megabytes }));
`;

test("200 MB of text train within 1 GB", () => {
  const output = execFileSync(process.execPath, ["--input-type=module", "--eval", program], { encoding: "utf8" });
  const { stopped, megabytes } = JSON.parse(output);
  expect(stopped).toBe("aborted");
  expect(megabytes).toBeGreaterThan(200);
  expect(megabytes).toBeLessThan(1000);
  console.info(`200 MB of text: ${megabytes.toFixed(0)} MB of process memory`);
});
