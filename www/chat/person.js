// How a member is shown: its name, its colour and its initial.

/** A member without a name is shown by its id, in the brackets that ids have in messages. */
export const displayName = (id, name) => name ?? `[${id}]`;

/**
 * The hue of a member's colour, in degrees. It is the same in all pages, and ids that follow each other have hues that are
 * far apart.
 */
export const hue = (id) => Math.floor(((Math.imul(id, GOLDEN) >>> 0) / 2 ** 32) * 24) * 15;

/** 2^32 divided by the golden ratio. */
const GOLDEN = 2654435769;

/** The first character of a name as a person sees it, which can be several code points. */
export function initial(name) {
  const first = segmenter === undefined ? Array.from(name)[0] : segmenter.segment(name)[Symbol.iterator]().next().value?.segment;
  return (first ?? "?").toLocaleUpperCase();
}

/** A disc in the member's colour, with its initial. The name is always beside it, so screen readers skip it. */
export function avatar(id, name) {
  const disc = document.createElement("span");
  disc.className = "avatar";
  disc.setAttribute("aria-hidden", "true");
  disc.textContent = name === undefined ? "#" : initial(name);
  if (id !== undefined) disc.style.setProperty("--hue", hue(id));
  return disc;
}

const segmenter = typeof Intl.Segmenter === "function" ? new Intl.Segmenter() : undefined;
