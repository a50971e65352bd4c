import { summarize, time } from "./harness.js";
import { gflopsOf } from "./workloads.js";

/*
 * What the numbers are to be, and what they are. Every value is of one run.
 */

const TRAINING = [
  { key: "lab", pytorch: 3, peers: { tfjs: 50, "jax-js": 35 } },
  { key: "rnn-128", pytorch: 1.35, peers: { tfjs: 33 } },
  { key: "gru-128", pytorch: 1.2, peers: { tfjs: 30 } },
  { key: "lstm-128", pytorch: 0.95, peers: { tfjs: 45 } },
  { key: "lstm-256", pytorch: 0.85, peers: {} },
  { key: "lstm-512", pytorch: 0.65, peers: {} },
];
const PEER_NAMES = { tfjs: "TF.js Wasm", "jax-js": "jax-js Wasm" };

/** [{ name, target, value, atMost?, unit, beside? }]: value is undefined where it was not measured. */
export function judge(result) {
  return [
    ...TRAINING.flatMap((row) => judgeTraining(result, row)),
    ...judgeThreads(result),
    ...result.sampling.map(judgeSampling),
    ...judgeProducts(result),
    { name: "memory against its formula", target: 1.25, value: result.memory?.ratio, atMost: true, unit: "×" },
    {
      name: "import to first training step of the lab",
      target: 40,
      value: result.firstStep && result.firstStep.median * 1000,
      atMost: true,
      unit: " ms",
      beside:
        result.firstStep &&
        `of which importing ${time(result.firstStep.imported)}, and creating the network up to ${time(result.firstStep.created)}`,
    },
  ].map((row) => ({ ...row, isMet: row.value === undefined ? undefined : isMet(row) }));
}

function isMet({ target, value, atMost }) {
  return atMost ? value <= target : value >= target;
}

/**
 * How many times faster ours is, undefined where one of them was not measured: the median over the turns in which both
 * were, since a machine that slows down slows down both.
 */
export function ratioOf(theirs, ours) {
  if (!theirs?.all || !ours?.all) return undefined;
  return summarize(theirs.all.map((seconds, turn) => seconds / ours.all[turn])).median;
}

function judgeTraining(result, { key, pytorch, peers }) {
  const workload = result.training.find((candidate) => candidate.key === key);
  if (!workload) return [];
  const { measured } = workload;
  const label = shortName(workload);
  const rows = Object.entries(peers).map(([peer, target]) => ({
    name: `${label} against ${PEER_NAMES[peer]}`,
    target,
    value: ratioOf(workload.peers?.[peer], workload.peers?.ours),
    unit: "×",
    beside: besideLimit(workload, workload.peers?.[peer], workload.peers?.ours, 1),
  }));
  const value = ratioOf(measured.pytorch1, measured.fast1);
  return [
    {
      name: `${label} against PyTorch, one thread each`,
      key,
      target: pytorch,
      value,
      unit: "×",
      beside: besideLimit(workload, measured.pytorch1, measured.fast1, 1),
    },
    ...rows,
  ];
}

function judgeThreads(result) {
  const workload = result.training.find(({ key }) => key === "lstm-128");
  if (!workload) return [];
  const { fast1, fast2, pytorch1, pytorch2, processors } = workload.measured;
  const [ours, theirs] = [fastest(fast1, fast2), fastest(pytorch1, pytorch2)];
  return [
    {
      name: `${shortName(workload)}, best of one and two threads against PyTorch's best`,
      target: 1.3,
      value: ratioOf(theirs, ours),
      unit: "×",
      beside: besideLimit(workload, theirs, ours, ours === fast2 ? 2 : 1),
    },
    {
      name: `${shortName(workload)}, two threads against one`,
      target: 1.75,
      value: ratioOf(fast1, fast2),
      unit: "×",
      beside:
        processors &&
        `in these turns the machine's processors, one after the other, did ${processors.median.toFixed(2)} times the products of the quietest, which the one thread had`,
    },
  ];
}

function judgeSampling(workload) {
  const { generate, pytorch } = workload.measured;
  return {
    name: `sampling, ${workload.name} against PyTorch`,
    key: workload.key,
    target: 4,
    value: ratioOf(pytorch, generate),
    unit: "×",
    beside: besideReading(workload),
  };
}

function judgeProducts({ products, engine }) {
  const measured = products?.[engine.fastCore];
  if (!measured) return [];
  const worst = (name, target, all) => {
    const [least] = all.toSorted((a, b) => shareOf(a) - shareOf(b));
    return {
      name: `${name}, worst: ${least.form} (${least.M}, ${least.N}, ${least.K})`,
      target,
      value: 100 * shareOf(least),
      unit: " %",
      beside: `${gflopsOf(least, least.measured.gemm).toFixed(1)} GFLOP/s`,
    };
  };
  return [
    worst(
      "products with M, N, K ≥ 128, of the register limit",
      90,
      measured.filter(({ M, N, K }) => Math.min(M, N, K) >= 128),
    ),
    worst(
      "the lab's products, of the register limit",
      75,
      measured.filter(({ name }) => name.startsWith("lab")),
    ),
  ];
}

/** How much of the register limit a product has. */
export function shareOf({ measured: { gemm, limit } }) {
  return ratioOf(limit, gemm);
}

/** What the ratio would be if the products ran at the register limit and all else took no time. */
function besideLimit(workload, theirs, ours, threads) {
  const { limit } = workload.measured;
  if (!limit || !theirs?.all || !ours) return undefined;
  const rate = (measured) => gflopsOf(workload, measured).toFixed(1);
  const registers = `${threads === 1 ? "" : `${threads} × `}${rate(limit)}`;
  const bound = (ratioOf(theirs, limit) * threads).toFixed(2);
  const least = (theirs.min / ours.min).toFixed(2);
  return `${least}× by the least times; ${rate(ours)} of the registers' ${registers} GFLOP/s, at which the ratio would be ${bound}`;
}

/** What the ratio would be if a symbol took only as long as reading its weights, as one stream, without any arithmetic. */
function besideReading({ measured: { generate, pytorch, reading } }) {
  if (!reading || !generate || !pytorch) return undefined;
  const share = (100 / ratioOf(generate, reading)).toFixed(0);
  const bound = ratioOf(pytorch, reading).toFixed(2);
  return `reading its weights once takes ${time(reading.median)}, ${share} % of a symbol's time, at which the ratio would be ${bound}`;
}

export function fastest(...all) {
  return all.filter(Boolean).toSorted((a, b) => a.median - b.median)[0];
}

export function shortName({ key, name }) {
  return key === "lab" ? "lab" : name.split(",")[0];
}
