/** A 32-bit FNV-1a hash of numbers: by it a file knows again what it was written for. */
export function fingerprint(values: ArrayLike<number>): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < values.length; i++) hash = Math.imul(hash ^ (values[i] as number), 0x01000193);
  return hash >>> 0;
}
