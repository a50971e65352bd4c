/*
 * node examples/rivers.js [HOW MANY] : learns the names of rivers and invents new ones, each with how likely the model
 * finds it.
 */
import { readFileSync } from "node:fs";
import { CharRNN } from "rnn-wasm";

const count = Number(process.argv[2] ?? 20);
const text = `\n${readFileSync(new URL("rivers.txt", import.meta.url), "utf8")}`;
const known = new Set(text.split("\n"));

const model = await CharRNN.create({ vocabulary: text, cell: "gru", hiddenSize: 64, numLayers: 1, seed: 1 });
await model.fit(text, {
  onEpoch: ({ epoch, loss }) => process.stderr.write(`\repoch ${epoch + 1}, ${loss.toFixed(2)} nats a letter `),
});
process.stderr.write("\n");

// A name begins behind a line's end, and ends before one.
const invented = new Set();
for (let seed = 0; invented.size < count && seed < 50 * count; seed++) {
  const name = model.generate({ prime: "\n", length: 20, stop: "\n", temperature: 1, seed });
  if (name.length > 2 && !known.has(name)) invented.add(name);
}
for (const { text, bitsPerSymbol } of model.rank([...invented], { prime: "\n" })) {
  console.log(`${text.padEnd(20)} ${bitsPerSymbol.toFixed(1)} bits a letter`);
}
