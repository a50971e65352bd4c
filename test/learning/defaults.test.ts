import { expect, test } from "vitest";
import { CharRNN } from "../../src/index.js";
import { LAB } from "../lab.js";

/*
 * fit(text) with no options memorises the lab's sentence: all of 100 seeds for each cell, by bench/defaults.js; here a few,
 * among them seeds that the lab's own recipe fails.
 */
test.each([
  ["rnn", 1],
  ["rnn", 7],
  ["gru", 3],
  ["lstm", 5],
] as const)("%s, seed %i", async (cell, seed) => {
  const model = await CharRNN.create({ vocabulary: LAB.text, cell, hiddenSize: 25, seed });
  const { stopped, options } = await model.fit(LAB.text);
  expect(stopped).toBe("finished");
  expect(options).toMatchObject({ batching: "windows", sequenceLength: 10, batchSize: "full", epochs: 250 });
  expect(model.predict(LAB.text, { sequenceLength: 10 }).slice(1)).toBe(LAB.text.slice(2));
});
