// Whose turn it is, as a sentence, and the buttons that are there only in the person's own turn.

import { element, setText } from "../shared/form.js";

export class Stage {
  #stage = element("stage");
  #actions = element("actions");
  #title = document.title;

  draw(state, view) {
    setText("turn", sentence(state, view));
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

function sentence(state, { players, canAct, isOwnTurn }) {
  if (state === "connecting") return "Connecting to the host…";
  if (state === "closing") return "Leaving the game…";
  if (state === "closed") return players.length > 0 ? "The game goes on without you. This is the last that arrived." : "Join a game to play.";
  if (canAct) return "It is your turn: roll, or pass.";
  if (isOwnTurn) return "The host decides…";
  const current = players.find((player) => player.hasTurn);
  if (current !== undefined) return `It is the turn of ${current.name}.`;
  return players.some((player) => player.isOwn) ? "It is the turn of no player at the table." : "Waiting for the host to make a place for you…";
}
