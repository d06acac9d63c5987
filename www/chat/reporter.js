// Events of the chat as lines of the log.

import { displayName } from "./person.js";

/** A member gives its name a moment after it has joined. Until then the line about it waits. */
const MILLISECONDS_FOR_A_NAME = 1000;

/** More members that join at once are shown by their ids. */
const MOST_WAITING = 100;

export class Reporter {
  #lines;
  #ownName;
  /** The members that joined and have no name yet, each with its timer. */
  #arriving = new Map();

  constructor(lines) {
    this.#lines = lines;
  }

  /** Adds what is to be shown of an event. `ownName` is the name of the person at this page. */
  add(event, ownName) {
    switch (event.type) {
      case "connected":
        this.#ownName = ownName;
        this.#notice("You joined as ", { name: ownName });
        break;
      case "line":
        this.#finishArrival(event.from);
        this.#lines.add({ kind: "line", from: event.from, name: event.name, text: event.text });
        break;
      case "own-line":
        this.#lines.add({ kind: "own", text: event.text });
        break;
      case "joined":
        this.#arrive(event.id);
        break;
      case "left":
        this.#finishArrival(event.id);
        this.#notice({ name: displayName(event.id, event.name) }, " left");
        break;
      case "renamed":
        if (this.#arriving.has(event.id)) this.#finishArrival(event.id, event.name);
        else this.#notice({ name: displayName(event.id, event.before) }, " is now ", { name: event.name });
        break;
      case "name-accepted":
        if (event.name !== this.#ownName) this.#notice("You are now ", { name: event.name });
        this.#ownName = event.name;
        break;
      case "name-refused":
        this.#lines.add({ kind: "problem", parts: [`The name was not accepted: ${event.reason}. Type /name and another one.`] });
        break;
      case "server-line":
        this.#lines.add({ kind: "server", text: event.text });
        break;
      case "notice":
        this.#notice(event.text);
        break;
      case "closed":
        for (const id of this.#arriving.keys()) this.#finishArrival(id);
        this.#lines.add({ kind: "problem", parts: [event.why] });
        break;
      default:
        // `present`: the list of people has it.
        break;
    }
  }

  #arrive(id) {
    this.#finishArrival(id);
    if (this.#arriving.size >= MOST_WAITING) return this.#notice({ name: displayName(id) }, " joined");
    const timer = setTimeout(() => {
      this.#finishArrival(id);
      this.#lines.draw();
    }, MILLISECONDS_FOR_A_NAME);
    this.#arriving.set(id, timer);
  }

  #finishArrival(id, name) {
    if (!this.#arriving.has(id)) return;
    clearTimeout(this.#arriving.get(id));
    this.#arriving.delete(id);
    this.#notice({ name: displayName(id, name) }, " joined");
  }

  #notice(...parts) {
    this.#lines.add({ kind: "notice", parts });
  }
}
