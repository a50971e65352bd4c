/*
 * TensorFlow.js on its Wasm backend: its own layers, and Adam on the mean cross-entropy. Its GRU has no bias inside the
 * reset gate (reset_after), which is a little less work than PyTorch's.
 */
import tf from "@tensorflow/tfjs";
import "@tensorflow/tfjs-backend-wasm";
import { serve } from "../serve.js";
import { classIndices } from "../workloads.js";
import { prepareSteps, versionOf } from "./measure.js";

await serve(async (workload) => {
  const { cell, hiddenSize, numLayers, classes, B, T } = workload;
  await tf.setBackend("wasm");
  await tf.ready();

  const create = { rnn: tf.layers.simpleRNN, gru: tf.layers.gru, lstm: tf.layers.lstm }[cell];
  const model = tf.sequential();
  for (let layer = 0; layer < numLayers; layer++) {
    model.add(
      create({
        units: hiddenSize,
        returnSequences: true,
        ...(cell !== "rnn" && { recurrentActivation: "sigmoid" }),
        ...(layer === 0 && { inputShape: [T, classes] }),
        // The default, orthogonal, takes seconds and is not what is measured.
        recurrentInitializer: "glorotUniform",
      }),
    );
  }
  model.add(tf.layers.dense({ units: classes }));

  const oneHot = (shift) =>
    tf.tidy(() => tf.oneHot(tf.tensor1d(classIndices(B * T, classes, shift), "int32"), classes).toFloat());
  const inputs = tf.tidy(() => oneHot(0).reshape([B, T, classes]));
  const targets = oneHot(1);
  const adam = tf.train.adam(1e-3);
  const lossOf = () => {
    const logits = model.apply(inputs, { training: true }).reshape([B * T, classes]);
    return tf
      .logSoftmax(logits)
      .mul(targets)
      .sum()
      .div(-B * T)
      .asScalar();
  };

  return prepareSteps(workload, versionOf("@tensorflow/tfjs"), async () => {
    const loss = adam.minimize(lossOf, true);
    const [value] = await loss.data();
    loss.dispose();
    return value;
  });
});
