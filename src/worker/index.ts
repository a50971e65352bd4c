export {
  CheckpointError,
  DivergedError,
  RnnError,
  UnknownSymbolError,
  Vocabulary,
  WasmUnavailableError,
  WorkerLostError,
} from "../index.js";
export { CharRNN, type RemoteNetwork } from "./char-rnn.js";
export { type Portable, Session } from "./session.js";
