import { findProgram } from "../programs.js";

export const NAMES = ["firefox-esr", "firefox"];
export const find = () => findProgram(...NAMES);

/** Headless, through WebDriver BiDi. */
export async function launch() {
  const { default: puppeteer } = await import("puppeteer-core");
  const browser = await puppeteer.launch({ browser: "firefox", executablePath: find(), headless: true });
  const page = await browser.newPage();
  return {
    version: (await browser.version()).replace(/^\w+\//, ""),
    complaints: [],
    visit: (url) => page.goto(url),
    close: () => browser.close(),
  };
}
