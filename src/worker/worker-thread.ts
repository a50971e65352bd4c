import * as comlink from "comlink";
import { CharRNN, Session, Vocabulary } from "../index.js";
import { nodeModule } from "../node-module.js";
import { buffersOf, type Host, keepErrorClasses, type ModelFacts } from "./protocol.js";
import { Run } from "./run.js";

/*
 * The worker's side: models and sessions by number. It is built into a text that a worker is started from.
 */

/** Methods whose results are large enough to be worth looking through for what can be moved. */
const MOVING: ReadonlySet<string> = new Set(["save", "activations", "network.stateDict"]);

const targets = new Map<number, unknown>([[0, CharRNN]]);
const runs = new Map<number, Run>();
let last = 0;

function keep(target: CharRNN | Session): number {
  targets.set(++last, target);
  return last;
}

function factsOf(model: CharRNN): ModelFacts {
  const { config, parameterCount } = model.network;
  return { target: keep(model), vocabulary: model.vocabulary.toJSON(), config, parameterCount };
}

const host: Host = {
  async create({ vocabulary, ...options }) {
    const isText = typeof vocabulary !== "object" || vocabulary === null;
    return factsOf(
      await CharRNN.create({ ...options, vocabulary: isText ? vocabulary : Vocabulary.fromJSON(vocabulary) }),
    );
  },
  async call(target, path, args) {
    let owner: unknown;
    let member: unknown = targets.get(target);
    for (const name of path.split(".")) [owner, member] = [member, (member as Record<string, unknown>)[name]];
    if (path === "restore") return keep(Session.restore(owner as CharRNN, args[0] as Uint8Array));
    const result = await (typeof member === "function" ? member.apply(owner, args) : member);
    if (result instanceof CharRNN) return factsOf(result);
    if (result instanceof Session) return keep(result);
    return MOVING.has(path) ? comlink.transfer(result as object, buffersOf(result)) : result;
  },
  free: (target) => void targets.delete(target),
  start(target, request) {
    const id = ++last;
    runs.set(id, new Run(targets.get(target) as CharRNN, request, () => runs.delete(id)));
    return id;
  },
  next: (run, answer) => (runs.get(run) as Run).next(answer),
  abort: (run) => runs.get(run)?.abort(),
  stop: async (run) => runs.get(run)?.stop(),
};

const port = nodeModule("node:worker_threads")?.parentPort;
keepErrorClasses();
comlink.expose(
  host,
  port
    ? {
        postMessage: (message: unknown, transfer: ArrayBuffer[] = []) => port.postMessage(message, transfer),
        addEventListener: (_: string, listener: unknown) =>
          void port.on("message", (data) => (listener as (event: { data: unknown }) => void)({ data })),
        removeEventListener() {},
      }
    : (globalThis as unknown as comlink.Endpoint),
);
