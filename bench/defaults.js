/*
 * What `fit(text)` makes of texts when it is told nothing else.
 *
 *   node bench/defaults.js [--seeds 100] [--hidden 25]   the lab's sentence: how many seeds end perfect, by cell
 *   node bench/defaults.js --text FILE                   a real text, with the default network: losses, and what was chosen
 */
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { CharRNN } from "../dist/index.js";

const { values } = parseArgs({
  options: {
    seeds: { type: "string", default: "100" },
    hidden: { type: "string", default: "25" },
    text: { type: "string" },
  },
});

const SENTENCE =
  "if you want to build a ship, don't drum up people together to collect wood and don't assign them tasks and work, " +
  "but rather teach them to long for the endless immensity of the sea.";

if (values.text) await learn(readFileSync(values.text, "utf8"));
else for (const cell of ["rnn", "gru", "lstm"]) await memorise(cell, Number(values.seeds), Number(values.hidden));

async function memorise(cell, seeds, hiddenSize) {
  const losses = [];
  const wrong = [];
  for (let seed = 0; seed < seeds; seed++) {
    const model = await CharRNN.create({ vocabulary: SENTENCE, cell, hiddenSize, seed });
    const { epochs } = await model.fit(SENTENCE);
    losses.push(epochs.at(-1).loss);
    // The first prediction follows from a single character, and cannot be known.
    if (model.predict(SENTENCE, { sequenceLength: 10 }).slice(1) !== SENTENCE.slice(2)) wrong.push(seed);
  }
  losses.sort((a, b) => a - b);
  const median = losses[Math.floor(losses.length / 2)].toFixed(4);
  console.log(`${cell} ${hiddenSize}: ${seeds - wrong.length} of ${seeds} perfect, median loss ${median}`, wrong);
}

async function learn(text) {
  const model = await CharRNN.create({ vocabulary: text });
  const { stopped, options } = await model.fit(text, {
    onEpoch: ({ epoch, loss, validationLoss, seconds }) =>
      console.log(
        `epoch ${epoch}  ${loss.toFixed(4)}  validation ${validationLoss?.toFixed(4)}  ${seconds.toFixed(0)} s`,
      ),
  });
  console.log(stopped, options);
  console.log(model.generate({ length: 400, temperature: 0.7, seed: 1 }));
}
