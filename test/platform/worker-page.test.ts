import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import * as library from "../../src/index.js";
import { findChromium, type Served, serveDist } from "./browser.js";

/*
 * The worker entry, and content security policies, in a real Chromium.
 */

const { path, looked } = findChromium();
const text = "the quick brown fox jumps over the lazy dog and runs into the dark wood. ".repeat(80);

const NO_BLOB_WORKERS = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'";
const NO_WASM = "default-src 'self'; script-src 'self'; worker-src 'self' blob:";

describe.runIf(path)("in Chromium", () => {
  let browser: Browser;
  let page: Page;
  const servers: Served[] = [];
  let spoken: string[] = [];

  beforeAll(async () => {
    browser = await chromium.launch({
      executablePath: path as string,
      args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
    });
    page = await browser.newPage();
    page.on("console", (message) => spoken.push(message.text()));
  });

  afterAll(async () => {
    await browser?.close();
    for (const { server } of servers) server.close();
  });

  /** An empty page from an origin of its own. A new tab for each would take most of the time. */
  async function openPage(options: Parameters<typeof serveDist>[0] = {}): Promise<void> {
    const served = await serveDist(options);
    servers.push(served);
    spoken = [];
    await page.goto(served.origin);
  }

  /** What a program on the page returns; for one that throws, the error's class, code and message. */
  function run<T>(program: string): Promise<T> {
    return page.evaluate(`(async () => {
      const text = ${JSON.stringify(text)};
      try {
        ${program}
      } catch (error) {
        return [error.name, error.code, error.message];
      }
    })()`);
  }

  // On a machine that does other things a frame may wait for those: one of five runs has to be without.
  test.each([
    ["", false],
    [" that is isolated, where threads may join", true],
  ])("an LSTM 2×128 trains for two seconds, and no frame of a page%s takes longer than 50 ms", async (_, isolated) => {
    let longest = Infinity;
    for (let run = 0; run < 5 && longest >= 50; run++) longest = await longestFrame(isolated);
    expect(longest).toBeLessThan(50);
  });

  async function longestFrame(isolated: boolean): Promise<number> {
    await openPage({ isolated });
    const { frames, steps, longest } = await run<{ frames: number; steps: number; longest: number }>(
      `const { CharRNN } = await import("/dist/worker.js");
      const model = await CharRNN.create({ vocabulary: text, cell: "lstm", hiddenSize: 128, numLayers: 2 });
      let steps = 0;
      const signal = AbortSignal.timeout(2500);
      const run = model.fit(text, { batching: "streams", batchSize: 16, sequenceLength: 50, epochs: 1e6, signal,
        onStep: () => { steps++; } });
      let longest = 0;
      let frames = 0;
      // The first frames are those in which the page has just been drawn.
      for (let last = await new Promise(requestAnimationFrame); !signal.aborted; frames++) {
        const now = await new Promise(requestAnimationFrame);
        if (frames >= 10) longest = Math.max(longest, now - last);
        last = now;
      }
      await run;
      model.terminate();
      return { frames, steps, longest };`,
    );
    expect(steps).toBeGreaterThan(3);
    expect(frames).toBeGreaterThan(30);
    return longest;
  }

  test("reproducible: the losses in the worker are Node's, bit for bit; the file too", async () => {
    const options = { cell: "gru", hiddenSize: 24, seed: 2, numerics: "reproducible" } as const;
    const fit = { epochs: 2, batching: "streams", batchSize: 4, sequenceLength: 25 } as const;
    await openPage();
    const there = await run<{ losses: number[]; bytes: number[]; written: string }>(
      `const { CharRNN } = await import("/dist/worker.js");
      const model = await CharRNN.create({ vocabulary: text, ...${JSON.stringify(options)} });
      const losses = [];
      for await (const { loss } of model.train(text, ${JSON.stringify(fit)})) losses.push(loss);
      const written = await model.generate({ length: 50, seed: 4 });
      const bytes = [...await model.save()];
      model.terminate();
      return { losses, bytes, written };`,
    );
    const model = await library.CharRNN.create({ vocabulary: text, ...options });
    const losses: number[] = [];
    for await (const { loss } of model.train(text, fit)) losses.push(loss);
    expect(there.losses).toEqual(losses);
    expect(there.bytes).toEqual([...model.save()]);
    expect(there.written).toBe(model.generate({ length: 50, seed: 4 }));
  });

  test("errors keep their class, and a worker that is terminated is missed", async () => {
    await openPage();
    const result = await run(
      `const { CharRNN, UnknownSymbolError, WorkerLostError } = await import("/dist/worker.js");
      const library = await import("/dist/index.js");
      const model = await CharRNN.create({ vocabulary: "abc", cell: "rnn", hiddenSize: 3 });
      const unknown = await model.evaluate("xyz").catch((error) => error);
      const run = model.fit("abcabcabcabcabcabc", { epochs: 1e9 }).catch((error) => error);
      setTimeout(() => model.terminate(), 50);
      const lost = await run;
      return [unknown instanceof UnknownSymbolError, unknown instanceof library.RnnError, lost instanceof WorkerLostError, lost.code];`,
    );
    expect(result).toEqual([true, true, true, "ERR_WORKER_LOST"]);
  });

  describe("a policy that forbids workers from blob: URLs", () => {
    test("the worker entry says what it needs", async () => {
      await openPage({ policy: NO_BLOB_WORKERS });
      expect(await run(`await (await import("/dist/worker.js")).CharRNN.create({ vocabulary: "ab" });`)).toEqual([
        "WorkerLostError",
        "ERR_WORKER_LOST",
        "the worker that holds the model is lost: it could not be started: the page forbids workers from blob: URLs; its " +
          "content security policy needs worker-src blob:, or give createWorker",
      ]);
    });

    test("createWorker: it takes the file that the package has for it", async () => {
      await openPage({ policy: NO_BLOB_WORKERS });
      const program = (file: string) => `
        const { CharRNN } = await import("/dist/worker.js");
        const createWorker = () => new Worker("/dist/${file}");
        const model = await CharRNN.create({ vocabulary: "ab", cell: "rnn", hiddenSize: 3, createWorker });
        const { stopped } = await model.fit("abababababababab", { epochs: 3 });
        model.terminate();
        return stopped;`;
      expect(await run(program("worker-thread.js"))).toBe("finished");
      expect(await run(program("missing.js"))).toEqual([
        "WorkerLostError",
        "ERR_WORKER_LOST",
        "the worker that holds the model is lost: it could not be started: its file could not be loaded",
      ]);
    });

    test("threads: one, and a notice; with createWorker two, and the same bits", async () => {
      await openPage({ policy: NO_BLOB_WORKERS, isolated: true });
      const losses = await run<number[]>(
        `const { Network, tensor } = await import("/dist/index.js");
        const inputs = tensor(Int32Array.from({ length: 60 }, (_, i) => (i * i) % 9), [6, 10]);
        const config = { cell: "lstm", inputSize: 9, hiddenSize: 15, outputSize: 9 };
        let started = 0;
        const createWorker = (source) => {
          started += source.length > 1000 ? 1 : 0;
          return new Worker("/dist/crew-worker.js");
        };
        const losses = [];
        for (const threads of [{}, { threads: 2 }, { threads: 3, createWorker }]) {
          const network = await Network.create({ ...config, ...threads });
          losses.push(network.backward(inputs, inputs).loss);
        }
        return [...losses, started];`,
      );
      expect(losses).toEqual([losses[0], losses[0], losses[0], 2]);
      expect(spoken.filter((line) => line.startsWith("rnn-wasm"))).toEqual([
        "rnn-wasm: one thread instead of several: a worker thread could not be started: the page forbids workers from " +
          "blob: URLs; its content security policy needs worker-src blob:, or give createWorker",
      ]);
    });
  });

  test("a policy that forbids WebAssembly: an error that says so, on the page and in the worker", async () => {
    await openPage({ policy: NO_WASM });
    for (const entry of ["index", "worker"]) {
      const thrown = await run<string[]>(
        `await (await import("/dist/${entry}.js")).CharRNN.create({ vocabulary: "ab" });`,
      );
      expect(thrown.slice(0, 2)).toEqual(["WasmUnavailableError", "ERR_WASM_UNAVAILABLE"]);
      expect(thrown[2]).toContain("needs 'wasm-unsafe-eval' in its script-src");
    }
  });

  test("threads in a worker of a page that is not isolated: one, and a notice", async () => {
    await openPage();
    const loss = await run(
      `const { CharRNN } = await import("/dist/worker.js");
      const model = await CharRNN.create({ vocabulary: "ab", cell: "rnn", hiddenSize: 3, threads: 2 });
      const { loss } = await model.evaluate("abab");
      model.terminate();
      return loss;`,
    );
    expect(loss).toBeGreaterThan(0);
    expect(spoken).toEqual([
      "rnn-wasm: one thread instead of several: there is no SharedArrayBuffer; a page has to be cross-origin isolated (COOP and COEP headers)",
    ]);
  });

  test("the lite entry learns with the cores that the page fetches; the global build with its own", async () => {
    await openPage();
    const learn = `const model = await library.CharRNN.create({ vocabulary: "ab", cell: "rnn", hiddenSize: 3, numerics: "reproducible" });
      return (await model.fit("abababababababab", { epochs: 3 })).epochs.map(({ loss }) => loss);`;
    const inlined = await run(`const library = await import("/dist/index.js"); ${learn}`);
    const lite = await run(
      `const library = await import("/dist/lite.js");
      library.useCores({ simd: fetch("/dist/core.wasm"), relaxed: fetch("/dist/core-relaxed.wasm") });
      ${learn}`,
    );
    await page.addScriptTag({ url: "/dist/rnn-wasm.global.js" });
    const global = await run(`const library = RnnWasm; ${learn}`);
    expect(inlined).toHaveLength(3);
    expect(lite).toEqual(inlined);
    expect(global).toEqual(inlined);
  });
});

if (!path) {
  test("Chromium is there", (context) => {
    const message = `no Chromium: looked for ${looked}`;
    if (process.env.CI) expect.fail(message);
    console.warn(`test/platform/worker-page.test.ts is skipped: ${message}`);
    context.skip(message);
  });
}
