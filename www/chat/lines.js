// The log: the last lines of the chat, with the newest in view unless the person reads older ones.

import { continues, listItem } from "./line.js";
import { ScrollKeeper } from "./scroll.js";

const MOST_LINES = 500;

/** The lines that a person wrote, or the server: those that count as new. */
const COUNTED = new Set(["line", "server"]);

export class Lines {
  #list = document.getElementById("lines");
  #toNewest = document.getElementById("to-newest");
  #scroll = new ScrollKeeper(document.getElementById("log-view"), this.#list, () => this.#showUnread());
  #title = document.title;
  #waiting = [];
  #last;
  #unread = 0;

  constructor() {
    this.#toNewest.addEventListener("click", () => {
      this.goToNewest();
      document.getElementById("log-view").focus();
    });
    document.addEventListener("visibilitychange", () => this.#showUnread());
  }

  /** Adds a line, with the time of now. `draw` shows it. */
  add(record) {
    this.#waiting.push({ ...record, time: new Date() });
    if (this.#waiting.length >= 2 * MOST_LINES) this.#waiting = this.#waiting.slice(-MOST_LINES);
  }

  draw() {
    if (this.#waiting.length === 0) return;
    const records = this.#waiting.slice(-MOST_LINES);
    this.#waiting = [];
    this.#unread += records.filter(({ kind }) => COUNTED.has(kind)).length;
    this.#scroll.keep(() => {
      this.#list.append(...records.flatMap((record) => this.#items(record)));
      while (this.#list.childElementCount > MOST_LINES) this.#list.firstElementChild.remove();
      // Its author was in a line that is gone.
      delete this.#list.firstElementChild.dataset.continued;
    });
    this.#showUnread();
  }

  goToNewest() {
    this.#scroll.goToEnd();
    this.#showUnread();
  }

  /** The log has become visible: it had no size before. */
  settle() {
    this.#scroll.keep(() => {});
  }

  #items(record) {
    const before = this.#last;
    this.#last = record;
    const isNextDay = before !== undefined && before.time.toDateString() !== record.time.toDateString();
    if (isNextDay) return [listItem({ kind: "day", time: record.time }), listItem(record, false)];
    return [listItem(record, continues(before, record))];
  }

  /** Shows how many lines came since the newest one was in view, on the button and in the title of a hidden page. */
  #showUnread() {
    const isAtEnd = this.#scroll.isAtEnd;
    if (isAtEnd && !document.hidden) this.#unread = 0;
    this.#toNewest.hidden = isAtEnd;
    this.#toNewest.textContent = { 0: "To the newest", 1: "1 new line" }[this.#unread] ?? `${this.#unread} new lines`;
    document.title = this.#unread === 0 ? this.#title : `(${this.#unread}) ${this.#title}`;
  }
}
