import { expect, test } from "vitest";
import { lineChart } from "../../src/cli/line-chart.js";

/** What stands where: the heights of the curves' names. */
function nameHeights(svg: string, names: readonly string[]): number[] {
  return names.map((name) => Number(new RegExp(`y="([\\d.]+)"[^>]*>${name}<`).exec(svg)?.[1]));
}

test("names of curves that end together stand one below the other, the lower curve's below", () => {
  const ends = { training: 1.01, none: undefined, "held out": 1.02, other: 1 };
  const series = Object.entries(ends).map(([name, end]) => {
    const points =
      end === undefined
        ? []
        : ([
            [1, 3],
            [2, end],
          ] as const);
    return { name, points };
  });
  const svg = lineChart("a < b & c", "epoch", "loss", series);
  const [training, held, other] = nameHeights(svg, ["training", "held out", "other"]) as [number, number, number];
  expect(training - held).toBeCloseTo(14);
  expect(other - training).toBeCloseTo(14);
  expect(svg).not.toContain(">none<");
  expect(svg).toContain(">a &lt; b &amp; c<");

  const apart = lineChart(
    "",
    "",
    "",
    series.filter(({ name }) => name === "other"),
  );
  expect(nameHeights(apart, ["other"])).toEqual([354]); // where its curve ends, at the bottom
});
