/* The programs of examples/, built and used as their readers would. */
import { cpSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { missing } from "./browsers/chromium.js";
import { runTool } from "./bundlers.js";
import { run } from "./child.js";
import { serveFolder } from "./server.js";

const EXAMPLES = fileURLToPath(new URL("../../examples", import.meta.url));
const SHOTS = fileURLToPath(new URL("../../build/matrix", import.meta.url));

export const examples = [
  {
    kind: "example",
    platform: "examples",
    missing,
    async run(cell, { work, openChromium }) {
      const folder = join(work, "examples");
      cpSync(EXAMPLES, folder, { recursive: true });
      mkdirSync(SHOTS, { recursive: true });
      const { page, complaints } = await openChromium();
      page.setDefaultTimeout(60_000);

      await cell("rivers.js", "own", async () => {
        const output = await run(process.execPath, ["rivers.js", "12"], { cwd: folder });
        const lines = output.match(/^\S+ +\d+\.\d bits a letter$/gm) ?? [];
        return lines.length === 12 ? [] : [`expected 12 names, got ${lines.length}\n${output}`];
      });
      await cell("vanilla", "own", () =>
        open("vanilla", async () => {
          await page.getByText("you want to build a ship, don't drum up people together").waitFor();
          await page.getByRole("button", { disabled: false }).waitFor();
          return (await page.locator("#curve").getAttribute("points")).split(" ").length > 100 ? [] : ["no curve"];
        }),
      );
      await cell("react", "own", () =>
        open("react", async () => {
          const button = page.getByRole("button");
          await button.click();
          await page.getByRole("button", { name: "Stop" }).waitFor();
          await page.getByText("nats a character").waitFor();
          await page.screenshot({ path: join(SHOTS, "react-learning.png") });
          await page.getByRole("button", { name: "Learn and write" }).waitFor();
          const { length } = await page.locator("article").textContent();
          return length === 420 ? [] : [`expected a text of 420 characters, got ${length}`];
        }),
      );

      /** Builds a page, does something with it, and leaves a picture of how it looks then. */
      async function open(name, use) {
        await runTool(["vite", "build"], join(folder, name));
        const site = await serveFolder(join(folder, name, "dist"));
        complaints.length = 0;
        try {
          await page.goto(`${site.origin}/`);
          return [...(await use()), ...complaints];
        } finally {
          await page.screenshot({ path: join(SHOTS, `${name}.png`) });
          site.close();
        }
      }
    },
  },
];
