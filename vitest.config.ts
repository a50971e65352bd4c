import { relative } from "node:path";
import { configDefaults, defineConfig, type TestProjectInlineConfiguration } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

// Node 20 has relaxed SIMD behind a flag; with it the tests see both cores there too.
const relaxedSimd = process.versions.node.startsWith("20.") ? ["--experimental-wasm-relaxed-simd"] : [];

/** What takes longest: none of it is to begin when the others are nearly done. */
const LONGEST = ["parity/lab", "cli/", "resume/kill", "threads/crew", "docs/readme", "gradients/"];

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification) => {
      const name = relative("test", moduleId);
      const place = LONGEST.findIndex((start) => name.startsWith(start));
      return place < 0 ? LONGEST.length : place;
    };
    return (await super.sort(files)).toSorted((a, b) => rank(a) - rank(b));
  }
}

function project(name: string, include: string, exclude: string[] = []): TestProjectInlineConfiguration {
  return {
    extends: true,
    test: { name, include: [`${include}.test.ts`], exclude: [...configDefaults.exclude, ...exclude] },
  };
}

export default defineConfig({
  test: {
    // What needs more than Node is apart: a browser wants the machine for itself, since its frames are counted.
    projects: [
      project("library", "test/**/*", ["test/platform/**", "test/parity/live*"]),
      project("browser", "test/platform/*"),
      project("pytorch", "test/parity/live*"),
    ],
    execArgv: relaxedSimd,
    pool: "forks",
    // The library is loaded once in each process; a file puts back what it stubs.
    isolate: false,
    // On two cores there would be one worker otherwise.
    maxWorkers: "100%",
    testTimeout: 60_000,
    sequence: { sequencer: LongestFirst },
  },
});
