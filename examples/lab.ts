/*
 * The exercise step by step: learn one long sentence from windows of ten characters, and say it again.
 * The same in PyTorch: one_hot, nn.RNN(25, 25, num_layers=2), nn.Linear(25, 25), CrossEntropyLoss, Adam, argmax(dim=2).
 */
import { Adam, argmax, Network, oneHot, slidingWindows, stitchWindows, Vocabulary } from "rnn-wasm";

const sentence =
  "if you want to build a ship, don't drum up people together to collect wood and don't assign them tasks and work, " +
  "but rather teach them to long for the endless immensity of the sea.";

// Characters become class indices, these become windows of ten, and every window's target is one character further on.
const vocabulary = Vocabulary.fromText(sentence);
const V = vocabulary.size; // 25
const { inputs, targets } = slidingWindows(vocabulary.encode(sentence), 10); // (170, 10) each
const oneHotInputs = oneHot(inputs, V); // (170, 10, 25); `inputs` themselves give the same numbers, faster

const network = await Network.create({
  cell: "rnn",
  inputSize: V,
  hiddenSize: V,
  numLayers: 2,
  outputSize: V,
  seed: 0,
});
const adam = new Adam(network, { learningRate: 0.1 });

export const losses: number[] = [];
for (let epoch = 0; epoch < 100; epoch++) {
  const { loss } = network.backward(oneHotInputs, targets); // forward, cross-entropy, back-propagation through time
  adam.step();
  losses.push(loss);
}

// The likeliest class of every step, and the windows sewn together: all of the first, the last symbol of each later one.
const { logits } = network.forward(oneHotInputs); // (170, 10, 25)
export const learned = vocabulary.decode(stitchWindows(argmax(logits, 2)));
console.log(learned);
