// The list of packets and events. It is bounded, so that a flood of packets cannot slow the page down.

import { count } from "../shared/bytes.js";
import { Follow } from "../shared/follow.js";
import { listItem } from "./entry.js";

const MOST_ENTRIES = 500;

/** In a flood each entry would be on screen for one frame, too short to read: then the list is drawn less often. */
const FEW_ENTRIES = 25;
const MILLISECONDS_BETWEEN_MANY = 400;

export class Log {
  #view = document.getElementById("log-view");
  #list = document.getElementById("log");
  #count = document.getElementById("log-count");
  #clear = document.getElementById("clear-log");
  #follow = new Follow(this.#view, this.#list, document.getElementById("to-newest"));
  #waiting = [];
  #total = 0;
  #drawnAt = 0;

  constructor() {
    this.#clear.addEventListener("click", () => this.#forget());
  }

  /** Notes a packet that was sent: text as a string, binary as bytes. */
  sent(data) {
    this.#add("out", kindOf(data), "sent", data);
  }

  /** Notes a packet that was received. */
  received(data) {
    this.#add("in", kindOf(data), "received", data);
  }

  /** Notes that the connection is now in another state. */
  state(name, details) {
    this.#add("info", "state", name.toLowerCase(), details);
  }

  error(error) {
    this.#add("info", "error", "error", `${error.name}: ${error.message}`);
  }

  /** Brings the page up to date. While entries flood in, some calls leave them for a later one: then the answer is `false`. */
  draw() {
    const now = performance.now();
    if (this.#waiting.length > FEW_ENTRIES && now - this.#drawnAt < MILLISECONDS_BETWEEN_MANY) return false;
    if (this.#waiting.length > 0) {
      this.#drawnAt = now;
      this.#drawWaiting();
    }
    return true;
  }

  #add(direction, kind, way, data) {
    this.#total += 1;
    this.#waiting.push({ time: new Date(), direction, kind, way, data });
    if (this.#waiting.length >= 2 * MOST_ENTRIES) this.#waiting = this.#waiting.slice(-MOST_ENTRIES);
  }

  #drawWaiting() {
    this.#list.append(...this.#waiting.slice(-MOST_ENTRIES).map(listItem));
    this.#waiting = [];
    while (this.#list.childElementCount > MOST_ENTRIES) this.#list.firstElementChild.remove();
    this.#showCount();
  }

  #showCount() {
    const shown = this.#list.childElementCount;
    const total = count(this.#total, "entry", "entries");
    if (shown === 0) this.#count.textContent = "";
    else this.#count.textContent = shown === this.#total ? total : `the last ${shown} of ${total}`;
    this.#clear.disabled = shown === 0;
  }

  #forget() {
    this.#list.replaceChildren();
    this.#waiting = [];
    this.#total = 0;
    this.#showCount();
    this.#follow.goToNewest();
  }
}

const kindOf = (data) => (typeof data === "string" ? "text" : "binary");
