// The table of a room: the parts of the game's page, which show the events of one room after another.

import { Dice } from "../game/dice.js";
import { Lines } from "../game/lines.js";
import { Players } from "../game/players.js";
import { Stage } from "../game/stage.js";

/** What is shown of the table before a client exists. */
const NO_TABLE = { players: [], canAct: false, isOwnTurn: false };

export class Table {
  #dice = new Dice();
  #lines = new Lines();
  #players = new Players();
  #stage = new Stage();

  /** Notes an event of the game. */
  note(event) {
    switch (event.type) {
      case "joined":
      case "left":
      case "renamed":
        this.#lines.change(event);
        break;
      case "logged":
        this.#lines.logged(event);
        if (event.roll !== undefined) {
          this.#players.acted(event.roll);
          this.#dice.acted(event.roll);
        }
        break;
      case "warning":
        this.#lines.warning(event.message);
        break;
    }
  }

  error(error) {
    this.#lines.error(error);
  }

  closed(message) {
    this.#lines.closed("You are out of the room", message);
  }

  /** Begins with the table of another room. */
  forget() {
    this.#players.forget();
    this.#dice.forget();
    this.#lines.forget();
  }

  draw(state, view = NO_TABLE) {
    this.#players.draw(view.players, state === "open");
    this.#lines.draw();
    this.#stage.draw(state, view);
  }
}
