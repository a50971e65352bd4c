/*
 * What a cell's report has to be. `expected` says what the engine can do: an engine that can do less than others is
 * expected to fall back as documented, and one that can do more than expected fails too, so that the table stays true.
 */

/** @returns the faults, none if the report is right */
export function faultsOf(report, reference, { core, threads, notice, remote }) {
  const faults = [];
  const expect = (isRight, fault) => isRight || faults.push(fault);
  const first = report.losses.findIndex((loss, i) => loss !== reference.losses[i]);
  expect(report.losses.length === 100, `${report.losses.length} losses instead of 100`);
  expect(first < 0, `loss ${first} is ${report.losses[first]}, this machine's Node has ${reference.losses[first]}`);
  // What is not finite comes out of JSON as null.
  expect(
    Number.isFinite(report.fastLoss) && report.fastLoss < 0.35,
    `numerics "fast" ends at a loss of ${report.fastLoss}, expected less than 0.35`,
  );
  const threaded = JSON.stringify(report.threaded);
  const alone = reference.losses.slice(0, 10);
  expect(threaded === JSON.stringify([alone, alone]), `with threads: 2 the first ten losses, twice, are ${threaded}`);
  expect(report.core === core, `the ${report.core} core, expected the ${core} one`);
  expect(report.remote === remote, `a model in a worker: ${report.remote}, expected ${remote}`);
  const { notices } = report;
  if (threads === 2) {
    expect(notices.length === 0, `warned: ${notices.join("; ")}`);
  } else {
    expect(notices.length === 1, `expected one notice that there is one thread, got ${JSON.stringify(notices)}`);
    expect(!notices[0] || notice.test(notices[0]), `the notice "${notices[0]}" does not match ${notice}`);
  }
  return faults;
}

/** A page that forbids Wasm has to be told how to allow it. */
export function faultsOfRefusal({ code, message }) {
  if (code !== "ERR_WASM_UNAVAILABLE") return [`expected ERR_WASM_UNAVAILABLE, got ${code}: ${message}`];
  return message.includes("'wasm-unsafe-eval'") ? [] : [`no hint at the policy in "${message}"`];
}
