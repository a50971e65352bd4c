/*
 * safetensors files taken apart and put together by hand, without the code under test.
 */

export interface Entry {
  dtype: unknown;
  shape: unknown;
  data_offsets: unknown;
}

export interface OpenFile {
  metadata: Record<string, string>;
  entries: Record<string, Entry>;
  /** What follows the header. */
  data: Uint8Array;
}

export function openFile(bytes: Uint8Array): OpenFile {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const start = 8 + Number(view.getBigUint64(0, true));
  const { __metadata__, ...entries } = JSON.parse(new TextDecoder().decode(bytes.subarray(8, start)));
  return { metadata: __metadata__, entries, data: bytes.slice(start) };
}

export function closeFile({ metadata, entries, data }: OpenFile): Uint8Array<ArrayBuffer> {
  return rawFile(JSON.stringify({ __metadata__: metadata, ...entries }), data);
}

/** Any header, any length that claims to be the header's. */
export function rawFile(
  header: string | Uint8Array,
  data: Uint8Array | number = 0,
  claimed?: bigint,
): Uint8Array<ArrayBuffer> {
  const head = typeof header === "string" ? new TextEncoder().encode(header) : header;
  const body = typeof data === "number" ? new Uint8Array(data) : data;
  const bytes = new Uint8Array(8 + head.length + body.length);
  new DataView(bytes.buffer).setBigUint64(0, claimed ?? BigInt(head.length), true);
  bytes.set(head, 8);
  bytes.set(body, 8 + head.length);
  return bytes;
}

/** Changes a copy of a file's parts. */
export function edited(bytes: Uint8Array, edit: (file: OpenFile) => void): Uint8Array<ArrayBuffer> {
  const file = openFile(bytes);
  edit(file);
  return closeFile(file);
}

/** Changes a piece of JSON of a file's metadata. */
export function editedJSON(bytes: Uint8Array, key: string, edit: (json: any) => unknown): Uint8Array<ArrayBuffer> {
  return edited(bytes, ({ metadata }) => {
    const json = JSON.parse(metadata[key] as string);
    metadata[key] = JSON.stringify(edit(json) ?? json);
  });
}

/** Bytes as a text of so many characters: when two differ, the message shows where. */
export function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("latin1");
}
