export interface Series {
  readonly name: string;
  readonly points: readonly (readonly [x: number, y: number])[];
}

const WIDTH = 720;
const HEIGHT = 400;
const LEFT = 60;
const RIGHT = 130;
const TOP = 40;
const BOTTOM = 50;
/** Height of a line of text. */
const LINE = 14;
const COLORS = ["#1b6ca8", "#d1495b", "#3a7d44", "#8d5a97"];

/** An SVG line chart whose axes fit the points, of which there is at least one; x counts something. */
export function lineChart(title: string, xLabel: string, yLabel: string, series: readonly Series[]): string {
  const [x0, x1] = extent(series.flatMap(({ points }) => points.map(([x]) => x)));
  const [y0, y1] = extent(series.flatMap(({ points }) => points.map(([, y]) => y)));
  const px = (x: number) => LEFT + ((x - x0) / (x1 - x0 || 1)) * (WIDTH - LEFT - RIGHT);
  const py = (y: number) => HEIGHT - BOTTOM - ((y - y0) / (y1 - y0 || 1)) * (HEIGHT - TOP - BOTTOM);
  const grid = [
    ...ticks(y0, y1).flatMap((y) => [
      `<path d="M${LEFT} ${py(y).toFixed(1)}H${WIDTH - RIGHT}" stroke="#ddd"/>`,
      text(LEFT - 8, py(y) + 4, round(y), 'text-anchor="end"'),
    ]),
    ...ticks(x0, x1, 1).map((x) => text(px(x), HEIGHT - BOTTOM + 18, round(x), 'text-anchor="middle"')),
  ];
  const drawn = series.filter(({ points }) => points.length > 0);
  const nameHeights = apart(drawn.map(({ points }) => py(points.at(-1)?.[1] as number)));
  const lines = drawn.flatMap(({ name, points }, i) => {
    const last = points.at(-1) as Series["points"][number];
    const color = COLORS[i % COLORS.length] as string;
    const places = points.map(([x, y]) => `${px(x).toFixed(1)},${py(y).toFixed(1)}`);
    const [endX, endY] = [px(last[0]), py(last[1])];
    return [
      `<polyline points="${places.join(" ")}" fill="none" stroke="${color}" stroke-width="2"/>`,
      // A single point is no line, but can be seen.
      `<circle cx="${endX.toFixed(1)}" cy="${endY.toFixed(1)}" r="3" fill="${color}"/>`,
      text(endX + 8, (nameHeights[i] as number) + 4, name, `fill="${color}"`),
    ];
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="12">`,
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="white"/>`,
    text(LEFT, 24, title, 'font-size="15"'),
    ...grid,
    text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 12, xLabel, 'text-anchor="middle"'),
    text(16, HEIGHT / 2, yLabel, `text-anchor="middle" transform="rotate(-90 16 ${HEIGHT / 2})"`),
    ...lines,
    "</svg>\n",
  ].join("\n");
}

/** Heights in the same order, moved down where two are closer than a line of text. */
function apart(heights: readonly number[]): number[] {
  const moved = [...heights];
  const order = heights.map((_, i) => i).sort((i, j) => (heights[i] as number) - (heights[j] as number));
  let lowest = -Infinity;
  for (const i of order) {
    lowest = Math.max(moved[i] as number, lowest + LINE);
    moved[i] = lowest;
  }
  return moved;
}

const BARS = "▁▂▃▄▅▆▇█";

/** Numbers as bars of a line of text, the mean of several where there are more than it is wide. */
export function sparkline(given: readonly number[], width: number): string {
  const numbers = given.filter(Number.isFinite);
  const columns = Math.min(width, numbers.length);
  const means = Array.from({ length: columns }, (_, i) => {
    const part = numbers.slice(
      Math.floor((i * numbers.length) / columns),
      Math.floor(((i + 1) * numbers.length) / columns),
    );
    return part.reduce((sum, x) => sum + x, 0) / part.length;
  });
  const [low, high] = extent(means);
  return means.map((x) => BARS[Math.round(((x - low) / (high - low || 1)) * (BARS.length - 1))]).join("");
}

function extent(numbers: readonly number[]): [number, number] {
  return numbers.reduce<[number, number]>(
    ([low, high], x) => [Math.min(low, x), Math.max(high, x)],
    [Infinity, -Infinity],
  );
}

/** About six round numbers from low to high, at least `smallest` apart. */
function ticks(low: number, high: number, smallest = 0): number[] {
  const rough = (high - low || 1) / 6;
  const magnitude = 10 ** Math.floor(Math.log10(rough));
  const fitting = [1, 2, 5, 10].map((factor) => factor * magnitude).find((candidate) => candidate >= rough);
  const step = Math.max(fitting ?? rough, smallest);
  const first = Math.ceil(low / step - 1e-9);
  return Array.from({ length: Math.floor(high / step + 1e-9) - first + 1 }, (_, i) => (first + i) * step);
}

function round(x: number): string {
  return String(Number(x.toPrecision(6)));
}

function text(x: number, y: number, content: string, attributes: string): string {
  return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" ${attributes}>${escapeXML(content)}</text>`;
}

/** Without control characters, which XML cannot have even escaped. */
function escapeXML(content: string): string {
  const entities: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;" };
  return content.replaceAll(/\p{Cc}/gu, " ").replaceAll(/[&<>]/g, (character) => entities[character] as string);
}
