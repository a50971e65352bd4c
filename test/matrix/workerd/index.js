import * as library from "rnn-wasm";
import { lab } from "./lab.js";

export default {
  async fetch() {
    try {
      return Response.json({ report: await lab(async () => library) });
    } catch ({ name, code = name, message }) {
      return Response.json({ refusal: { code, message } });
    }
  },
};
