import puppeteer from "puppeteer-core";
import { findProgram } from "../programs.js";

export const NAMES = ["firefox-esr", "firefox"];
export const find = () => findProgram(...NAMES);

/** Headless, through WebDriver BiDi. */
export async function launch() {
  const browser = await puppeteer.launch({ browser: "firefox", executablePath: find(), headless: true });
  const page = await browser.newPage();
  return {
    version: (await browser.version()).replace(/^\w+\//, ""),
    complaints: [],
    visit: (url) => page.goto(url),
    close: () => browser.close(),
  };
}
