/** The bytes of a text that the build deflated and wrote as base64. */
export async function inflateText(base64: string): Promise<Uint8Array<ArrayBuffer>> {
  const { process } = globalThis as { process?: NodeJS.Process };
  // Node has streams and Response too, but loads them for longer than all the rest takes.
  const zlib = process?.getBuiltinModule?.("node:zlib");
  if (zlib) return Uint8Array.from(zlib.inflateRawSync(Buffer.from(base64, "base64")));
  const deflated = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  const stream = new Blob([deflated]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}
