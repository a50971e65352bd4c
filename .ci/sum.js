/* The plain sum over all suites, as the last line; exit code 1 if anything failed, or if a suite did not report. */
import { existsSync, readFileSync } from "node:fs";

let [passed, failed, skipped] = [0, 0, 0];
if (existsSync("build/ci/tests.json")) {
  const report = JSON.parse(readFileSync("build/ci/tests.json", "utf8"));
  passed += report.numPassedTests;
  failed += report.numFailedTests;
  skipped += report.numPendingTests + report.numTodoTests;
}
// A run that ended without a failed test (a lint error, a file that did not load) has failed all the same.
if (process.env.FAILURES !== "0" && failed === 0) failed++;
for (const outcome of [process.env.LAB, process.env.SHAKESPEARE]) {
  if (outcome === "passed") passed++;
  else if (outcome === "skipped") skipped++;
  else failed++;
}
console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);
process.exitCode = failed > 0 ? 1 : 0;
