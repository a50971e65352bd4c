/*
 * How long after Node has started a program has done its first training step of the lab: importing, compiling the core,
 * drawing the weights, and the step. To be run in a fresh process.
 */
const start = performance.now();
const seconds = () => (performance.now() - start) / 1000;
const { Adam, Network, slidingWindows, Vocabulary } = await import("../dist/index.js");
const imported = seconds();
const text =
  "if you want to build a ship, don't drum up people together to collect wood and don't assign them tasks and work, " +
  "but rather teach them to long for the endless immensity of the sea.";
const vocabulary = Vocabulary.fromText(text);
const { inputs, targets } = slidingWindows(vocabulary.encode(text), 10);
const V = vocabulary.size;
const network = await Network.create({ cell: "rnn", inputSize: V, hiddenSize: V, numLayers: 2, outputSize: V });
const created = seconds();
const adam = new Adam(network, { learningRate: 0.1 });
network.backward(inputs, targets);
adam.step();
console.log(JSON.stringify({ imported, created, stepped: seconds() }));
