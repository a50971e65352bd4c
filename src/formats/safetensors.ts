import { CheckpointError } from "../errors.js";
import { formatShape, sizeOf, type Tensor } from "../tensor/tensor.js";
import { describe, isRecord } from "../validate.js";

/*
 * safetensors: eight bytes with the length of a JSON header, the header, and the tensors' bytes, little-endian.
 *   { "__metadata__": { key: text }, name: { "dtype": "F32", "shape": […], "data_offsets": [begin, end] }, … }
 * https://github.com/huggingface/safetensors#format
 */

export interface Safetensors {
  readonly tensors: Readonly<Record<string, Tensor>>;
  readonly metadata: Readonly<Record<string, string>>;
}

/** Of the files that this library writes, each format's metadata. */
export const VERSION = "1";

const LENGTH_BYTES = 8;
const FLOAT = 4;

export function encodeSafetensors({ tensors, metadata }: Safetensors): Uint8Array<ArrayBuffer> {
  const header: Record<string, unknown> = { __metadata__: metadata };
  let end = 0;
  for (const [name, { data, shape }] of Object.entries(tensors)) {
    header[name] = { dtype: "F32", shape, data_offsets: [end, end + data.byteLength] };
    end += data.byteLength;
  }
  const json = new TextEncoder().encode(JSON.stringify(header));
  // Spaces behind the JSON, so that the tensors' bytes start on a whole word.
  const headerLength = Math.ceil(json.length / LENGTH_BYTES) * LENGTH_BYTES;
  const bytes = new Uint8Array(LENGTH_BYTES + headerLength + end);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(headerLength), true);
  bytes.set(json, LENGTH_BYTES);
  bytes.fill(0x20, LENGTH_BYTES + json.length, LENGTH_BYTES + headerLength);
  let offset = LENGTH_BYTES + headerLength;
  for (const { data } of Object.values(tensors)) {
    bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), offset);
    offset += data.byteLength;
  }
  return bytes;
}

/**
 * Float32 tensors and the metadata of a file. Everything is checked before a tensor is copied, so that no file makes
 * this allocate more than the file's own size and its parsed header.
 *
 * @throws CheckpointError saying what is wrong with the file
 */
export function decodeSafetensors(bytes: Uint8Array): Safetensors {
  const { header, dataStart } = readHeader(bytes);
  const { __metadata__: metadata = {}, ...entries } = header;
  if (!isRecord(metadata) || !Object.values(metadata).every((value) => typeof value === "string")) {
    fail("__metadata__ is no object of texts");
  }
  const places = Object.entries(entries).map(([name, entry]) => ({ name, ...readEntry(name, entry) }));
  requireGapless(places, bytes.length - dataStart);
  const tensors = places.map(({ name, shape, begin, end }) => {
    // A copy: the bytes may lie at any address, and the caller may change them. Not by slice, which a Buffer of Node
    // has as a view.
    const data = new Float32Array((end - begin) / FLOAT);
    new Uint8Array(data.buffer).set(bytes.subarray(dataStart + begin, dataStart + end));
    return [name, { data, shape }] as const;
  });
  return { tensors: Object.fromEntries(tensors), metadata: metadata as Record<string, string> };
}

/** @throws CheckpointError where a file's metadata is not of this format and version; `what` is the file */
export function requireFormat(
  { format, version }: Safetensors["metadata"],
  expected: string,
  what: string,
  hint = "",
): void {
  if (format !== expected) {
    throw new CheckpointError(`this safetensors file has no "format": "${expected}" in its metadata${hint}`);
  }
  if (version !== VERSION) {
    throw new CheckpointError(`${what} is of version ${version}, and this library reads ${VERSION}`);
  }
}

function readHeader(bytes: Uint8Array): { header: Record<string, unknown>; dataStart: number } {
  if (bytes.length < LENGTH_BYTES) fail(`${bytes.length} bytes are too few for a safetensors file`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = view.getBigUint64(0, true);
  if (length > BigInt(bytes.length - LENGTH_BYTES)) {
    fail(`the header has ${length} bytes, the file only ${bytes.length - LENGTH_BYTES} after the header's length`);
  }
  const dataStart = LENGTH_BYTES + Number(length);
  let header: unknown;
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes.subarray(LENGTH_BYTES, dataStart));
    header = JSON.parse(text);
  } catch (error) {
    fail(`the header is not JSON: ${(error as Error).message}`);
  }
  if (!isRecord(header)) fail("the header is no JSON object");
  return { header, dataStart };
}

interface Place {
  readonly shape: readonly number[];
  readonly begin: number;
  readonly end: number;
}

function readEntry(name: string, entry: unknown): Place {
  const where = `tensor ${JSON.stringify(name)}`;
  if (!isRecord(entry)) fail(`${where} is described by no JSON object`);
  const { dtype, shape, data_offsets: offsets } = entry;
  // Only a text is quoted: JSON.stringify would overflow the stack on what is nested deeply enough.
  if (dtype !== "F32")
    fail(`${where}: expected dtype "F32", got ${typeof dtype === "string" ? describe(dtype) : "no text"}`);
  if (!isCounts(shape)) fail(`${where}: the shape is no list of integers ≥ 0`);
  if (!isCounts(offsets) || offsets.length !== 2) fail(`${where}: data_offsets are no two integers ≥ 0`);
  const [begin = 0, end = 0] = offsets;
  if (end - begin !== sizeOf(shape) * FLOAT) {
    fail(`${where}: shape ${formatShape(shape)} does not fill the bytes from ${begin} to ${end}`);
  }
  return { shape, begin, end };
}

/** The tensors' bytes follow one another from the first to the last byte behind the header. */
function requireGapless(places: readonly (Place & { readonly name: string })[], length: number): void {
  let end = 0;
  for (const place of places.toSorted((a, b) => a.begin - b.begin || a.end - b.end)) {
    const where = `tensor ${JSON.stringify(place.name)}`;
    if (place.end > length) fail(`${where} ends at byte ${place.end} of ${length}`);
    if (place.begin !== end) fail(`${where} starts at byte ${place.begin}, the one before it ends at ${end}`);
    end = place.end;
  }
  if (end !== length) fail(`${length - end} bytes follow the last tensor`);
}

function isCounts(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((count) => Number.isSafeInteger(count) && count >= 0);
}

function fail(reason: string): never {
  throw new CheckpointError(`this is no model file that can be read: ${reason}`);
}
