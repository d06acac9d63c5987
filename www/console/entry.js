// One entry of the log as a list item: when, direction, kind, size, and the start of its data.

import { count, toHex, utf8Length } from "../shared/bytes.js";

const MOST_CHARACTERS = 600;
const MOST_BYTES = 128;

/**
 * `way` is the event: `sent`, `received`, `open`, …; `data` is a string, or the bytes of a binary packet.
 */
export function listItem({ time, direction, kind, way, data }) {
  const item = document.createElement("li");
  item.dataset.direction = direction;
  item.dataset.kind = kind;

  const clock = part("time", "clock", clockTime(time));
  clock.dateTime = time.toISOString();
  item.append(clock, part("span", "way", way));
  if (direction !== "info") {
    const size = typeof data === "string" ? utf8Length(data) : data.length;
    item.append(part("span", "size", `${kind}, ${count(size, "byte")}`));
  }

  const { shown, rest } = excerpt(data);
  const payload = part("div", "payload", shown);
  payload.dir = "auto";
  if (rest) payload.append(part("span", "rest", `… ${rest} more`));
  item.append(payload);
  return item;
}

function part(tag, name, text) {
  const element = document.createElement(tag);
  element.className = name;
  element.textContent = text;
  return element;
}

/** `09:05:59.042`, by the clock on the wall. */
function clockTime(time) {
  const two = (number) => String(number).padStart(2, "0");
  const millisecond = String(time.getMilliseconds()).padStart(3, "0");
  return `${two(time.getHours())}:${two(time.getMinutes())}:${two(time.getSeconds())}.${millisecond}`;
}

function excerpt(data) {
  if (typeof data !== "string") {
    const rest = data.length - MOST_BYTES;
    return { shown: toHex(data.subarray(0, MOST_BYTES)), rest: rest > 0 && count(rest, "byte") };
  }
  let end = Math.min(data.length, MOST_CHARACTERS);
  // Not between the two halves of a character.
  if (end < data.length && /[\uD800-\uDBFF]/.test(data[end - 1])) end -= 1;
  const rest = data.length - end;
  return { shown: visible(data.slice(0, end)), rest: rest > 0 && count(rest, "character") };
}

/** Control characters, which fonts leave out, as their pictures: NUL becomes ␀. Line ends and tabs stay. */
function visible(text) {
  return text.replace(/[\0-\x08\x0B-\x1F\x7F]/g, (control) => (control === "\x7F" ? "␡" : String.fromCharCode(0x2400 + control.charCodeAt(0))));
}
