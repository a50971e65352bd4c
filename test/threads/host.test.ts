import { afterEach, expect, test, vi } from "vitest";
import { Barrier } from "../../src/network/barrier.js";
import { automaticThreads } from "../../src/network/crew-trial.js";

/*
 * Hosts that lack what threads need, or that stand still: nobody who did not ask for threads hears of it.
 */

afterEach(() => vi.restoreAllMocks());

const sizes = { cell: "rnn", inputSize: 3, hiddenSize: 4, outputSize: 3 } as const;

test("a host without node:os has the processors that navigator knows, or one", () => {
  const builtin = process.getBuiltinModule;
  vi.spyOn(process, "getBuiltinModule").mockImplementation(((name: string) =>
    name === "node:os" ? undefined : builtin(name)) as typeof builtin);
  const known = (globalThis as { navigator?: { hardwareConcurrency?: number } }).navigator?.hardwareConcurrency ?? 1;
  expect(automaticThreads()).toBe(Math.min(4, known));
});

test("an engine that refuses a shared memory has one thread, and says so to whoever asked for more", async () => {
  const { Memory } = WebAssembly;
  const warned = vi.spyOn(console, "warn").mockReturnValue();
  vi.spyOn(WebAssembly, "Memory").mockImplementation(function (descriptor: WebAssembly.MemoryDescriptor) {
    if (descriptor.shared) throw new RangeError("Out of memory");
    return new Memory(descriptor);
  } as unknown as typeof WebAssembly.Memory);
  // What is said once in a process, another file's tests may have heard.
  vi.resetModules();
  const { Network } = await import("../../src/index.js");
  const { engineOf } = await import("../../src/network/network.js");
  const automatic = await Network.create(sizes);
  expect(engineOf(automatic).threads).toBe(1);
  expect(automatic.forward({ data: Int32Array.of(0, 1), shape: [1, 2] }).logits.shape).toEqual([1, 2, 3]);
  expect(warned).not.toHaveBeenCalled();
  expect(engineOf(await Network.create({ ...sizes, threads: 2 })).threads).toBe(1);
  expect(warned).toHaveBeenCalledExactlyOnceWith(
    "rnn-wasm: one thread instead of several: this engine refused to share a memory (Out of memory)",
  );
});

test("a process that stood still does not take the other threads for lost", () => {
  const memory = new SharedArrayBuffer(4096);
  const main = new Barrier(memory, 0, 0, 2);
  const words = new Int32Array(memory);
  let hours = 0;
  let looks = 0;
  // The clock jumps by an hour at every look, and at the tenth the other thread has come.
  vi.spyOn(performance, "now").mockImplementation(() => {
    if (++looks === 12) {
      words[0] = 0;
      Atomics.add(words, 1, 1);
    }
    return 3_600_000 * hours++;
  });
  expect(() => main.barrier()).not.toThrow();
});
