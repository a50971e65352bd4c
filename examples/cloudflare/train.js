/* npm run train : learns ../rivers.txt on this machine and writes the model that the worker samples from. */
import { readFileSync } from "node:fs";
import { CharRNN } from "rnn-wasm";
import { writeFileAtomically } from "rnn-wasm/node";

const text = `\n${readFileSync(new URL("../rivers.txt", import.meta.url), "utf8")}`;
const model = await CharRNN.create({ vocabulary: text, cell: "gru", hiddenSize: 64, numLayers: 1, seed: 1 });
const { epochs } = await model.fit(text);
await writeFileAtomically(new URL("src/rivers.safetensors", import.meta.url).pathname, model.save());
console.log(`src/rivers.safetensors: ${epochs.at(-1).loss.toFixed(2)} nats a letter`);
