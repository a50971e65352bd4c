import type { StateDict } from "./tensor.js";

/**
 * Scales all gradients by one factor so that their norm is at most maxNorm, and returns the norm before.
 * https://pytorch.org/docs/stable/generated/torch.nn.utils.clip_grad_norm_.html
 */
export function clipGradNorm(gradients: StateDict, maxNorm: number): number {
  let sumOfSquares = 0;
  for (const { data } of Object.values(gradients)) {
    for (const g of data) sumOfSquares += g * g;
  }
  const norm = Math.sqrt(sumOfSquares);
  const factor = Math.min(1, maxNorm / (norm + 1e-6));
  for (const { data } of Object.values(gradients)) {
    data.forEach((g, i) => {
      data[i] = g * factor;
    });
  }
  return norm;
}

/** Clamps every gradient to ±maxValue. https://pytorch.org/docs/stable/generated/torch.nn.utils.clip_grad_value_.html */
export function clipGradValue(gradients: StateDict, maxValue: number): void {
  for (const { data } of Object.values(gradients)) {
    data.forEach((g, i) => {
      data[i] = Math.max(-maxValue, Math.min(maxValue, g));
    });
  }
}
