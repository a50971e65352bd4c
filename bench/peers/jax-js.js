/*
 * jax-js on its Wasm backend, which has no scan: the steps over time are unrolled, gradients and Adam are one jitted
 * function. Tanh networks only, which are what it was tried on.
 */
import { blockUntilReady, defaultDevice, init, jit, nn, numpy as np, tree, valueAndGrad } from "@jax-js/jax";
import { serve } from "../serve.js";
import { classIndices } from "../workloads.js";
import { prepareSteps, versionOf } from "./measure.js";

await serve(async (workload) => {
  const { cell, hiddenSize, numLayers, classes, B, T } = workload;
  if (cell !== "rnn") throw new Error(`this is for cell "rnn", got "${cell}"`);
  await init("wasm");
  defaultDevice("wasm");

  /** Uniform in ± 1 / √H, from a generator of one line: what is drawn does not matter here. */
  let seed = 1;
  const draw = (...shape) => {
    const length = shape.reduce((a, b) => a * b, 1);
    const next = () => {
      seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
      return (seed / 2 ** 31 - 1) / Math.sqrt(hiddenSize);
    };
    return np.array(Float32Array.from({ length }, next)).reshape(shape);
  };
  const layers = Array.from({ length: numLayers }, (_, layer) => ({
    input: draw(layer === 0 ? classes : hiddenSize, hiddenSize),
    recurrent: draw(hiddenSize, hiddenSize),
    bias: draw(hiddenSize),
  }));
  let parameters = { layers, fc: draw(hiddenSize, classes), fcBias: draw(classes) };
  const zerosLike = (all) => tree.map((x) => np.zeros(x.shape), all);
  let first = zerosLike(parameters);
  let second = zerosLike(parameters);

  /** (T, B, V) and (T · B, V), time-major: a step is one block. */
  const timeMajor = (shift) => {
    const batchFirst = classIndices(B * T, classes, shift);
    const indices = Int32Array.from(batchFirst, (_, i) => batchFirst[(i % B) * T + Math.floor(i / B)]);
    return nn.oneHot(np.array(indices, { dtype: np.int32 }), classes);
  };
  const inputs = timeMajor(0);
  const targets = timeMajor(1);

  /** Functions take their arguments: `.ref` keeps one for later use. */
  function lossOf({ layers, fc, fcBias }, x, y) {
    let below = x;
    for (const { input, recurrent, bias } of layers) {
      // The input projections of all steps are one product.
      const projected = np.matmul(below, input).add(bias).reshape([T, B, hiddenSize]);
      const hidden = [];
      for (let t = 0; t < T; t++) {
        const own = projected.ref.slice(t);
        hidden.push(np.tanh(t === 0 ? own : own.add(np.matmul(hidden[t - 1].ref, recurrent.ref))));
      }
      projected.dispose();
      recurrent.dispose();
      below = np.stack(hidden).reshape([T * B, hiddenSize]);
    }
    const logits = np.matmul(below, fc).add(fcBias);
    return nn
      .logSoftmax(logits, -1)
      .mul(y)
      .sum()
      .div(-B * T);
  }

  const [rate, beta1, beta2, epsilon] = [1e-3, 0.9, 0.999, 1e-8];
  const update = jit((parameters, first, second, correction1, correction2, x, y) => {
    const [loss, gradients] = valueAndGrad(lossOf)(tree.ref(parameters), x, y);
    const newFirst = tree.map((m, g) => m.mul(beta1).add(g.mul(1 - beta1)), first, tree.ref(gradients));
    const newSecond = tree.map((v, g) => v.mul(beta2).add(np.square(g).mul(1 - beta2)), second, gradients);
    const newParameters = tree.map(
      (p, m, v) =>
        p.sub(
          m
            .mul(rate)
            .div(correction1.ref)
            .div(np.sqrt(v.div(correction2.ref)).add(epsilon)),
        ),
      parameters,
      tree.ref(newFirst),
      tree.ref(newSecond),
    );
    correction1.dispose();
    correction2.dispose();
    return [newParameters, newFirst, newSecond, loss];
  });

  let count = 0;
  return prepareSteps(workload, versionOf("@jax-js/jax"), async () => {
    count++;
    const corrections = [np.array(1 - beta1 ** count), np.array(1 - beta2 ** count)];
    const [next, newFirst, newSecond, loss] = update(
      parameters,
      first,
      second,
      ...corrections,
      inputs.ref,
      targets.ref,
    );
    [parameters, first, second] = [next, newFirst, newSecond];
    await blockUntilReady([parameters, first, second]);
    const [value] = await loss.data();
    return value;
  });
});
