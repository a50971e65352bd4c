import { table, time } from "./harness.js";
import { peers } from "./peers.js";
import { fastest, judge, ratioOf, shareOf, shortName } from "./targets.js";
import { flopsOf, gflopsOf } from "./workloads.js";

/*
 * A result of bench/run.js as Markdown, for the terminal and for the README.
 */

export function trainingTable({ training, versions }) {
  if (training.length === 0) return "";
  return table([
    [
      "training",
      "ours",
      "reproducible",
      "2 threads",
      versions.pytorch ? `PyTorch ${versions.pytorch}` : "PyTorch",
      "2 threads",
      "against PyTorch, 1 thread",
      "best against best",
    ],
    ...training.map(({ name, measured: { fast1, reproducible1, fast2, pytorch1, pytorch2 } }) => [
      name,
      span(fast1),
      span(reproducible1),
      span(fast2),
      span(pytorch1),
      span(pytorch2),
      times(ratioOf(pytorch1, fast1)),
      times(ratioOf(fastest(pytorch1, pytorch2), fastest(fast1, fast2))),
    ]),
  ]);
}

export function peersTable({ training, versions }) {
  const measured = training.filter((workload) => workload.peers);
  const taking = Object.keys(peers).filter((peer) => measured.some((workload) => workload.peers[peer]));
  if (taking.length === 0) return "";
  return table([
    ["training, one thread", "ours", ...taking.flatMap((peer) => [`${peers[peer].name} ${versions[peer] ?? ""}`, ""])],
    ...measured.map(({ name, peers: { ours, ...theirs } }) => [
      name,
      span(ours),
      ...taking.flatMap((peer) => [
        theirs[peer]?.skipped ? `skipped: ${theirs[peer].skipped}` : span(theirs[peer]),
        times(ratioOf(theirs[peer], ours)),
      ]),
    ]),
  ]);
}

export function samplingTable({ sampling }) {
  if (sampling.length === 0) return "";
  const rate = (measured) => (measured ? Math.round(1 / measured.median).toLocaleString("en-US") : "–");
  return table([
    [
      "symbols per second, one at a time",
      "generate",
      "network.forward",
      "PyTorch",
      "generate against PyTorch",
      "reading the weights alone",
    ],
    ...sampling.map(({ name, measured: { forward, generate, pytorch, reading } }) => [
      name,
      rate(generate),
      rate(forward),
      rate(pytorch),
      times(ratioOf(pytorch, generate)),
      rate(reading),
    ]),
  ]);
}

export function productsTable({ products }) {
  const kinds = Object.keys(products ?? {});
  const all = products?.[kinds[0]] ?? [];
  if (all.length === 0) return "";
  return table([
    ["products (M, N, K), GFLOP/s", ...kinds.flatMap((kind) => [kind, "of the limit"])],
    ...all.map(({ name, form, M, N, K }, i) => [
      `${form} (${M}, ${N}, ${K}) ${name}`,
      ...kinds.flatMap((kind) => {
        const product = products[kind][i];
        return [gflopsOf(product, product.measured.gemm).toFixed(1), `${(100 * shareOf(product)).toFixed(0)} %`];
      }),
    ]),
  ]);
}

/** How much of the register limit a whole training step has: what is not products is in the rest. */
export function shareTable({ training }) {
  if (training.length === 0) return "";
  return table([
    ["a whole step's products, one thread", "GFLOP", "GFLOP/s", "of the register limit"],
    ...training.map((workload) => {
      const { fast1, limit } = workload.measured;
      const share = `${(100 / ratioOf(fast1, limit)).toFixed(0)} % of ${gflopsOf(workload, limit).toFixed(1)}`;
      const gflop = (flopsOf(workload) / 1e9).toPrecision(3);
      return [shortName(workload), gflop, gflopsOf(workload, fast1).toFixed(1), share];
    }),
  ]);
}

