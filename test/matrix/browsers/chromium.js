import { findProgram, missingModules } from "../programs.js";

export const NAMES = ["chromium", "chromium-browser", "google-chrome"];
export const find = () => findProgram(...NAMES);

/** Why what runs in Chromium cannot be run, undefined where it can. */
export const missing = () => missingModules() ?? (find() ? undefined : `no Chromium: looked for ${NAMES.join(", ")}`);

/** Headless. What its pages complain about is in `complaints`. */
export async function launch() {
  const { chromium } = await import("playwright-core");
  const browser = await chromium.launch({
    executablePath: find(),
    args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
  });
  const page = await browser.newPage();
  const complaints = [];
  page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
  page.on("pageerror", (error) => complaints.push(String(error)));
  return {
    version: browser.version(),
    page,
    complaints,
    visit: (url) => page.goto(url),
    close: () => browser.close(),
  };
}
