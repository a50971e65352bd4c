/* Real browsers, and in each the pages that a user may have: the built file just imports, without a bundler. */
import * as chromium from "./browsers/chromium.js";
import * as firefox from "./browsers/firefox.js";
import * as webkit from "./browsers/webkit.js";
import { ANY_ORIGIN, serveFolder } from "./server.js";

const ISOLATED = { "cross-origin-opener-policy": "same-origin", "cross-origin-embedder-policy": "require-corp" };
const policy = (...rules) => ({ "content-security-policy": rules.join("; ") });
const NOT_ISOLATED = /cross-origin isolated/;

/** `threads`: what a page gets where the engine has shared memory; `notice`: why it has one thread. */
const PAGES = [
  { name: "another origin's module", otherOrigin: true, threads: 1, notice: NOT_ISOLATED },
  {
    name: "strict policy",
    headers: policy("script-src 'self' 'wasm-unsafe-eval'", "worker-src blob:"),
    threads: 1,
    notice: NOT_ISOLATED,
  },
  { name: "isolated", headers: ISOLATED, threads: 2, notice: NOT_ISOLATED },
  {
    name: "isolated and strict",
    headers: { ...ISOLATED, ...policy("script-src 'self' 'wasm-unsafe-eval'", "worker-src blob:") },
    threads: 2,
    notice: NOT_ISOLATED,
  },
  {
    name: "workers forbidden",
    headers: { ...ISOLATED, ...policy("worker-src 'none'") },
    threads: 1,
    // Where shared memory is missing, that is what it says first.
    notice: /forbid|not allowed|insecure|denied|polic|cross-origin isolated/i,
  },
  { name: "Wasm forbidden", headers: policy("script-src 'self'"), refusal: true },
];

const BROWSERS = [
  { platform: "Chromium", browser: chromium, core: "relaxed", hasSharedMemory: true },
  { platform: "Firefox", browser: firefox, core: "relaxed", hasSharedMemory: true },
  // WebKitGTK has neither relaxed SIMD nor, even on an isolated page, SharedArrayBuffer: the fallbacks are what is tested.
  { platform: "WebKitGTK", browser: webkit, core: "plain", hasSharedMemory: false },
];

export const browsers = BROWSERS.map(({ platform, browser, core, hasSharedMemory }) => ({
  kind: "browser",
  platform,
  missing: () => (browser.find() ? undefined : `looked for ${browser.NAMES.join(", ")}`),
  async run(cell, { work, library, reports, note }) {
    const other = await serveFolder(library, ANY_ORIGIN);
    const opened = await browser.launch();
    note(platform, opened.version);
    try {
      for (const { name, headers, otherOrigin, threads, notice, refusal } of PAGES) {
        const site = await serveFolder(work, headers);
        const expected = refusal ? "refusal" : { core, threads: hasSharedMemory ? threads : 1, notice };
        const built = otherOrigin ? `${other.origin}/dist/index.js` : "/node_modules/rnn-wasm/dist/index.js";
        await cell(name, expected, () => reports.reportOf(`${site.origin}/page.html?library=${built}`, opened.visit));
        site.close();
      }
    } finally {
      await opened.close();
      other.close();
    }
  },
}));
