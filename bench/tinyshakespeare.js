/*
 * char-rnn's own run on tiny Shakespeare, one seed: two layers of 128, 50 streams of chunks of 50, the last 23 of 446
 * chunks of each stream held out, RMSprop 2e-3 (alpha 0.95), × 0.97 per epoch from epoch 10, weights ± 0.08.
 *
 *   node bench/tinyshakespeare.js [--cell lstm] [--epochs 25] [--seed 1] [--text FILE]
 *   node bench/tinyshakespeare.js --check      2 epochs of each cell, compared with PyTorch's losses
 *   node bench/tinyshakespeare.js --time       one epoch of each cell beside PyTorch, one thread each, in turn
 *   node bench/tinyshakespeare.js --draw       the curves of all runs so far, as an SVG
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { CharRNN } from "../dist/index.js";
import { lineChart } from "./chart.js";
import { findPyTorch } from "./peers.js";

const { values } = parseArgs({
  options: {
    cell: { type: "string", default: "lstm" },
    epochs: { type: "string", default: "25" },
    seed: { type: "string", default: "1" },
    text: { type: "string", default: "../shared/data/tinyshakespeare/input.txt" },
    check: { type: "boolean" },
    time: { type: "boolean" },
    draw: { type: "boolean" },
  },
});

/** PyTorch's validation losses after the first epoch, nats per character. */
const AFTER_FIRST_EPOCH = { lstm: 2.155, gru: 1.902, rnn: 1.989 };
const TOLERANCE = 0.03;

if (values.draw) draw();
else if (!existsSync(values.text)) console.log(`skipped: there is no ${values.text}`);
else if (values.check) await checkFirstEpochs();
else if (values.time) await timeBesidePyTorch();
else await run(values.cell, Number(values.epochs));

async function train(cell, epochs, { onEpoch, threads = "auto" } = {}) {
  const text = readFileSync(values.text, "utf8");
  const initialization = { range: 0.08, ...(cell === "lstm" && { forgetBias: 1 }) };
  const model = await CharRNN.create({
    vocabulary: text,
    cell,
    hiddenSize: 128,
    numLayers: 2,
    threads,
    initialization,
    seed: Number(values.seed),
  });
  return model.fit(text, {
    batching: "streams",
    sequenceLength: 50,
    batchSize: 50,
    epochs,
    // char-rnn's loss is the sum over the 50 steps: its ε and its clamp of ±5 are 1/50 of that for the mean.
    optimizer: { type: "rmsprop", alpha: 0.95, epsilon: 1e-8 / 50 },
    learningRate: { type: "exponential", learningRate: 2e-3, factor: 0.97, after: 10 },
    maxGradValue: 5 / 50,
    validation: 0.05,
    onEpoch,
  });
}

async function run(cell, epochs) {
  const start = performance.now();
  const onEpoch = ({ epoch, loss, validationLoss, seconds }) =>
    console.log(
      `${cell} epoch ${epoch + 1}  training ${loss.toFixed(4)}  validation ${validationLoss.toFixed(4)}  ${seconds.toFixed(1)} s`,
    );
  const { epochs: records } = await train(cell, epochs, { onEpoch });
  const seconds = (performance.now() - start) / 1000;
  const best = records.reduce((a, b) => (b.validationLoss < a.validationLoss ? b : a));
  console.log(
    `${cell}: best validation loss ${best.validationLoss.toFixed(4)} after epoch ${best.epoch + 1}; ${seconds.toFixed(0)} s in all`,
  );
  mkdirSync("bench/results", { recursive: true });
  const result = {
    cell,
    seed: Number(values.seed),
    node: process.versions.node,
    seconds,
    best: best.validationLoss,
    bestEpoch: best.epoch + 1,
    records,
  };
  writeFileSync(`bench/results/tinyshakespeare-${cell}.json`, `${JSON.stringify(result, null, 1)}\n`);
  draw();
}

async function checkFirstEpochs() {
  for (const [cell, expected] of Object.entries(AFTER_FIRST_EPOCH)) {
    const { epochs } = await train(cell, 2);
    const losses = epochs.map(({ validationLoss }) => validationLoss);
    const isRight = Math.abs(losses[0] - expected) <= TOLERANCE && losses[1] < losses[0];
    console.log(
      `${cell}: validation ${losses.map((loss) => loss.toFixed(4)).join(", ")}; PyTorch ${expected} after the first epoch`,
    );
    if (!isRight) process.exitCode = 1;
  }
}

async function timeBesidePyTorch() {
  const python = findPyTorch();
  if (!python) console.log("skipped: PyTorch (no Python with torch was found)");
  const script = fileURLToPath(new URL("peers/char_rnn.py", import.meta.url));
  for (const cell of Object.keys(AFTER_FIRST_EPOCH)) {
    const { epochs } = await train(cell, 1, { threads: 1 });
    let theirs;
    if (python) {
      const { stdout } = spawnSync(python, [script, cell, "1", values.text, "1"], { encoding: "utf8" });
      theirs = JSON.parse(stdout).records[0];
    }
    const ours = epochs[0];
    const text = ({ seconds, validationLoss }) => `${seconds.toFixed(1)} s (${validationLoss.toFixed(3)})`;
    console.log(`${cell}: ${text(ours)}${theirs ? `, PyTorch ${text(theirs)}` : ""}`);
  }
}

function draw() {
  const files = readdirSync("bench/results").filter((name) => /^tinyshakespeare-\w+\.json$/.test(name));
  const series = files.map((name) => {
    const { cell, records } = JSON.parse(readFileSync(`bench/results/${name}`, "utf8"));
    return {
      name: cell.toUpperCase(),
      points: records.map(({ epoch, validationLoss }) => [epoch + 1, validationLoss]),
    };
  });
  const svg = lineChart({
    title: "tiny Shakespeare, two layers of 128: validation loss",
    xLabel: "epoch",
    yLabel: "nats per character",
    series,
    yMin: 1.3,
    yMax: 2.2,
  });
  writeFileSync("bench/results/tinyshakespeare.svg", svg);
}
