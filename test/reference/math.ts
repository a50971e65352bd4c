/** eˣ */
export const exp = Math.exp;

/** 1 / (1 + e⁻ˣ) */
export function sigmoid(x: number): number {
  return 1 / (1 + Math.exp(-x));
}

export const tanh = Math.tanh;

/** max(x, 0), and NaN stays NaN */
export function relu(x: number): number {
  return Math.max(x, 0);
}
