import { nextTask } from "../next-task.js";
import type { History, TrainingProgress } from "./history.js";
import type { FitOptions } from "./options.js";
import type { Run } from "./run.js";

/** Runs to the end, one step after another, and lets the event loop turn in between. */
export async function* trainSteps(run: Run, options: FitOptions): AsyncGenerator<TrainingProgress, History> {
  const { signal, onStep, onEpoch } = options;
  const goOn = async () => {
    await nextTask();
    return !signal?.aborted;
  };
  while (!run.stopped && !signal?.aborted) {
    // A state that was saved after an epoch's last step has its record still to come.
    let progress = run.isEpochOver ? undefined : run.step();
    if (progress) await onStep?.(progress);
    if (run.isEpochOver) {
      const record = await run.endEpoch(goOn, progress?.symbolsPerSecond);
      if (!record) break;
      await onEpoch?.(record);
      progress = progress && { ...progress, record };
    }
    if (progress) yield progress;
    await nextTask();
  }
  return run.finish(run.stopped ?? "aborted");
}
