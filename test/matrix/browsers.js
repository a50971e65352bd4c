/* Real browsers, and in each the pages that a user may have: the built file just imports, without a bundler. */
import * as chromium from "./browsers/chromium.js";
import * as firefox from "./browsers/firefox.js";
import * as webkit from "./browsers/webkit.js";
import { within } from "./child.js";
import { missingModules } from "./programs.js";
import { ANY_ORIGIN, serveFolder } from "./server.js";

const ISOLATED = { "cross-origin-opener-policy": "same-origin", "cross-origin-embedder-policy": "require-corp" };
const policy = (...rules) => ({ "content-security-policy": rules.join("; ") });
/** Where shared memory is missing, that is what it says before anything else. */
const UNSHARED = { threads: 1, notice: /no SharedArrayBuffer/ };
const DEFAULTS = { ...UNSHARED, remote: "same bits" };

const STRICT = "script-src 'self' 'wasm-unsafe-eval'";
const STRICT_PAGE = policy(STRICT, "worker-src blob:");

/**
 * `threads`: what a page gets where the engine has shared memory; `notice`: why it has one thread. `remote`: how a model in
 * a worker fares.
 */
const PAGES = [
  { name: "another origin's module", otherOrigin: true },
  { name: "another origin's script", otherOrigin: true, query: "&script" },
  { name: "lite and its cores", query: "&lite" },
  { name: "strict policy", headers: STRICT_PAGE },
  { name: "isolated", headers: ISOLATED, threads: 2 },
  { name: "isolated and strict", headers: { ...ISOLATED, ...STRICT_PAGE }, threads: 2 },
  {
    name: "workers from own files",
    headers: { ...ISOLATED, ...policy(STRICT, "worker-src 'self'") },
    query: "&ownFiles",
    threads: 2,
  },
  {
    name: "workers forbidden",
    headers: { ...ISOLATED, ...policy("worker-src 'none'") },
    notice: /forbids workers/,
    remote: "ERR_WORKER_LOST",
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
  missing: () =>
    missingModules() ?? (browser.find() ? undefined : `no ${platform}: looked for ${browser.NAMES.join(", ")}`),
  async run(cell, { work, library, reports, note }) {
    const other = await serveFolder(library, ANY_ORIGIN);
    const opened = await within(60, `launching ${platform}`, browser.launch());
    note(platform, opened.version);
    try {
      for (const { name, headers, otherOrigin, query = "", refusal, ...page } of PAGES) {
        const site = await serveFolder(work, headers);
        const dist = otherOrigin ? `${other.origin}/dist` : "/node_modules/rnn-wasm/dist";
        const expected = refusal ? "refusal" : { ...DEFAULTS, core, ...page, ...(!hasSharedMemory && UNSHARED) };
        const url = `${site.origin}/page.html?dist=${dist}${query}`;
        await cell(name, expected, () => reports.reportOf(url, opened.visit));
        site.close();
      }
    } finally {
      await within(20, `closing ${platform}`, opened.close());
      other.close();
    }
  },
}));
