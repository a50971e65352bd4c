import { expect, test } from "vitest";

test("examples/lab.ts learns the sentence", async () => {
  const { losses, learned } = await import("../../examples/lab.js");
  expect(losses).toHaveLength(100);
  expect(losses[0]).toBeCloseTo(3.297196627, 5);
  // Rounding grows over a hundred steps: a few characters may differ between engines.
  const target = "you want to build a ship, don't drum up people together to collect wood";
  const right = [...target].filter((symbol, i) => learned[i + 2] === symbol).length;
  expect(right).toBeGreaterThan(target.length - 5);
});
