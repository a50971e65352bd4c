import { availableParallelism } from "node:os";
import { setImmediate } from "node:timers/promises";
import { describe, expect, test, vi } from "vitest";
import { Adam, Network } from "../../src/index.js";
import { automaticThreads, CrewTrial } from "../../src/network/crew-trial.js";
import { engineOf } from "../../src/network/network.js";
import { generator, randomIndices } from "../reference/random.js";

/*
 * threads: "auto": others are started where passes take long enough, stay where they help, and change no bit.
 */

describe("the trial", () => {
  test("short passes start nothing", () => {
    const trial = new CrewTrial(2);
    for (let i = 0; i < 100; i++) expect(trial.record("alone", 0.0019, 10)).toBeUndefined();
  });

  test("the third pass of 2 ms starts the threads", () => {
    const trial = new CrewTrial(2);
    expect([1, 2, 3].map(() => trial.record("alone", 0.002, 10))).toEqual([undefined, undefined, "start"]);
  });

  test.each([
    [0.0089, "keep"],
    [0.0091, "dismiss"],
  ])("%f s instead of 0.01 s: %s, by the best of eight passes and by the row", (seconds, verdict) => {
    const trial = new CrewTrial(2);
    for (let i = 0; i < 3; i++) trial.record("alone", 0.01 + i, 10);
    const first = Array.from({ length: 7 }, (_, i) => trial.record("together", 2 * (seconds + i), 20));
    expect(first).toEqual(new Array(7).fill(undefined));
    expect(trial.record("together", 1, 20)).toBe(verdict);
  });

  test("one thread for each processor, four at most", () => {
    expect(automaticThreads()).toBe(Math.min(4, availableParallelism()));
  });
});

describe.skipIf(automaticThreads() === 1)("a network with no word of threads", () => {
  const sizes = { cell: "lstm", inputSize: 31, hiddenSize: 64, numLayers: 2, outputSize: 31 } as const;
  const [B, T] = [40, 20];
  const random = generator(7);
  const inputs = randomIndices(random, [B, T], 31);
  const targets = randomIndices(random, [B, T], 31);

  async function train(config: { threads?: number }, steps: number, follow: (network: Network) => void = () => {}) {
    const network = await Network.create({ ...sizes, ...config });
    const adam = new Adam(network);
    const losses: number[] = [];
    for (let step = 0; step < steps; step++) {
      losses.push(network.backward(inputs, targets).loss);
      adam.step();
      follow(network);
      // Threads report at their start, which needs a turn of the event loop.
      await setImmediate();
    }
    return { losses, weights: network.stateDict() };
  }

  test.each(["keep", "dismiss"] as const)("the trial says %s: the same bits as with one thread", async (verdict) => {
    // What the clock says is left to the benchmark.
    const record = vi.spyOn(CrewTrial.prototype, "record").mockImplementation((way) => {
      if (way === "alone") return "start";
      return record.mock.calls.filter(([each]) => each === "together").length < 4 ? undefined : verdict;
    });
    try {
      const seen: number[] = [];
      const automatic = await train({}, 60, (network) => seen.push(engineOf(network).threads));
      expect(seen[0]).toBe(1);
      expect(seen).toContain(automaticThreads());
      expect(seen.at(-1)).toBe(verdict === "keep" ? automaticThreads() : 1);
      expect(automatic).toEqual(await train({ threads: 1 }, 60));
    } finally {
      vi.restoreAllMocks();
    }
  });

  test("where threads cannot be started, nothing is said and one goes on", async () => {
    vi.spyOn(CrewTrial.prototype, "record").mockImplementation(() => "start");
    const warned = vi.spyOn(console, "warn");
    try {
      const network = await Network.create({
        ...sizes,
        createWorker: () => {
          throw new Error("no workers here");
        },
      });
      for (let step = 0; step < 3; step++) {
        network.backward(inputs, targets);
        await setImmediate();
      }
      expect(engineOf(network).threads).toBe(1);
      expect(warned).not.toHaveBeenCalled();
    } finally {
      vi.restoreAllMocks();
    }
  });
});
