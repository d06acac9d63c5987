// Whose turn it is, as a sentence, and the buttons that are there only in the person's own turn.

import { element, setText } from "../shared/form.js";

export class Stage {
  #stage = element("stage");
  #actions = element("actions");
  #title = document.title;

  draw(state, view) {
    const [lead, name] = sentence(state, view);
    setText("turn-lead", lead);
    setText("turn-name", name);
    const canAct = state === "open" && view.canAct;
    this.#stage.dataset.turn = canAct ? "own" : "other";
    // A tab in the background shows it, too.
    document.title = canAct ? `Your turn · ${this.#title}` : this.#title;
    this.#showActions(canAct);
  }

  /** The focus of a keyboard waits on the stage between two turns, and comes back to the first button. */
  #showActions(visible) {
    if (this.#actions.hidden === !visible) return;
    const hadFocus = this.#actions.contains(document.activeElement);
    this.#actions.hidden = !visible;
    if (visible && document.activeElement === this.#stage) element("roll").focus({ preventScroll: true });
    if (!visible && hadFocus) this.#stage.focus({ preventScroll: true });
  }
}

/** A sentence in two lines, of which the second stands out. */
function sentence(state, { players, canAct, isOwnTurn }) {
  if (state === "connecting") return ["Connecting to", "the host…"];
  if (state === "closing") return ["Leaving", "the game…"];
  if (state === "closed") return players.length > 0 ? ["You are out of the game.", "Join again to go on"] : ["You are not in a game.", "Join one to play"];
  if (canAct) return ["It is", "your turn"];
  if (isOwnTurn) return ["Waiting for", "the host’s dice…"];
  const current = players.find((player) => player.hasTurn);
  if (current !== undefined) return ["It is the turn of", current.name];
  return players.some((player) => player.isOwn) ? ["It is the turn of", "no player"] : ["Waiting for", "a place at the table…"];
}
