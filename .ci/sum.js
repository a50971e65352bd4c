/* The plain sum over all suites, as the last line; exit code 1 if anything failed, or if a suite did not report. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";

const FOLDER = "build/ci";
const sum = { passed: 0, failed: 0, skipped: 0 };
const failing = new Set();
for (const file of readdirSync(FOLDER).filter((name) => name.endsWith(".json"))) {
  const report = JSON.parse(readFileSync(join(FOLDER, file), "utf8"));
  const { passed, failed, skipped } = "numTotalTests" in report ? ofVitest(report) : report;
  sum.passed += passed;
  sum.failed += failed;
  sum.skipped += skipped;
  if (failed > 0) failing.add(basename(file, ".json"));
}
// A suite that ended without a failed test (a lint error, a file that did not load) or without a report has failed all the same.
const ended = existsSync(`${FOLDER}/failed.txt`) ? readFileSync(`${FOLDER}/failed.txt`, "utf8").trim().split("\n") : [];
for (const name of ended) if (!failing.has(name)) sum.failed++;
console.log(`${sum.passed} passed, ${sum.failed} failed, ${sum.skipped} skipped`);
process.exitCode = sum.failed > 0 ? 1 : 0;

function ofVitest({ numPassedTests, numFailedTests, numPendingTests, numTodoTests }) {
  return { passed: numPassedTests, failed: numFailedTests, skipped: numPendingTests + numTodoTests };
}
