/*
 * What README.md says between `<!-- matrix -->` and `<!-- /matrix -->`, from the cells of a whole run. Nothing that differs
 * from run to run: no times, and no versions of what the matrix does not pin.
 */
import { readFileSync, writeFileSync } from "node:fs";

const [BEGIN, END] = ["<!-- matrix -->", "<!-- /matrix -->"];

/** @returns whether it stood there already, word for word */
export function writeTable(file, cells) {
  const readme = readFileSync(file, "utf8");
  const [begin, end] = [readme.indexOf(BEGIN), readme.indexOf(END)];
  if (begin < 0 || end < begin) throw new Error(`README.md has no ${BEGIN} … ${END}`);
  const written =
    readme.slice(0, begin) + [BEGIN, ...content(cells), END].join("\n\n") + readme.slice(end + END.length);
  if (written === readme) return true;
  writeFileSync(file, written);
  console.log("README.md's table was not what this run has found: it is rewritten, look at it and commit it");
  return false;
}

function content(cells) {
  return [
    table(
      ["", "the lab's 100 losses", "core", "threads", "run as"],
      rows(cells, ["runtime", "browser"], (platform, own) => [
        platform,
        bitsOf(own),
        // The engine's, so any of the cells tells.
        own.find(({ core }) => core)?.core === "relaxed" ? "relaxed SIMD" : "SIMD",
        threadsOf(own),
        namesOf(own),
      ]),
    ),
    table(
      ["built by, and run in Chromium", "the lab's 100 losses", "run as"],
      rows(cells, ["bundler"], (platform, own) => [platform, bitsOf(own), namesOf(own)]),
    ),
  ];
}

function rows(cells, kinds, row) {
  const chosen = cells.filter(({ kind }) => kinds.includes(kind));
  const platforms = [...new Set(chosen.map(({ platform }) => platform))];
  return platforms.map((platform) =>
    row(
      platform,
      chosen.filter((cell) => cell.platform === platform),
    ),
  );
}

function bitsOf(cells) {
  return cells.every(({ faults }) => faults.length === 0) ? "the same bits" : "not the same";
}

function threadsOf(cells) {
  const counts = cells.filter(({ notices }) => notices).map(({ notices }) => (notices.length === 0 ? 2 : 1));
  if (!counts.includes(2)) return "1, and a notice";
  return counts.includes(1) ? "2; 1 and a notice where the page allows no more" : "2";
}

function namesOf(cells) {
  // The pages are the same for all browsers; the text below the table tells of them.
  if (cells[0].kind === "browser") return `a page in ${cells.length} ways`;
  return cells.map(({ name }) => name).join(", ");
}

function table(head, rows) {
  const line = (row) => `| ${row.join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}
