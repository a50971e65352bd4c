import { Adam, CharRNN, Network, oneHot, slidingWindows, Vocabulary } from "rnn-wasm";
import { CharRNN as RemoteCharRNN } from "rnn-wasm/worker";
import { lab } from "./lab.js";
import { report } from "./page.js";

report(() =>
  lab(
    async () => ({ Adam, CharRNN, Network, oneHot, slidingWindows, Vocabulary }),
    async () => ({ CharRNN: RemoteCharRNN }),
  ),
);
