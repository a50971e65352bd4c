/** Copies `rows` rows of `width` numbers, from one every `ldFrom` to one every `ldTo`: padded rows and rows without padding. */
export function copyRows(
  to: Float32Array,
  ldTo: number,
  from: Float32Array,
  ldFrom: number,
  rows: number,
  width: number,
): void {
  for (let r = 0; r < rows; r++) to.set(from.subarray(r * ldFrom, r * ldFrom + width), r * ldTo);
}
