import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { end, start, untilAnswers } from "../child.js";
import { findProgram } from "../programs.js";
import { freePort } from "../server.js";

export const NAMES = ["WebKitWebDriver, MiniBrowser, xvfb-run and dbus-run-session"];
export const find = () =>
  ["WebKitWebDriver", "xvfb-run", "dbus-run-session"].every((name) => findProgram(name)) ? miniBrowser() : undefined;

/** It has no headless mode: a screen that nobody sees, and a message bus of its own. */
export async function launch() {
  const { Builder, Capabilities } = await import("selenium-webdriver");
  const port = await freePort();
  // xvfb-run leaves what it wrote when it is ended with all that it started.
  const folder = mkdtempSync(join(tmpdir(), "rnn-wasm-webkit-"));
  const driving = start("xvfb-run", ["-a", "dbus-run-session", "--", "WebKitWebDriver", `--port=${port}`], {
    env: { TMPDIR: folder },
  });
  let driver;
  const close = async () => {
    await driver?.quit().catch(() => {});
    await end(driving);
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await untilAnswers(`http://127.0.0.1:${port}/status`, driving, 30);
    driver = await new Builder()
      .usingServer(`http://127.0.0.1:${port}`)
      .withCapabilities(
        new Capabilities({
          browserName: "MiniBrowser",
          "webkitgtk:browserOptions": { binary: miniBrowser(), args: ["--automation"] },
        }),
      )
      .build();
    const version = (await driver.getCapabilities()).getBrowserVersion();
    return { version, complaints: [], visit: (url) => driver.get(url), close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Debian keeps it beside the library of the machine's architecture. */
function miniBrowser() {
  const versions = ["webkit2gtk-4.1", "webkit2gtk-4.0", "webkitgtk-6.0"];
  const folders = ["/usr/lib", ...readdirSync("/usr/lib").map((name) => `/usr/lib/${name}`)];
  return findProgram(...folders.flatMap((folder) => versions.map((version) => `${folder}/${version}/MiniBrowser`)));
}
