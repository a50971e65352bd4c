import { CharRNN } from "rnn-wasm/worker"; // it learns beside the page, which stays alive

const SENTENCE =
  "if you want to build a ship, don't drum up people together to collect wood and don't assign them tasks and work, " +
  "but rather teach them to long for the endless immensity of the sea.";

const [sentence, curve, status, again] = ["sentence", "curve", "status", "again"].map((id) =>
  document.getElementById(id),
);
let seed = 0;

again.onclick = learn;
learn();

async function learn() {
  again.disabled = true;
  curve.setAttribute("points", "");
  const model = await CharRNN.create({ vocabulary: SENTENCE, cell: "rnn", hiddenSize: 25, seed: seed++ });
  for await (const { epoch, loss } of model.train(SENTENCE, { epochs: 150 })) {
    show(await model.predict(SENTENCE, { sequenceLength: 10 }));
    plot(epoch, loss);
    status.value = `epoch ${epoch + 1} of 150, loss ${loss.toFixed(3)}`;
    await new Promise(requestAnimationFrame); // it learns faster than one can watch
  }
  model.terminate();
  again.disabled = false;
}

/** What the model expects after each character: pale where it is wrong. */
function show(predicted) {
  sentence.replaceChildren(
    ...[...predicted].map((symbol, i) => {
      if (symbol === SENTENCE[i + 1]) return symbol;
      const wrong = document.createElement("span");
      wrong.textContent = symbol;
      return wrong;
    }),
  );
}

function plot(epoch, loss) {
  const point = curve.ownerSVGElement.createSVGPoint();
  point.x = (epoch / 149) * 100;
  point.y = 30 - (loss / 3.5) * 30;
  curve.points.appendItem(point);
}
