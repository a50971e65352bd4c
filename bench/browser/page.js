import { summarize, time } from "../harness.js";
import { prepare } from "../work.js";
import { sampling, workloads } from "../workloads.js";

/*
 * The workloads in this page. ?only=lab,rnn-128 chooses some, ?quick measures few times; ?report posts the result to the
 * server that the page came from: so any browser can be measured that can be given an address.
 */
const query = new URLSearchParams(location.search);
const only = query.get("only")?.split(",");
const threads = crossOriginIsolated ? 2 : 1;
const configs = {
  fast1: { numerics: "fast", threads: 1 },
  reproducible1: { numerics: "reproducible", threads: 1 },
  ...(threads > 1 && { fast2: { numerics: "fast", threads } }),
};
const status = document.querySelector("#status");
const rows = document.querySelector("#rows");
const result = { userAgent: navigator.userAgent, crossOriginIsolated, measured: [] };
try {
  for (const workload of [...workloads, ...sampling].filter(({ key }) => !only || only.includes(key))) {
    status.textContent = `measuring ${workload.name} …`;
    const { key, name } = workload;
    const measured = await measure(workload);
    result.measured.push({ key, name, ...measured });
    const cells = Object.keys({ fast1: 0, reproducible1: 0, fast2: 0 }).map((config) =>
      measured[config] ? time(measured[config].median) : "–",
    );
    const row = rows.insertRow();
    for (const cell of [name, ...cells]) row.insertCell().textContent = cell;
  }
  status.textContent = `done, ${crossOriginIsolated ? "" : "not "}cross-origin isolated: ${navigator.userAgent}`;
} catch (error) {
  result.error = String(error);
  status.textContent = result.error;
}
if (query.has("report")) await fetch("/report", { method: "POST", body: JSON.stringify(result) });

/** Seconds per unit with each configuration, by turns. */
async function measure(workload) {
  const prepared = {};
  for (const [name, config] of Object.entries(configs)) {
    // One symbol is no work for two.
    if (workload.kind === "training" || config.threads === 1) prepared[name] = await prepare(workload, config);
  }
  const seconds = Object.fromEntries(Object.keys(prepared).map((name) => [name, []]));
  for (let i = 0; i < (query.has("quick") ? 3 : workload.repeats); i++) {
    for (const [name, { run }] of Object.entries(prepared)) {
      seconds[name].push(run());
      // The page stays alive between two runs.
      await new Promise((resolve) => setTimeout(resolve));
    }
  }
  return Object.fromEntries(Object.entries(seconds).map(([name, all]) => [name, summarize(all)]));
}
