const COLORS = ["#1b6ca8", "#d1495b", "#3a7d44", "#8d5a97", "#b07d2b", "#555555"];

/**
 * An SVG line chart. series: [{ name, points: [[x, y], …] }]; the axes fit the points. log: both axes are logarithmic,
 * where a power law is a straight line.
 */
export function lineChart({ title, xLabel, yLabel, series, yMin, yMax, log = false }) {
  const [width, height, left, right, top, bottom] = [720, 400, 60, 130, 40, 50];
  const xs = series.flatMap(({ points }) => points.map(([x]) => x));
  const ys = series.flatMap(({ points }) => points.map(([, y]) => y));
  const [x0, x1] = [Math.min(...xs), Math.max(...xs)];
  const [y0, y1] = [yMin ?? Math.min(...ys), yMax ?? Math.max(...ys)];
  const share = (value, low, high) =>
    log ? Math.log(value / low) / (Math.log(high / low) || 1) : (value - low) / (high - low || 1);
  const px = (x) => left + share(x, x0, x1) * (width - left - right);
  const py = (y) => height - bottom - share(Math.min(y, y1), y0, y1) * (height - top - bottom);
  const marks = log ? logTicks : ticks;
  const grid = [
    ...marks(y0, y1).flatMap((y) => [
      line(left, py(y), width - right, py(y)),
      text(left - 8, py(y) + 4, round(y), 'text-anchor="end"'),
    ]),
    ...marks(x0, x1).map((x) => text(px(x), height - bottom + 18, round(x), 'text-anchor="middle"')),
  ];
  const nameHeights = apart(series.map(({ points }) => py(points.at(-1)[1])));
  const lines = series.flatMap(({ name, points, dashed }, i) => {
    const color = COLORS[i % COLORS.length];
    const path = points.map(([x, y]) => `${px(x).toFixed(1)},${py(y).toFixed(1)}`).join(" ");
    const [lastX] = points.at(-1);
    return [
      `<polyline points="${path}" fill="none" stroke="${color}" stroke-width="2"${dashed ? ' stroke-dasharray="5 4"' : ""}/>`,
      text(px(lastX) + 6, nameHeights[i] + 4, name, `fill="${color}"`),
    ];
  });
  return picture(width, height, [
    text(left, 24, title, 'font-size="15"'),
    ...grid,
    text((left + width - right) / 2, height - 12, xLabel, 'text-anchor="middle"'),
    text(16, height / 2, yLabel, `text-anchor="middle" transform="rotate(-90 16 ${height / 2})"`),
    ...lines,
  ]);
}

/** Heights in the same order, moved down where two are closer than a line of text. */
function apart(heights) {
  const moved = [...heights];
  const order = heights.map((_, i) => i).sort((a, b) => heights[a] - heights[b]);
  for (let k = 1; k < order.length; k++) moved[order[k]] = Math.max(moved[order[k]], moved[order[k - 1]] + 14);
  return moved;
}

/**
 * An SVG of ratios as dots on a logarithmic axis, a row each, with a line at 1 and a tick at each row's target.
 * rows: [{ name, dots: [{ series, value }], target? }]; series are indices into `series`, their names.
 */
export function dotChart({ title, xLabel, series, rows }) {
  const [width, left, right, top, step] = [720, 190, 40, 66, 28];
  const bottom = top + rows.length * step;
  const values = rows.flatMap(({ dots, target }) => [...dots.map(({ value }) => value), target ?? 1, 1]);
  const [low, high] = [Math.min(...values) / 1.15, Math.max(...values) * 1.15];
  const px = (x) => left + (Math.log(x / low) / Math.log(high / low)) * (width - left - right);
  const legend = [...series, "target"].map((name, i) => {
    const x = left + i * 190;
    const isTarget = i === series.length;
    const mark = isTarget ? tick(x, 40) : dot(x, 40, COLORS[i]);
    return `${mark}${text(x + 9, 44, name)}`;
  });
  const grid = logTicks(low, high).flatMap((x) => [
    line(px(x), top - 8, px(x), bottom, x === 1 ? "#333" : "#ddd"),
    text(px(x), bottom + 16, `${round(x)}×`, 'text-anchor="middle"'),
  ]);
  const body = rows.flatMap(({ name, dots, target }, i) => {
    const y = top + i * step + step / 2 - 4;
    return [
      text(left - 10, y + 4, name, 'text-anchor="end"'),
      ...(target === undefined ? [] : [tick(px(target), y)]),
      // One above the other: equal values stay two dots.
      ...dots.map(({ series, value }, k) => dot(px(value), y + 6 * (k - (dots.length - 1) / 2), COLORS[series])),
    ];
  });
  return picture(width, bottom + 44, [
    text(left, 22, title, 'font-size="15"'),
    ...legend,
    ...grid,
    ...body,
    text((left + width - right) / 2, bottom + 36, xLabel, 'text-anchor="middle"'),
  ]);
}

function picture(width, height, content) {
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="12">`,
    `<rect width="${width}" height="${height}" fill="white"/>`,
    ...content,
    "</svg>\n",
  ].join("\n");
}

function text(x, y, content, extra = "") {
  return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" ${extra}>${content}</text>`;
}

function line(xa, ya, xb, yb, stroke = "#ddd") {
  return `<line x1="${xa.toFixed(1)}" y1="${ya.toFixed(1)}" x2="${xb.toFixed(1)}" y2="${yb.toFixed(1)}" stroke="${stroke}"/>`;
}

function dot(x, y, color) {
  return `<circle cx="${x.toFixed(1)}" cy="${y.toFixed(1)}" r="4.5" fill="${color}"/>`;
}

/** A target is a short upright stroke. */
function tick(x, y) {
  return `<rect x="${(x - 1).toFixed(1)}" y="${(y - 9).toFixed(1)}" width="2" height="18" fill="#777"/>`;
}

/** 1, 2, 5, 10 … from low to high; more of them in less than a decade, the powers of ten alone in many. */
function logTicks(low, high) {
  const first = Math.floor(Math.log10(low));
  const powers = Array.from({ length: Math.ceil(Math.log10(high)) - first + 1 }, (_, i) => 10 ** (first + i));
  const factors = powers.length > 4 ? [1] : high / low > 10 ? [1, 2, 5] : [1, 1.5, 2, 3, 4, 5, 7];
  return powers
    .flatMap((power) => factors.map((factor) => factor * power))
    .filter((value) => value >= low * (1 - 1e-9) && value <= high * (1 + 1e-9));
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
