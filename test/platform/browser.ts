import { accessSync, constants, existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { delimiter, extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";

/*
 * What a browser test needs: a browser of this machine, and dist/ on localhost.
 */

const NAMES = ["chromium", "chromium-browser", "google-chrome"];
const DIST = fileURLToPath(new URL("../../dist/", import.meta.url));
const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".map": "application/json",
  ".wasm": "application/wasm",
};

/** The program and, for when there is none, what was looked for. */
export function findChromium(): { path: string | undefined; looked: string } {
  const { CHROMIUM, PATH = "" } = process.env;
  if (CHROMIUM) return { path: isProgram(CHROMIUM) ? CHROMIUM : undefined, looked: `CHROMIUM=${CHROMIUM}` };
  const folders = PATH.split(delimiter).filter(Boolean);
  const path = folders.flatMap((folder) => NAMES.map((name) => join(folder, name))).find(isProgram);
  return { path, looked: `${NAMES.join(", ")} in PATH, and the environment variable CHROMIUM` };
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

export interface Served {
  readonly server: Server;
  readonly origin: string;
}

/** Serves, cross-origin isolated or not, under a content security policy or none, an empty page at / and the files of dist/ under /dist/, on a free port of localhost. */
export async function serveDist({ isolated = false, policy = "" } = {}): Promise<Served> {
  if (!existsSync(join(DIST, "index.js"))) throw new Error("dist/index.js is missing: run npm run build");
  const server = createServer(async ({ url = "/" }, response) => {
    if (isolated) {
      response.setHeader("cross-origin-opener-policy", "same-origin");
      response.setHeader("cross-origin-embedder-policy", "require-corp");
    }
    if (policy) response.setHeader("content-security-policy", policy);
    const { pathname } = new URL(url, "http://localhost");
    if (pathname === "/") {
      // An icon of its own, or the browser asks for one and reports that there is none.
      response.writeHead(200, { "content-type": "text/html; charset=utf-8" });
      response.end('<!doctype html><link rel="icon" href="data:,"><title>rnn-wasm</title>');
      return;
    }
    const path = normalize(join(DIST, decodeURIComponent(pathname).replace(/^\/dist\//, "")));
    const body =
      pathname.startsWith("/dist/") && path.startsWith(DIST) ? await readFile(path).catch(() => undefined) : undefined;
    response.writeHead(body ? 200 : 404, { "content-type": TYPES[extname(path)] ?? "application/octet-stream" });
    response.end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { server, origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}
