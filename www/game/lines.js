// The log: what the host reports, and who joins and leaves. It is bounded, so that a host cannot fill the page.

import { count } from "../shared/bytes.js";
import { element } from "../shared/form.js";
import { Follow } from "../shared/follow.js";

const MOST_LINES = 200;

export class Lines {
  #list = element("log");
  #count = element("log-count");
  #waiting = [];
  #total = 0;

  constructor() {
    new Follow(element("log-view"), this.#list, element("to-newest"));
  }

  /** A line of the host. What a player did is set apart; any other line is shown as it is. */
  logged({ text, roll }) {
    if (roll === undefined) {
      this.#add("host", [text]);
    } else {
      const { name, action, value } = roll;
      const parts = action === "roll" ? [strong(name), " rolls ", strong(String(value), "number")] : [strong(name), " passes"];
      this.#add(action, parts, action === "roll" ? value : undefined);
    }
  }

  /** A player came, left, or has another name. A player is added before its first name is known. */
  change({ type, player, before }) {
    const name = strong(player.name);
    if (type === "left") this.#add(type, [name, " has left"]);
    else if (type === "renamed" && before !== undefined) this.#add(type, [strong(before), " is now ", name]);
    else if (player.isNamed) this.#add("joined", [name, " is at the table"]);
  }

  warning(message) {
    this.#add("warning", [message]);
  }

  error(error) {
    this.#add("error", [`${error.name}: ${error.message}`]);
  }

  closed(what, why) {
    this.#add("closed", [`${what}: ${why}`]);
  }

  /** Empties the log, for another table. */
  forget() {
    this.#waiting = [];
    this.#total = 0;
    this.#list.replaceChildren();
    this.#count.textContent = "";
  }

  draw() {
    if (this.#waiting.length === 0) return;
    this.#list.append(...this.#waiting.map(listItem));
    this.#waiting = [];
    while (this.#list.childElementCount > MOST_LINES) this.#list.firstElementChild.remove();
    const shown = this.#list.childElementCount;
    const total = count(this.#total, "line");
    this.#count.textContent = shown === this.#total ? total : `the last ${shown} of ${total}`;
  }

  #add(kind, parts, value) {
    this.#total += 1;
    this.#waiting.push({ time: new Date(), kind, parts, value });
    if (this.#waiting.length > MOST_LINES) this.#waiting.shift();
  }
}

function listItem({ time, kind, parts, value }) {
  const item = document.createElement("li");
  item.dataset.kind = kind;
  if (value !== undefined) item.dataset.value = value;
  const clock = document.createElement("time");
  clock.dateTime = time.toISOString();
  clock.textContent = time.toLocaleTimeString("en-GB");
  const text = document.createElement("p");
  text.dir = "auto";
  text.append(...parts);
  item.append(clock, text);
  return item;
}

/** A name or a number that stands out. Names come from other people: they are text, and apart from the text around them. */
function strong(text, name = "name") {
  const part = document.createElement("bdi");
  part.className = name;
  part.textContent = text;
  return part;
}
