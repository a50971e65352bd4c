/*
 * brain.js, plain JavaScript: its recurrent networks read one sequence at a time and bring their own optimizer (RMSprop
 * with clipping), so that an iteration over all windows stands for a step over the batch.
 */
import brain from "brain.js";
import { serve } from "../serve.js";
import { classIndices } from "../workloads.js";
import { prepareSteps, versionOf } from "./measure.js";

await serve(async (workload) => {
  const { cell, hiddenSize, numLayers, classes, B, T } = workload;
  const create = { rnn: brain.recurrent.RNN, gru: brain.recurrent.GRU, lstm: brain.recurrent.LSTM }[cell];
  const network = new create({
    hiddenLayers: Array(numLayers).fill(hiddenSize),
    inputSize: classes,
    inputRange: classes,
    outputSize: classes,
    maxPredictionLength: T,
  });
  const all = Array.from(classIndices(B * T + 1, classes));
  const windows = Array.from({ length: B }, (_, b) => all.slice(b * T, b * T + T + 1));
  network.initialize();

  return prepareSteps(workload, versionOf("brain.js"), async () => {
    let sum = 0;
    for (const window of windows) sum += network.trainPattern(window, true);
    return sum / B;
  });
});
