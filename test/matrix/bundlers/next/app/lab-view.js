"use client";

import { useEffect, useState } from "react";
import { Adam, CharRNN, Network, oneHot, slidingWindows, Vocabulary } from "rnn-wasm";
import { CharRNN as RemoteCharRNN } from "rnn-wasm/worker";
import { lab } from "./lab.js";
import { report } from "./page-report.js";

export default function Lab() {
  const [loss, setLoss] = useState();
  useEffect(() => {
    report(async () => {
      const result = await lab(
        async () => ({ Adam, CharRNN, Network, oneHot, slidingWindows, Vocabulary }),
        async () => ({ CharRNN: RemoteCharRNN }),
      );
      setLoss(result.finalLoss);
      return result;
    });
  }, []);
  return <p>{loss ?? "training …"}</p>;
}
