import { lab } from "./lab.js";

const report = await lab(
  () => import("rnn-wasm"),
  () => import("rnn-wasm/worker"),
);
console.log(JSON.stringify(report));
