import { chromium } from "playwright-core";
import { findProgram } from "../programs.js";

export const NAMES = ["chromium", "chromium-browser", "google-chrome"];
export const find = () => findProgram(...NAMES);

/** Headless. What its pages complain about is in `complaints`. */
export async function launch() {
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
