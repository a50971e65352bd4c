import { lab } from "./lab.js";
import { report } from "./page.js";

/** Where the package's files are, and how the page takes them, is in its query. */
const query = new URLSearchParams(location.search);
const file = (name) => `${query.get("dist")}/${name}`;
const ownFiles = {
  crewWorker: () => new Worker(file("crew-worker.js")),
  workerThread: () => new Worker(file("worker-thread.js")),
};

const load = query.has("script") ? loadGlobal : query.has("lite") ? loadLite : () => import(file("index.js"));
report(() => lab(load, () => import(file("worker.js")), query.has("ownFiles") ? ownFiles : {}));

/** As a page without modules has it. */
async function loadGlobal() {
  const script = document.createElement("script");
  script.src = file("rnn-wasm.global.js");
  document.head.append(script);
  await new Promise((resolve, reject) => {
    script.onload = resolve;
    script.onerror = () => reject(new Error(`${script.src} could not be loaded`));
  });
  return globalThis.RnnWasm;
}

async function loadLite() {
  const library = await import(file("lite.js"));
  library.useCores({ simd: fetch(file("core.wasm")), relaxed: fetch(file("core-relaxed.wasm")) });
  return library;
}