export function memoryLine({ memory }) {
  if (!memory) return "";
  const { name, bytes, formula, ratio, bytesPerParameter, bytesPerActivation } = memory;
  const mib = (n) => `${(n / 2 ** 20).toFixed(1)} MiB`;
  return (
    `Memory of ${name} after a step with Adam: ${mib(bytes)}, ${ratio.toFixed(2)} of the ${mib(formula)} that four ` +
    `floats a parameter, the activations of the backward pass and one packed matrix take; ` +
    `${bytesPerParameter.toFixed(1)} bytes a parameter (16), ${bytesPerActivation.toFixed(2)} bytes an activation (4).`
  );
}

export function firstStepLine({ firstStep }) {
  if (!firstStep) return "";
  const { imported, created } = firstStep;
  return (
    `Import to first training step of the lab, fresh process: ${span(firstStep)}; imported after ${time(imported)}, ` +
    `network created after ${time(created)}.`
  );
}

export function growthTable({ growth }) {
  if (!growth || growth.length === 0) return "";
  return table([
    ["LSTM 2×128, V 65, B 50, T 50, but", ...growth[0].points.map((_, i) => `${i + 1}`), "last exponent"],
    ...growth.map(({ letter, points }) => [
      letter,
      ...points.map(({ value, seconds }) => `${value}: ${time(seconds.median)}`),
      points.length > 1 ? exponentOf(points.at(-2), points.at(-1)).toFixed(2) : "–",
    ]),
  ]);
}

/** The workloads in a page. */
export function browserTable({ userAgent, crossOriginIsolated, measured }) {
  const [browser] = /(Firefox|Chrome)\/\d+/.exec(userAgent) ?? [userAgent];
  const name = `${browser.replace("/", " ")}${crossOriginIsolated ? "" : ", not cross-origin isolated: one thread"}`;
  return table([
    [`${name}: a training step, or a symbol`, "fast", "reproducible", "2 threads"],
    ...measured.map(({ name, fast1, reproducible1, fast2 }) => [name, span(fast1), span(reproducible1), span(fast2)]),
  ]);
}

/** What is below its target and by how much. */
export function targetLines(result) {
  const rows = judge(result);
  const missed = rows.filter(({ isMet }) => isMet === false);
  const measured = rows.filter(({ value }) => value !== undefined);
  const lines = missed.map(({ name, target, value, unit, atMost, beside }) => {
    const short = (Math.abs(value - target) / target) * 100;
    const figures = `${figure(value)}${unit} of ${atMost ? "at most" : "at least"} ${target}${unit}`;
    return `- ${name}: ${figures}, ${short.toFixed(0)} % ${atMost ? "over" : "short"}${beside ? `; ${beside}` : ""}`;
  });
  const head = `${measured.length - missed.length} of ${measured.length} targets are met`;
  return lines.length > 0 ? `${head}. Those that are not:\n\n${lines.join("\n")}` : `${head}.`;
}

export function machineLine({ date, machine, versions, engine, load }) {
  const core = engine.fastCore === "relaxed" ? "relaxed SIMD" : "no relaxed SIMD: its fast core is the plain one";
  const others = [versions.pytorch && `PyTorch ${versions.pytorch}`].filter(Boolean);
  return (
    `${machine.processor}, ${machine.cores} cores; Node ${versions.node} (${core})` +
    `${others.map((other) => `, ${other}`).join("")}; ${date}. ` +
    `Load of the machine (1 minute): ${load.start.toFixed(1)} before, ${load.end.toFixed(1)} after.`
  );
}

/** 1.23 s (1.20–1.31). */
function span(measured) {
  if (!measured?.median) return "–";
  const { min, median, max } = measured;
  const text = time(median);
  const [, unit] = text.split(" ");
  const scale = { s: 1, ms: 1e3, µs: 1e6 }[unit];
  const number = (seconds) => Number((seconds * scale).toPrecision(3));
  return `${text} (${number(min)}–${number(max)})`;
}

function times(ratio) {
  return ratio === undefined ? "–" : `${figure(ratio)}×`;
}

function figure(x) {
  return x >= 10 ? x.toFixed(0) : x.toFixed(2);
}

function exponentOf(a, b) {
  return Math.log(b.seconds.median / a.seconds.median) / Math.log(b.value / a.value);
}
