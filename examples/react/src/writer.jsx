import { useEffect, useRef, useState } from "react";
import { CharRNN } from "rnn-wasm/worker";

/** Learns the text in its box, in a worker so that the page stays alive, then writes on in its manner. */
export function Writer({ initialText }) {
  const [text, setText] = useState(initialText);
  const [progress, setProgress] = useState();
  const [written, setWritten] = useState("");
  const run = useRef();
  useEffect(() => () => run.current?.abort(), []);

  async function learnAndWrite() {
    const controller = new AbortController();
    run.current = controller;
    const { signal } = controller;
    setWritten("");
    setProgress({ share: 0 });
    const model = await CharRNN.create({ vocabulary: text, cell: "gru", hiddenSize: 96, numLayers: 1 });
    const onStep = ({ step, totalSteps, loss }) => setProgress({ share: (step + 1) / totalSteps, loss });
    try {
      await model.fit(text, { signal, onStep, epochs: 40 });
      const prime = [...text].slice(0, 20).join("");
      setWritten(prime);
      for await (const symbol of model.stream({ prime, length: 400, temperature: 0.7, signal })) {
        setWritten((before) => before + symbol);
        await new Promise(requestAnimationFrame);
      }
    } finally {
      model.terminate();
      setProgress(undefined);
    }
  }

  return (
    <main>
      <section>
        <h2>Read</h2>
        <textarea value={text} onChange={(event) => setText(event.target.value)} spellCheck={false} />
        {progress ? (
          <button type="button" onClick={() => run.current?.abort()}>
            Stop
          </button>
        ) : (
          <button type="button" onClick={learnAndWrite} disabled={[...text].length < 12}>
            Learn and write
          </button>
        )}
        {progress && <progress value={progress.share} />}
        <small>{progress?.loss && `${progress.loss.toFixed(2)} nats a character`}</small>
      </section>
      <section>
        <h2>Written</h2>
        <article>{written || "Nothing yet."}</article>
      </section>
    </main>
  );
}
