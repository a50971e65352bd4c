/**
 * Bytes as a text of printable ASCII, which src/core/sources/inlined.ts reads. Most bytes of a core are one character, so
 * that gzip, which a text goes through on its way to a page, finds in it what it would find in the bytes: it ends up as
 * small as base64 of deflated bytes, and nothing has to be inflated (node:zlib alone takes 5 ms to load).
 *
 * A byte plus 4, modulo 256, is a value; the commonest bytes, small numbers and 0xfd, are the lowest ones. Values below
 * 90 are one character each, the others two: one of two leads, and one of 83. Characters are those from "#" on, with "!"
 * for the backslash.
 */
export function textOf(bytes) {
  const character = (value) => (value === 57 ? "!" : String.fromCharCode(35 + value));
  let text = "";
  for (const byte of bytes) {
    const value = (byte + 4) % 256;
    const second = (value - 90) % 83;
    text += value < 90 ? character(value) : character(90 + (value - 90 - second) / 83) + character(second);
  }
  // The only texts that a script inside of a page must not have.
  if (/<\/script|<!--/i.test(text)) throw new Error("the cores' text would end a script: take another offset than 4");
  return text;
}
