import { lab } from "./lab.js";
import { report } from "./page.js";

/** Where the package's files are, and how the page takes them, is in its query. */
const query = new URLSearchParams(location.search);
const file = (name) => `${query.get("dist")}/${name}`;
const ownFiles = {
  crewWorker: () => new Worker(file("crew-worker.js")),
  workerThread: () => new Worker(file("worker-thread.js")),
};

report(() =>
  lab(
    query.has("script") ? loadGlobal : () => import(file("index.js")),
    () => import(file("worker.js")),
    query.has("ownFiles") ? ownFiles : {},
  ),
);

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
