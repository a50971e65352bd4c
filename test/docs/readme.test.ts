import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { expect, test } from "vitest";

/*
 * Every code block of the README: programs run as a user would run them, against dist/; commands must be those that
 * package.json has; the page runs in test/platform/chromium.test.ts.
 */

const readme = readFileSync("README.md", "utf8");
const packageJson = JSON.parse(readFileSync("package.json", "utf8"));

function blocksOf(language: string): string[] {
  return [...readme.matchAll(new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\``, "gms"))].map(
    ([, block]) => block as string,
  );
}

/** What each program says when it has done its work. */
const expected = [
  /finished windows\nhe .uick brown fox jumps over the lazy dog/,
  /^0 [\d.]+\n50 [\d.]+\n[a-z ]{20}$/,
  /you want to build a ship/,
  /^(finished|early) [\d.]+\n.* breach, dear friends.* [\d.]+\n.{20}l \d/,
];

test("there is no block in a language that nothing runs", () => {
  const languages = [...readme.matchAll(/^```(\w+)$/gm)].map(([, language]) => language);
  expect(new Set(languages)).toEqual(new Set(["js", "html"]));
});

test.each(blocksOf("js").map((source, i) => ({ i, source })))("program $i runs", ({ i, source }) => {
  // Inside the package, where "rnn-wasm" means itself.
  mkdirSync("build", { recursive: true });
  const file = `build/readme-${i}.mjs`;
  writeFileSync(file, source);
  const output = execFileSync(process.execPath, [file], { encoding: "utf8" });
  expect(output).toMatch(expected[i] as RegExp);
});

test("the commands of rnn-wasm work on any text, in their order", () => {
  const folder = mkdtempSync(join(tmpdir(), "rnn-wasm-readme-"));
  const program = resolve("dist/cli/rnn-wasm.js");
  for (const name of ["shakespeare.txt", "sonnet.txt"]) {
    writeFileSync(join(folder, name), "ROMEO: the quick brown fox, and no more.\n".repeat(4));
  }
  const commands = [...readme.matchAll(/^ {4}npx rnn-wasm (.*)$/gm)].map(([, words]) => words as string);
  expect(commands).toHaveLength(4);
  for (const words of commands) {
    const args = [...words.matchAll(/"([^"]*)"|\S+/g)].map(([word, quoted]) => quoted ?? word);
    const output = execFileSync(process.execPath, [program, ...args], { cwd: folder, encoding: "utf8" });
    expect(output.length, words).toBeGreaterThan(10);
  }
  rmSync(folder, { recursive: true });
});

test("every npm command is one of package.json's", () => {
  const scripts = [...readme.matchAll(/npm (?:run )?(start|test|bench|build)\b/g)].map(
    ([, script]) => script as string,
  );
  expect(scripts.length).toBeGreaterThan(3);
  for (const script of scripts) expect(packageJson.scripts).toHaveProperty(script);
});

test("the lab's last lines are those that npm start prints", () => {
  const output = execFileSync(process.execPath, ["dist/cli/rnn-wasm.js", "lab"], { encoding: "utf8" });
  const lines = output.split("\n");
  for (const start of ["learned ", "target ", "right ", "loss "]) {
    const inReadme = readme
      .split("\n")
      .find((line) => line.trim().startsWith(start))
      ?.trim();
    // The sentence is cut short there.
    const [shown = "", isCut] = inReadme?.split(" …") ?? [];
    if (isCut === undefined) expect(lines).toContain(inReadme);
    else expect(lines.find((line) => line.startsWith(start))?.startsWith(shown), inReadme).toBe(true);
  }
});
