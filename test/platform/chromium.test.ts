import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import * as library from "../../src/index.js";
import { LAB, type LabOptions, type LabResult, runLab } from "../lab.js";
import { findChromium, serveDist } from "./browser.js";

/*
 * The lab in a real Chromium, beside Node. The page runs the source of the very function that runs here.
 */

const { path, looked } = findChromium();

describe.runIf(path)("the lab in Chromium", () => {
  let served: Awaited<ReturnType<typeof serveDist>>;
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
        const { stopped } = await model.fit(text, { epochs: 1e6, signal: controller.signal });
        return [stopped, Number.isFinite(model.evaluate(text).loss)];
      })`,
    );
    expect(result).toEqual(["aborted", true]);
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
