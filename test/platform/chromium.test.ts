import { readFileSync } from "node:fs";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import * as library from "../../src/index.js";
import { LAB, type LabOptions, type LabResult, runLab } from "../lab.js";
import { textOf, WRITINGS } from "../sampling/text-of.js";
import { findChromium, type Served, serveDist } from "./browser.js";

/*
 * The lab in a real Chromium, beside Node. The page runs the source of the very function that runs here.
 */

const { path, looked } = findChromium();

describe.runIf(path)("the lab in Chromium", () => {
  let served: Served;
  let browser: Browser;
  let page: Page;
  const complaints: string[] = [];

  beforeAll(async () => {
    served = await serveDist();
    browser = await chromium.launch({
      executablePath: path as string,
      args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
    });
    page = await browser.newPage();
    page.on("console", (message) => {
      if (["error", "warning"].includes(message.type())) complaints.push(message.text());
    });
    page.on("pageerror", (error) => complaints.push(String(error)));
    page.on("requestfailed", (request) => complaints.push(`${request.url()} ${request.failure()?.errorText}`));
    await page.goto(served.origin);
  });

  afterAll(async () => {
    await browser?.close();
    served?.server.close();
  });

  function runLabThere(options: LabOptions): Promise<LabResult> {
    return page.evaluate(
      `import("/dist/index.js").then((library) => (${runLab})(library, ${JSON.stringify(options)}))`,
    );
  }

  test("reproducible: 100 losses and the weights after them are Node's, bit for bit", async () => {
    const [there, here] = [await runLabThere(LAB), await runLab(library, LAB)];
    expect(here.losses).toHaveLength(100);
    expect(there.losses).toEqual(here.losses);
    expect(here.weightBits).toHaveLength(3250);
    expect(there.weightBits).toEqual(here.weightBits);
  });

  test("fast: the sentence is learned, and for 30 epochs with the plain core's losses but for rounding", async () => {
    const there = await runLabThere({ ...LAB, numerics: "fast" });
    const here = await runLab(library, LAB);
    expect(there.losses).toHaveLength(100);
    expect(there.losses.filter(Number.isFinite)).toHaveLength(100);
    expect(there.losses.at(-1)).toBeLessThan(0.6);
    // For seed 0 a float32 run stays within 1e-5 of a float64 one for 30 epochs: two of them within 2e-5 of each other.
    for (let epoch = 0; epoch < 30; epoch++) {
      const difference = Math.abs((there.losses[epoch] as number) - (here.losses[epoch] as number));
      expect(difference, `epoch ${epoch}`).toBeLessThan(2e-5);
    }
  });

  test("fit lets the page breathe: a timer fires before a long run has ended", async () => {
    const result = await page.evaluate(
      `import("/dist/index.js").then(async ({ CharRNN }) => {
        const text = ${JSON.stringify(LAB.text)};
        const model = await CharRNN.create({ vocabulary: text, cell: "rnn", hiddenSize: 25 });
        const controller = new AbortController();
        setTimeout(() => controller.abort(), 0);
        const { stopped } = await model.fit(text, { epochs: 5000, signal: controller.signal });
        return [stopped, Number.isFinite(model.evaluate(text).loss)];
      })`,
    );
    expect(result).toEqual(["aborted", true]);
  });

  test.each(WRITINGS)("the same text is written: $cell, $generate", async (options) => {
    const there = await page.evaluate(
      `import("/dist/index.js").then((library) => (${textOf})(library, ${JSON.stringify(options)}))`,
    );
    expect(there).toEqual(await textOf(library, options));
  });

  test("a page that is not isolated has one thread, and says so", async () => {
    const spoken: string[] = [];
    const listen = (message: { text(): string }) => spoken.push(message.text());
    page.on("console", listen);
    const losses = await page.evaluate(
      `import("/dist/index.js").then(async ({ Network, tensor }) => {
        const inputs = tensor(Int32Array.of(0, 1, 2, 3), [2, 2]);
        const losses = [];
        for (const threads of [1, 2]) {
          const network = await Network.create({ cell: "gru", inputSize: 4, hiddenSize: 5, outputSize: 4, threads });
          losses.push(network.backward(inputs, inputs).loss);
        }
        return losses;
      })`,
    );
    page.off("console", listen);
    expect((losses as number[])[1]).toBe((losses as number[])[0]);
    expect(spoken).toEqual([expect.stringContaining("cross-origin isolated")]);
    complaints.length = 0;
  });

  test("an isolated page trains on two threads, with the same bits", async () => {
    const isolated = await serveDist({ isolated: true });
    const other = await browser.newPage();
    await other.goto(isolated.origin);
    const [alone, shared, isIsolated] = (await other.evaluate(
      `import("/dist/index.js").then(async ({ Network, tensor }) => {
        const inputs = tensor(Int32Array.from({ length: 60 }, (_, i) => (i * i) % 9), [6, 10]);
        const losses = [];
        for (const threads of [1, 2]) {
          const network = await Network.create({ cell: "lstm", inputSize: 9, hiddenSize: 15, outputSize: 9, threads });
          const { loss } = network.backward(inputs, inputs);
          losses.push(JSON.stringify([loss, [...network.gradients()["rnn.weight_hh_l0"].data]]));
        }
        return [...losses, globalThis.crossOriginIsolated];
      })`,
    )) as [string, string, boolean];
    await other.close();
    isolated.server.close();
    expect(isIsolated).toBe(true);
    expect(shared).toBe(alone);
  });

  test("a store keeps models when the page is gone", async () => {
    const kept = await page.evaluate(
      `import("/dist/index.js").then(async ({ CharRNN, ModelStore }) => {
        const text = ${JSON.stringify(LAB.text)};
        const model = await CharRNN.create({ vocabulary: text, cell: "gru", hiddenSize: 9 });
        await model.fit(text, { epochs: 3 });
        const store = await ModelStore.open();
        await store.put("other", model.save());
        await store.put("lab", model.save({ training: true }));
        await store.delete("other");
        await store.delete("never there");
        store.close();
        return [...model.save()];
      })`,
    );
    await page.reload();
    const found = await page.evaluate(
      `import("/dist/index.js").then(async ({ CharRNN, ModelStore }) => {
        const store = await ModelStore.open();
        const bytes = await store.get("lab");
        const model = await CharRNN.load(bytes);
        const names = await store.names();
        const missing = await store.get("other");
        store.close();
        return { names, missing, bytes: [...model.save()], epochs: (await model.fit(${JSON.stringify(LAB.text)}, { resume: true })).epochs.length };
      })`,
    );
    expect(found).toEqual({ names: ["lab"], missing: undefined, bytes: kept, epochs: 3 });
  });

  test("memory is flat over 100,000 steps", async () => {
    const [before, after] = (await page.evaluate(
      `import("/dist/index.js").then(({ Adam, Network, tensor }) =>
        Network.create({ cell: "rnn", inputSize: 3, hiddenSize: 3, outputSize: 3 }).then((network) => {
          const adam = new Adam(network);
          const inputs = tensor(Int32Array.of(0, 1), [1, 2]);
          const step = () => { network.backward(inputs, inputs); adam.step(); };
          step();
          const before = network.byteLength;
          for (let i = 0; i < 100_000; i++) step();
          return [before, network.byteLength];
        }))`,
    )) as [number, number];
    expect(after).toBe(before);
  });

  test("the README's page trains and shows what it learned", async () => {
    const readme = readFileSync("README.md", "utf8");
    const [, html = ""] = /^```html\n(.*?)^```/ms.exec(readme) ?? [];
    expect(html).toContain("./dist/index.js");
    const [body = "", script = ""] = html.split(/<script type="module">|<\/script>/);
    await page.setContent(body);
    await page.addScriptTag({
      type: "module",
      content: script.replace("./dist/index.js", `${served.origin}/dist/index.js`),
    });
    await page.waitForFunction(`document.querySelector("#out").textContent.includes("brown fox jumps over")`);
  });

  test("the page has nothing to complain about", () => {
    expect(complaints).toEqual([]);
  });
});

if (!path) {
  test("Chromium is there", (context) => {
    const message = `no Chromium: looked for ${looked}`;
    if (process.env.CI) expect.fail(message);
    console.warn(`test/platform/chromium.test.ts is skipped: ${message}`);
    context.skip(message);
  });
}
