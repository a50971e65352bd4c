import { relative } from "node:path";
import { configDefaults, defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

// Node 20 has relaxed SIMD behind a flag; with it the tests see both cores there too.
const relaxedSimd = process.versions.node.startsWith("20.") ? ["--experimental-wasm-relaxed-simd"] : [];

/** What takes longest: none of it is to begin when the others are nearly done. */
const LONGEST = ["parity/live", "parity/lab", "cli/", "resume/kill", "threads/crew", "docs/readme", "gradients/"];

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

export default defineConfig({
  test: {
    // A browser wants the machine for itself: its frames are counted.
    projects: [
      {
        extends: true,
        test: {
          name: "library",
          include: ["test/**/*.test.ts"],
          exclude: [...configDefaults.exclude, "test/platform/**"],
        },
      },
      { extends: true, test: { name: "browser", include: ["test/platform/*.test.ts"], fileParallelism: false } },
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
