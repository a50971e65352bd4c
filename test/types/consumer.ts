/*
 * Uses every kind of thing that the package exports, as a strict program without @types/node and without skipLibCheck
 * does. It is compiled, and never run.
 */
import {
  Adam,
  CharRNN,
  type FitOptions,
  type History,
  Network,
  RnnError,
  type StateDict,
  tensor,
  Vocabulary,
} from "rnn-wasm";
import { type Cores, CharRNN as LiteCharRNN, useCores } from "rnn-wasm/lite";
import { CharRNN as RemoteCharRNN, type Session, WorkerLostError } from "rnn-wasm/worker";

const createWorker = (source: string) => new Worker(URL.createObjectURL(new Blob([source])));
const options: FitOptions = { epochs: 3, learningRate: { type: "cosine", learningRate: 0.01 }, validation: 0.1 };

export async function here(text: string): Promise<History> {
  const model = await CharRNN.create({ vocabulary: Vocabulary.fromText(text), cell: "gru", threads: 2, createWorker });
  for await (const { epoch, record } of model.train(text, options))
    console.log(epoch.toFixed(), record?.validationLoss);
  const session = model.session({ seed: 1 });
  const [likeliest] = session.probabilities({ allowed: (symbol, before) => symbol !== before });
  console.log(likeliest?.probability, model.score(text)[0]?.alternatives);
  // @ts-expect-error: an option that there is not
  void model.fit(text, { epoch: 3 });
  return model.fit(text, { ...options, signal: AbortSignal.timeout(9), onStep: ({ gradNorm }) => gradNorm > 1 });
}

export async function numbers(): Promise<StateDict> {
  const network = await Network.create({
    cell: "rnn",
    inputSize: 2,
    hiddenSize: 3,
    outputSize: 2,
    nonlinearity: "relu",
  });
  const inputs = tensor(Int32Array.of(0, 1), [1, 2]);
  const { loss, logits } = network.backward(inputs, inputs, { logits: true });
  new Adam(network, { learningRate: loss }).step();
  console.log(logits?.data.length, network.config.initialization.range);
  return network.stateDict();
}

export async function inWorker(text: string): Promise<string> {
  const model = await RemoteCharRNN.create({ vocabulary: text, createWorker });
  const session: Session = await model.session();
  await session.feed(text);
  const bytes: Uint8Array<ArrayBuffer> = await model.save({ training: true });
  // @ts-expect-error: the worker cannot call a function of this side
  void model.generate({ length: 3, allowed: () => true });
  for await (const symbol of model.stream({ length: 5 })) console.log(symbol.length + bytes.length);
  model[Symbol.dispose]();
  try {
    return await session.text;
  } catch (error) {
    return error instanceof WorkerLostError || error instanceof RnnError ? error.code : "";
  }
}

export function lite(module: WebAssembly.Module): Promise<LiteCharRNN> {
  const cores: Cores = { simd: fetch("/core.wasm"), relaxed: module };
  useCores(cores);
  return LiteCharRNN.create({ vocabulary: "ab" });
}
