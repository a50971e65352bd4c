/*
 * What is left of a row of weights (V), and one draw from it. Nothing but comparisons, +, × and ÷ in float64, in a fixed
 * order: the same bits in every engine. Weights are probabilities up to a common factor, float32, each ≥ 0 and finite,
 * and at least one above 0.
 */

export interface Filters {
  readonly topK: number | undefined;
  readonly topP: number;
  readonly minP: number;
}

/**
 * Sets the weights that top-k, top-p and min-p drop to zero. Each of the three keeps the first so many symbols, likeliest
 * first and equal ones by index, so that a number of symbols is all that they decide.
 *
 * @param sorted (V) to work in
 */
export function filterWeights(weights: Float32Array, { topK, topP, minP }: Filters, sorted: Float32Array): void {
  const V = weights.length;
  if (topK === undefined && topP === 1) {
    if (minP > 0) dropBelow(weights, minP * largest(weights));
    return;
  }
  sorted.set(weights);
  sorted.sort(); // ascending, by value: equal weights are counted below, by index
  const ranked = (rank: number) => sorted[V - 1 - rank] as number;
  let kept = Math.min(topK ?? V, V);
  if (topP < 1) {
    let total = 0;
    for (let rank = 0; rank < kept; rank++) total += ranked(rank);
    const enough = topP * total;
    let sum = 0;
    let rank = 0;
    while (rank < kept && (rank === 0 || sum < enough)) sum += ranked(rank++);
    kept = rank;
  }
  if (minP > 0) {
    const threshold = minP * ranked(0);
    while (kept > 1 && ranked(kept - 1) < threshold) kept--;
  }
  keepLargest(weights, kept, ranked(kept - 1));
}

/** Keeps the `kept` largest weights, the last of which is `smallest`; of the weights equal to it the first ones. */
function keepLargest(weights: Float32Array, kept: number, smallest: number): void {
  let above = 0;
  for (const weight of weights) if (weight > smallest) above++;
  let equals = kept - above;
  for (let i = 0; i < weights.length; i++) {
    const weight = weights[i] as number;
    if (weight > smallest || (weight === smallest && equals-- > 0)) continue;
    weights[i] = 0;
  }
}

function dropBelow(weights: Float32Array, threshold: number): void {
  for (let i = 0; i < weights.length; i++) if ((weights[i] as number) < threshold) weights[i] = 0;
}

function largest(weights: Float32Array): number {
  let highest = 0;
  for (const weight of weights) if (weight > highest) highest = weight;
  return highest;
}

/** The sum in the order of the indices, which is the order of `drawIndex`. */
export function totalOf(weights: Float32Array): number {
  let total = 0;
  for (const weight of weights) total += weight;
  return total;
}

/** The index that a uniform number, ≥ 0 and < 1, falls on: each with the probability weight / Σ weights, never one of weight 0. */
export function drawIndex(weights: Float32Array, uniform: number): number {
  const target = uniform * totalOf(weights);
  let sum = 0;
  let last = 0;
  for (let i = 0; i < weights.length; i++) {
    const weight = weights[i] as number;
    if (weight === 0) continue;
    sum += weight;
    last = i;
    if (sum > target) break;
  }
  return last; // also where the product was rounded up to the whole sum
}
