// The list of rooms. Rows stay while their room is in the list, so that a new room moves no focus of a keyboard.

import { count } from "../shared/bytes.js";
import { element } from "../shared/form.js";

export class RoomList {
  #body = element("rooms");
  #rows = new Map();
  #join;

  /** `join` is called with the code of a room when its button is pressed. */
  constructor(join) {
    this.#join = join;
  }

  /** Shows the rooms, the newest first. `canJoin` is `false` while the page waits for the server. */
  draw(rooms, canJoin) {
    const codes = new Set(rooms.map((room) => room.code));
    for (const [code, row] of this.#rows) {
      if (codes.has(code)) continue;
      row.element.remove();
      this.#rows.delete(code);
    }
    for (const [at, room] of rooms.entries()) {
      const row = this.#rows.get(room.code) ?? this.#add(room.code);
      row.draw(room, canJoin);
      if (this.#body.children[at] !== row.element) this.#body.insertBefore(row.element, this.#body.children[at] ?? null);
    }
    const summary = rooms.length === 0 ? "" : count(rooms.length, "room");
    if (element("rooms-count").textContent !== summary) element("rooms-count").textContent = summary;
  }

  #add(code) {
    const row = new Row(code, () => this.#join(code));
    this.#rows.set(code, row);
    return row;
  }
}

class Row {
  element = document.createElement("tr");
  #title = document.createElement("bdi");
  #players = document.createElement("td");
  #button = document.createElement("button");
  #code;

  constructor(code, join) {
    this.#code = code;
    this.element.dataset.code = code;
    const head = document.createElement("th");
    head.scope = "row";
    head.append(this.#title);
    const shownCode = document.createElement("td");
    shownCode.textContent = code;
    const action = document.createElement("td");
    action.append(this.#button);
    this.#button.type = "button";
    this.#button.className = "quiet";
    this.#button.addEventListener("click", join);
    this.element.append(head, shownCode, this.#players, action);
  }

  draw({ title, players, capacity, isFull }, canJoin) {
    setText(this.#title, title);
    setText(this.#players, capacity > 0 ? `${players} of ${capacity}` : String(players));
    setText(this.#button, isFull ? "Full" : "Join");
    this.#button.setAttribute("aria-label", isFull ? `${title}, ${this.#code}: full` : `Join ${title}, ${this.#code}`);
    this.#button.disabled = isFull || !canJoin;
  }
}

function setText(target, text) {
  if (target.textContent !== text) target.textContent = text;
}
