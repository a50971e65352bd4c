/* A Cloudflare worker that invents names of rivers: /?count=12&start=D&temperature=0.8 gives them as JSON. */
import { CharRNN } from "rnn-wasm";
import bytes from "./rivers.safetensors";

/** Once for all requests that this worker answers. */
let loading;

export default {
  async fetch(request) {
    const { searchParams } = new URL(request.url);
    const count = Math.min(Number(searchParams.get("count") ?? 12), 100);
    const start = searchParams.get("start") ?? "";
    const temperature = Number(searchParams.get("temperature") ?? 0.9);
    const [seed] = crypto.getRandomValues(new Uint32Array(1));
    try {
      loading ??= CharRNN.load(new Uint8Array(bytes));
      const model = await loading;
      // A name begins behind a line's end, and ends before one.
      const options = { prime: `\n${start}`, length: 20, stop: "\n", temperature, seed };
      const names = model.generateMany({ ...options, count }).map((rest) => start + rest);
      return Response.json({ names });
    } catch (error) {
      // What the library says about a wrong option or an unknown letter is fit to be shown.
      return Response.json({ error: error.message }, { status: 400 });
    }
  },
};
