import { layoutParameters } from "../core/layout.js";
import { CheckpointError } from "../errors.js";
import { type ResolvedConfig, resolveConfig } from "../network/config.js";
import type { Network } from "../network/network.js";
import { checkStateDict, type StateDict } from "../network/state-dict.js";
import { Vocabulary } from "../text/vocabulary.js";
import type { RunState } from "../training/run.js";
import { splitByPrefix, withPrefix } from "./prefixes.js";
import { decodeSafetensors, encodeSafetensors, requireFormat, VERSION } from "./safetensors.js";
import { readRunState, writeRunState } from "./training-state.js";

/*
 * A model file is a safetensors file whose tensors are the weights under PyTorch's names. Its metadata has what else
 * makes the model, config and vocabulary as JSON. A training state adds tensors whose names start with "training." and
 * one more piece of JSON.
 */

const FORMAT = "rnn-wasm";
const TRAINING = "training.";

export interface Checkpoint {
  readonly config: ResolvedConfig;
  readonly vocabulary: Vocabulary;
  readonly weights: StateDict;
  readonly run?: RunState;
}

export function encodeCheckpoint(network: Network, vocabulary: Vocabulary, run?: RunState): Uint8Array<ArrayBuffer> {
  // How many threads there are is this process's own matter.
  const { inputSize, outputSize, threads, ...config } = network.config;
  const training = run && writeRunState(run);
  const metadata = {
    format: FORMAT,
    version: VERSION,
    config: JSON.stringify(config),
    vocabulary: JSON.stringify(vocabulary),
    ...(training && { training: training.json }),
  };
  const tensors = { ...network.stateDict(), ...(training && withPrefix(TRAINING, training.tensors)) };
  return encodeSafetensors({ tensors, metadata });
}

/**
 * What a model file says, checked as a whole before anything is built from it.
 *
 * @throws CheckpointError with the reason
 */
export function decodeCheckpoint(bytes: Uint8Array): Checkpoint {
  const { tensors, metadata } = decodeSafetensors(bytes);
  requireFormat(metadata, FORMAT, "the model file", "; its tensors can be given to Network.loadStateDict");
  const vocabulary = readPart(metadata, "vocabulary", (json) => Vocabulary.fromJSON(json));
  const config = readPart(metadata, "config", (json) => {
    return resolveConfig({ ...(json as ResolvedConfig), inputSize: vocabulary.size, outputSize: vocabulary.size })
      .config;
  });
  const layout = layoutParameters(config);
  const { own, others } = splitByPrefix(TRAINING, tensors);
  const weights = checkStateDict(layout, others);
  if (metadata.training === undefined) {
    const [extra] = Object.keys(own);
    if (extra !== undefined)
      throw new CheckpointError(`tensor "${TRAINING}${extra}" belongs to a training state that is missing`);
    return { config, vocabulary, weights };
  }
  const run = readPart(metadata, "training", (json) => readRunState(json, own, layout, config));
  return { config, vocabulary, weights, run };
}

/** One piece of JSON; whatever is wrong with it is wrong with the file. */
function readPart<T>(metadata: Readonly<Record<string, string>>, key: string, read: (json: unknown) => T): T {
  const text = metadata[key];
  if (text === undefined) throw new CheckpointError(`the model file has no "${key}" in its metadata`);
  try {
    return read(JSON.parse(text));
  } catch (error) {
    if (error instanceof CheckpointError) throw error;
    throw new CheckpointError(`the model file's ${key}: ${(error as Error).message}`);
  }
}
