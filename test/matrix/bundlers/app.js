import { Adam, Network, oneHot, slidingWindows, Vocabulary } from "rnn-wasm";
import { lab } from "./lab.js";
import { report } from "./page.js";

report(() => lab(async () => ({ Adam, Network, oneHot, slidingWindows, Vocabulary })));
