/**
 * An SVG line chart. series: [{ name, points: [[x, y], …] }]; the axes fit the points.
 */
export function lineChart({ title, xLabel, yLabel, series, yMin, yMax }) {
  const [width, height, left, right, top, bottom] = [720, 400, 60, 130, 40, 50];
  const xs = series.flatMap(({ points }) => points.map(([x]) => x));
  const ys = series.flatMap(({ points }) => points.map(([, y]) => y));
  const [x0, x1] = [Math.min(...xs), Math.max(...xs)];
  const [y0, y1] = [yMin ?? Math.min(...ys), yMax ?? Math.max(...ys)];
  const px = (x) => left + ((x - x0) / (x1 - x0 || 1)) * (width - left - right);
  const py = (y) => height - bottom - ((Math.min(y, y1) - y0) / (y1 - y0 || 1)) * (height - top - bottom);
  const colors = ["#1b6ca8", "#d1495b", "#3a7d44", "#8d5a97", "#b07d2b", "#555555"];
  const text = (x, y, content, extra = "") =>
    `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" ${extra}>${content}</text>`;
  const line = (xa, ya, xb, yb) =>
    `<line x1="${xa.toFixed(1)}" y1="${ya.toFixed(1)}" x2="${xb.toFixed(1)}" y2="${yb.toFixed(1)}" stroke="#ddd"/>`;
  const grid = [
    ...ticks(y0, y1).flatMap((y) => [
      line(left, py(y), width - right, py(y)),
      text(left - 8, py(y) + 4, round(y), 'text-anchor="end"'),
    ]),
    ...ticks(x0, x1).map((x) => text(px(x), height - bottom + 18, round(x), 'text-anchor="middle"')),
  ];
  const lines = series.flatMap(({ name, points, dashed }, i) => {
    const color = colors[i % colors.length];
    const path = points.map(([x, y]) => `${px(x).toFixed(1)},${py(y).toFixed(1)}`).join(" ");
    const [lastX, lastY] = points.at(-1);
    return [
      `<polyline points="${path}" fill="none" stroke="${color}" stroke-width="2"${dashed ? ' stroke-dasharray="5 4"' : ""}/>`,
      text(px(lastX) + 6, py(lastY) + 4, name, `fill="${color}"`),
    ];
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="12">`,
    `<rect width="${width}" height="${height}" fill="white"/>`,
    text(left, 24, title, 'font-size="15"'),
    ...grid,
    text((left + width - right) / 2, height - 12, xLabel, 'text-anchor="middle"'),
    text(16, height / 2, yLabel, `text-anchor="middle" transform="rotate(-90 16 ${height / 2})"`),
    ...lines,
    "</svg>\n",
  ].join("\n");
}

/** About six round numbers from low to high. */
function ticks(low, high) {
  const rough = (high - low || 1) / 6;
  const magnitude = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * magnitude).find((candidate) => candidate >= rough);
  const first = Math.ceil(low / step - 1e-9);
  return Array.from({ length: Math.floor(high / step + 1e-9) - first + 1 }, (_, i) => (first + i) * step);
}

function round(x) {
  return String(Number(x.toPrecision(6)));
}
