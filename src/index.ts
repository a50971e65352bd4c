export { CharRNN, type CharRNNOptions, type ThreadOptions } from "./char-rnn.js";
export type { Numerics } from "./core/core.js";
export type { Cell } from "./core/layout.js";
export {
  CheckpointError,
  DivergedError,
  RnnError,
  UnknownSymbolError,
  WasmUnavailableError,
  WorkerLostError,
} from "./errors.js";
export { ModelStore } from "./formats/model-store.js";
export type { Initialization, NetworkConfig, ResolvedConfig } from "./network/config.js";
export { type BackwardOptions, type Inputs, Network, type State } from "./network/network.js";
export {
  Adam,
  type AdamOptions,
  AdamW,
  RMSprop,
  type RMSpropOptions,
  SGD,
  type SGDOptions,
} from "./network/optimizers.js";
export type { StateDict } from "./network/state-dict.js";
export type { ActivationOptions, Activations } from "./sampling/activations.js";
export type { Beam } from "./sampling/beam-search.js";
export { type CopiedText, type CopiedTextOptions, copiedText } from "./sampling/copied-text.js";
export type { EvaluateOptions, Evaluation, Ranking } from "./sampling/evaluate.js";
export type {
  Allowed,
  BeamSearchOptions,
  DrawOptions,
  GenerateManyOptions,
  GenerateOptions,
} from "./sampling/options.js";
export type { TextModel } from "./sampling/reader.js";
export type { ScoreOptions, ScoreStreamOptions, SymbolScore } from "./sampling/score.js";
export { Session, type SessionOptions, type SymbolProbability } from "./sampling/session.js";
export { argmax } from "./tensor/argmax.js";
export { oneHot } from "./tensor/one-hot.js";
export { type Tensor, tensor } from "./tensor/tensor.js";
export type { Unit } from "./text/symbols.js";
export {
  type StreamEncoder,
  Vocabulary,
  type VocabularyJSON,
  type VocabularyOptions,
} from "./text/vocabulary.js";
export { slidingWindows, stitchWindows } from "./text/windows.js";
export type { EpochRecord, History, TrainingProgress } from "./training/history.js";
export type { FitOptions } from "./training/options.js";
export type { OptimizerChoice, OptimizerName, RunOptions } from "./training/run-options.js";
export type { Schedule } from "./training/schedule.js";
export type { CreateWorker, WorkerLike } from "./worker-start.js";
