// The table of players: names, what each did last, and whose turn it is, by a mark, by a word and for screen readers.

import { count } from "../shared/bytes.js";
import { element } from "../shared/form.js";

/** A host with more players than that is not one of people who play; the rest is counted. */
const MOST_SHOWN = 100;

export class Players {
  #body = element("players");
  #count = element("players-count");
  #last = new Map();
  #drawn = "";

  /** Notes what the player whose turn it is did. The host names it, but two may have the same name. */
  acted({ player, action, value }) {
    if (player !== undefined) this.#last.set(player, action === "roll" ? String(value) : "passed");
  }

  forget() {
    this.#last.clear();
  }

  /** Without a connection the players are those of the past, and it is the turn of none of them. */
  draw(players, isConnected) {
    const shown = players.slice(0, MOST_SHOWN);
    const rows = shown.map((player) => ({
      ...player,
      hasTurn: isConnected && player.hasTurn,
      label: label(player, shown),
      last: this.#last.get(player.id) ?? "–",
    }));
    // Rows that stay as they are keep a selection, and a place in a screen reader.
    const drawn = JSON.stringify(rows);
    if (drawn === this.#drawn) return;
    this.#drawn = drawn;
    for (const id of this.#last.keys()) if (!players.some((player) => player.id === id)) this.#last.delete(id);
    this.#body.replaceChildren(...rows.map(row));
    const rest = players.length - shown.length;
    this.#count.textContent = players.length === 0 ? "" : count(players.length, "player") + (rest > 0 ? `, ${rest} of them not shown` : "");
  }
}

/** Two players with the same name differ by their numbers. */
function label({ id, name }, players) {
  return players.some((other) => other.id !== id && other.name === name) ? `#${id}` : "";
}

function row({ id, name, isOwn, hasTurn, label, last }) {
  const row = document.createElement("tr");
  row.dataset.id = id;
  row.dataset.own = isOwn;
  row.dataset.turn = hasTurn;
  if (hasTurn) row.setAttribute("aria-current", "true");

  const head = cell("th", "");
  head.scope = "row";
  const shown = document.createElement("bdi");
  shown.className = "name";
  shown.textContent = name;
  head.append(shown);
  if (label) head.append(note(label));
  if (isOwn) head.append(note("you"));
  row.append(head, cell("td", last), cell("td", hasTurn ? "plays" : ""));
  return row;
}

function cell(tag, text) {
  const cell = document.createElement(tag);
  cell.textContent = text;
  return cell;
}

function note(text) {
  const note = document.createElement("span");
  note.className = "note";
  note.textContent = text;
  return note;
}
