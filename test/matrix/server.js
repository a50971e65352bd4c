/* What pages need: files on an origin of their own, and a place to report to. */
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { extname, join, normalize } from "node:path";
import { within } from "./child.js";

const TYPES = {
  ".css": "text/css",
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".mjs": "text/javascript",
  ".svg": "image/svg+xml",
  ".wasm": "application/wasm",
};

/** A page of any origin, isolated or not, may load from here. */
export const ANY_ORIGIN = { "access-control-allow-origin": "*", "cross-origin-resource-policy": "cross-origin" };

/** Serves a folder. @param headers those of every answer, or from the path to those of one */
export function serveFolder(folder, headers = {}) {
  return listen(async (request, response) => {
    const { pathname } = new URL(request.url, "http://localhost");
    const path = normalize(join(folder, decodeURIComponent(pathname), pathname.endsWith("/") ? "index.html" : ""));
    const body = path.startsWith(folder) ? await readFile(path).catch(() => undefined) : undefined;
    const extra = typeof headers === "function" ? headers(pathname) : headers;
    response.writeHead(body ? 200 : 404, {
      "content-type": TYPES[extname(path)] ?? "application/octet-stream",
      ...extra,
    });
    response.end(body);
  });
}

/** Where pages say how they fared: each at an address of its own, which it finds in its query. */
export async function listenForReports() {
  const waiting = new Map();
  const { origin, close } = await listen(async (request, response) => {
    let body = "";
    for await (const piece of request.setEncoding("utf8")) body += piece;
    response.writeHead(200, ANY_ORIGIN).end();
    waiting.get(request.url)?.(JSON.parse(body));
  });
  let count = 0;
  return {
    close,
    /**
     * Visits `url` with `visit`, and gives what the page posts: { report } or { refusal: { code, message } }. A browser that
     * has just been started may lose its first page: one that says nothing for a while is visited once more.
     */
    async reportOf(url, visit) {
      const path = `/${++count}`;
      const posted = new Promise((resolve) => waiting.set(path, resolve));
      const address = new URL(url);
      address.searchParams.set("report", origin + path);
      const attempt = async (seconds) => {
        const both = Promise.all([posted, visit(address.href)]);
        return (await within(seconds, "a report from the page", both))[0];
      };
      try {
        return await attempt(30).catch(() => attempt(60));
      } finally {
        waiting.delete(path);
      }
    },
  };
}

export async function freePort() {
  const { origin, close } = await listen(() => {});
  close();
  return Number(new URL(origin).port);
}

async function listen(handle) {
  const server = createServer(handle);
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const close = () => {
    server.close();
    server.closeAllConnections();
  };
  return { origin: `http://127.0.0.1:${server.address().port}`, close };
}
