import { lab } from "./lab.js";

console.log(JSON.stringify(await lab(() => import("rnn-wasm"))));
