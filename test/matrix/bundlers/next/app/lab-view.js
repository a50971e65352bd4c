"use client";

import { useEffect, useState } from "react";
import { Adam, Network, oneHot, slidingWindows, Vocabulary } from "rnn-wasm";
import { lab } from "./lab.js";
import { report } from "./page-report.js";

export default function Lab() {
  const [loss, setLoss] = useState();
  useEffect(() => {
    report(async () => {
      const result = await lab(async () => ({ Adam, Network, oneHot, slidingWindows, Vocabulary }));
      setLoss(result.finalLoss);
      return result;
    });
  }, []);
  return <p>{loss ?? "training …"}</p>;
}
