// One line of the log as a list item. Text from the network is only ever text here.

import { avatar, displayName, hue } from "./person.js";

const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const day = new Intl.DateTimeFormat(undefined, { weekday: "long", day: "numeric", month: "long" });

/** The kinds of lines with an author, in a bubble. */
const AUTHORED = new Set(["line", "own", "server"]);

/**
 * `kind` is `line`, `own`, `server`, `notice`, `problem` or `day`. Notices and problems have `parts`, strings and names; the
 * others a `text`. `isContinued`: the line before has the same author, whose name is not repeated for the eyes.
 */
export function listItem(record, isContinued) {
  const item = document.createElement("li");
  item.dataset.kind = record.kind;
  if (record.kind === "notice" || record.kind === "problem") {
    item.append(...record.parts.map(textOrName), " ", time(record.time));
  } else if (record.kind === "day") {
    item.append(day.format(record.time));
  } else {
    item.append(...message(record));
    if (isContinued) item.dataset.continued = "";
  }
  return item;
}

/** Returns `true` if both lines have one author, and the second followed soon. */
export function continues(before, record) {
  if (before === undefined || before.kind !== record.kind) return false;
  if (!AUTHORED.has(record.kind)) return false;
  return before.from === record.from && before.name === record.name && record.time - before.time < 5 * 60 * 1000;
}

function message({ kind, from, name, text, time: at }) {
  const author = { line: () => displayName(from, name), own: () => "You", server: () => "Server" }[kind]();
  // Its direction is that of the text: elements with a direction of their own, as `bdi` and `time`, do not count.
  const bubble = part("div", "bubble");
  bubble.dir = "auto";
  const head = part("span", "author");
  head.append(part("bdi", "", author));
  bubble.append(head, part("span", "unseen", ": "), part("span", "text", text), " ", time(at));
  if (kind !== "line") return [bubble];
  bubble.style.setProperty("--hue", hue(from));
  return [avatar(from, name), bubble];
}

function time(at) {
  const shown = part("time", "time", clock.format(at));
  shown.dateTime = at.toISOString();
  shown.dir = "ltr";
  return shown;
}

const textOrName = (given) => (typeof given === "string" ? part("span", "", given) : part("bdi", "name", given.name));

function part(tag, className, text = "") {
  const made = document.createElement(tag);
  if (className !== "") made.className = className;
  made.textContent = text;
  return made;
}
