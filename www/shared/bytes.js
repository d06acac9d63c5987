// Bytes and times as text: hex in both directions, lengths, sizes, rates.

const utf8 = new TextEncoder();
const grouped = new Intl.NumberFormat("en");
const oneDigit = new Intl.NumberFormat("en", { minimumFractionDigits: 1, maximumFractionDigits: 1 });

const threeDigits = new Intl.NumberFormat("en", { maximumSignificantDigits: 3 });

/** How many bytes `text` takes as UTF-8. */
export const utf8Length = (text) => utf8.encode(text).length;

/** `1 byte`, `65,536 bytes`. */
export const count = (number, one, many = `${one}s`) => `${grouped.format(number)} ${number === 1 ? one : many}`;

/** The size in KiB, MiB or GiB; empty below 1 KiB, where the plain number reads well enough. */
export function roughSize(bytes) {
  let size = bytes;
  let unit = "";
  for (const larger of ["KiB", "MiB", "GiB"]) {
    if (size < 1024) break;
    size /= 1024;
    unit = larger;
  }
  return unit && `${oneDigit.format(size)} ${unit}`;
}

/** `920 B/s`, `1.2 kB/s`: in steps of a thousand, as an axis has them. */
export function perSecond(bytes) {
  let number = bytes;
  let unit = "B/s";
  for (const larger of ["kB/s", "MB/s", "GB/s"]) {
    if (number < 999.5) break;
    number /= 1000;
    unit = larger;
  }
  return `${threeDigits.format(number)} ${unit}`;
}

/** `0.42 ms`, `12 ms`, `1.5 s`; `–` of nothing. */
export function milliseconds(time) {
  if (time === undefined) return "–";
  if (time >= 999.5) return `${threeDigits.format(time / 1000)} s`;
  return `${threeDigits.format(Number(time.toFixed(1)))} ms`;
}

/** `00 ff 7f`. */
export const toHex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join(" ");

/** Between bytes may stand white space, `,`, `:`, `-` and `0x`. */
const HEX = /(?<gap>[\s,:-]+|0x)|(?<pair>[0-9a-f]{2})|(?<stray>[^])/giu;

/** Reads hex, two digits a byte. Throws an `InvalidHex` that says what is wrong and where. */
export function fromHex(text) {
  const bytes = [];
  for (const { index, groups } of text.matchAll(HEX)) {
    if (groups.stray) throw invalidHex(groups.stray, index + 1);
    if (groups.pair) bytes.push(Number.parseInt(groups.pair, 16));
  }
  return Uint8Array.from(bytes);
}

function invalidHex(stray, position) {
  const why = /[0-9a-f]/i.test(stray) ? "has no second digit beside it: each byte takes two" : "is not a hex digit (0 to 9, a to f)";
  const error = new Error(`“${stray}” at position ${position} ${why}`);
  error.name = "InvalidHex";
  return error;
}
