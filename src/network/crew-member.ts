import { Arena } from "../core/arena.js";
import { instantiateCore } from "../core/core.js";
import { nodeModule } from "../node-module.js";
import { Barrier } from "./barrier.js";
import type { CrewStart } from "./crew.js";
import { Pass } from "./pass.js";
import { planPass } from "./pass-plan.js";

interface Port {
  postMessage(message: unknown): void;
  addEventListener(type: "message", listener: (event: { data: unknown }) => void, options: { once: true }): void;
}

/** What a worker of a crew does: after its first message it only ever looks at the shared memory. */
export function joinCrew(): void {
  const parent = nodeModule("node:worker_threads")?.parentPort;
  const port = (parent ?? globalThis) as unknown as Port;
  if (parent) parent.once("message", (start: CrewStart) => void work(port, start));
  else port.addEventListener("message", ({ data }) => void work(port, data as CrewStart), { once: true });
}

async function work(port: Port, start: CrewStart): Promise<void> {
  const { module, memory, config, layout, blocks, control, index, count } = start;
  const core = instantiateCore(module, memory);
  const arena = new Arena(core);
  const barrier = new Barrier(memory.buffer as unknown as SharedArrayBuffer, control, index, count);
  const pass = new Pass(config, layout, core, arena, blocks, barrier);
  port.postMessage("ready");
  try {
    for (;;) {
      const { kind, start, ...job } = barrier.take();
      arena.refresh();
      const plan = planPass(config, job, start, count);
      if (kind === "crossEntropy") pass.crossEntropy(plan);
      else pass[kind](plan, job);
    }
  } finally {
    // Nobody is to wait for a thread that has failed.
    barrier.fail();
  }
}
