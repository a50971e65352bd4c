/*
 * The one program that every cell of the matrix runs: the README's exercise, and what this engine gives the library. It
 * uses nothing but what it is given, so that it runs in any engine, bundled or not.
 */
const SENTENCE =
  "if you want to build a ship, don't drum up people together to collect wood and don't assign them tasks and work, " +
  "but rather teach them to long for the endless immensity of the sea.";

/** A module with one relaxed instruction (i8x16.relaxed_swizzle): an engine that accepts it gets the relaxed core. */
const RELAXED = Uint8Array.of(
  ...[0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0],
  ...[10, 15, 1, 13, 0, 65, 1, 253, 15, 65, 2, 253, 15, 253, 128, 2, 11],
);

/**
 * @param load gives the library: a dynamic import, or what a bundler bound already
 * @param loadWorker gives `rnn-wasm/worker`, where there are workers
 * @param files a function each that starts a worker from the package's files: crewWorker, workerThread
 */
export async function lab(load, loadWorker, { crewWorker, workerThread } = {}) {
  const notices = [];
  const { warn } = console;
  console.warn = (...words) => notices.push(words.join(" "));
  try {
    const start = performance.now();
    const library = await load();
    const network = await createNetwork(library, { numerics: "reproducible" });
    const readyMs = performance.now() - start;
    const losses = train(library, network, 100);
    const fast = train(library, await createNetwork(library, { numerics: "fast" }), 100);
    // Two networks, because a page that cannot have threads is told so once.
    const threaded = [];
    for (let i = 0; i < 2; i++) {
      const options = { numerics: "reproducible", threads: 2, createWorker: crewWorker };
      threaded.push(train(library, await createNetwork(library, options), 10).map(hex));
    }
    const remote = loadWorker && (await fitInWorker(library, await loadWorker(), workerThread));
    return {
      losses: losses.map(hex),
      threaded,
      finalLoss: losses.at(-1),
      fastLoss: fast.at(-1),
      core: WebAssembly.validate(RELAXED) ? "relaxed" : "plain",
      notices,
      remote,
      readyMs,
    };
  } finally {
    console.warn = warn;
  }
}

/** @returns whether a model in a worker learns with the same bits as one that is here, or the error's code */
async function fitInWorker({ CharRNN }, worker, createWorker) {
  const options = { vocabulary: SENTENCE, cell: "rnn", hiddenSize: 25, seed: 0, numerics: "reproducible" };
  const lossesOf = async (model) => {
    const { epochs } = await model.fit(SENTENCE, { epochs: 10 });
    return epochs.map(({ loss }) => hex(loss)).join();
  };
  try {
    const remote = await worker.CharRNN.create({ ...options, createWorker });
    const there = await lossesOf(remote);
    remote.terminate();
    return there === (await lossesOf(await CharRNN.create(options))) ? "same bits" : `other bits: ${there}`;
  } catch ({ name, code = name, message }) {
    return code === "ERR_WORKER_LOST" ? code : `${code}: ${message}`;
  }
}

function createNetwork({ Network, Vocabulary }, options) {
  const V = Vocabulary.fromText(SENTENCE).size;
  return Network.create({ cell: "rnn", inputSize: V, hiddenSize: V, numLayers: 2, outputSize: V, seed: 0, ...options });
}

function train({ Adam, oneHot, slidingWindows, Vocabulary }, network, epochs) {
  const vocabulary = Vocabulary.fromText(SENTENCE);
  const { inputs, targets } = slidingWindows(vocabulary.encode(SENTENCE), 10);
  const oneHotInputs = oneHot(inputs, vocabulary.size);
  const adam = new Adam(network, { learningRate: 0.1 });
  return Array.from({ length: epochs }, () => {
    const { loss } = network.backward(oneHotInputs, targets);
    adam.step();
    return loss;
  });
}

/** The bits of a float64: JSON has no NaN, and a printed number is not yet an equal one. */
function hex(value) {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value);
  return view.getBigUint64(0).toString(16).padStart(16, "0");
}
