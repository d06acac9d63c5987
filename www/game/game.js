// The turn game: the controls drive one GamePlayer, whose events the page shows. The rules are the host's; this end only
// asks for an action when it is its turn.

import { addressOf, linkPages, showLine, terminalLine } from "../shared/addresses.js";
import { connectCopyButtons } from "../shared/copy.js";
import { showEnding } from "../shared/ending.js";
import { clearProblems, element, enable, onSubmit, showProblem } from "../shared/form.js";
import { everyFrame } from "../shared/frames.js";
import { remember, remembered } from "../shared/memory.js";
import { Dice } from "./dice.js";
import { Lines } from "./lines.js";
import { Players } from "./players.js";
import { Stage } from "./stage.js";

/** What the page needs from the library. */
export const CLASSES = ["GamePlayer"];

/** Connects the controls to a player. `stopped` is called with an error that no call should throw; the page then stops. */
export function start({ GamePlayer }, stopped) {
  linkPages();
  connectCopyButtons();
  new Game(GamePlayer, stopped);
}

/** What is shown of the table while there is no connection. */
const NO_TABLE = { players: [], canAct: false, isOwnTurn: false };

class Game {
  #GamePlayer;
  #stopped;
  #dice = new Dice();
  #lines = new Lines();
  #players = new Players();
  #stage = new Stage();
  #player;
  #view = NO_TABLE;
  #state = "closed";
  #isDrawing = false;

  constructor(GamePlayer, stopped) {
    this.#GamePlayer = GamePlayer;
    this.#stopped = stopped;

    element("address").value = addressOf("game");
    element("address").addEventListener("input", () => this.#showTerminalLine());
    element("name").value = remembered("name");
    this.#showTerminalLine();
    onSubmit("join-form", () => (this.#state === "closed" ? this.#join() : this.#rename()));
    element("leave").addEventListener("click", () => this.#leave());
    element("roll").addEventListener("click", () => this.#act((player) => player.roll()));
    element("pass").addEventListener("click", () => this.#act((player) => player.pass()));
    // Browsers may keep a page that was left, with its connection, for the button "Back".
    addEventListener("pagehide", () => this.#state !== "closed" && this.#leave());
    this.#show();
  }

  // Actions of the controls

  #join() {
    this.#attempt("address", () => {
      const name = element("name").value;
      const next = this.#GamePlayer.connect(element("address").value.trim(), name);
      remember("name", name);
      this.#player?.free();
      this.#player = next;
      this.#players.forget();
      this.#dice.forget();
      showEnding();
      this.#setState("connecting");
      next.onwake = () => this.#guard(() => this.#receive());
    });
  }

  #rename() {
    this.#attempt("name", () => {
      const name = element("name").value;
      this.#player.setName(name);
      remember("name", name);
    });
  }

  #leave() {
    this.#guard(() => {
      this.#setState("closing");
      this.#player.close();
      this.#receive();
    });
  }

  #act(action) {
    this.#guard(() => {
      try {
        action(this.#player);
      } catch (error) {
        // The turn has ended, or the connection, and this page has not shown it yet.
        if (error instanceof WebAssembly.RuntimeError) throw error;
        this.#lines.error(error);
      }
      this.#receive();
    });
  }

  /** Runs what a control asks for. Its error is shown beside the field it is about. */
  #attempt(field, action) {
    clearProblems(element(field).form);
    this.#guard(() => {
      try {
        action();
      } catch (error) {
        if (error instanceof WebAssembly.RuntimeError) throw error;
        showProblem(field, error, sentence(error.message));
      }
      this.#receive();
    });
  }

  // Changes of the player

  /** Reads what has arrived. The page is drawn in the next frame, once for all of it. */
  #receive() {
    if (this.#player === undefined) return;
    this.#player.poll();
    for (let event = this.#player.nextEvent(); event !== undefined; event = this.#player.nextEvent()) this.#note(event);
    this.#view = this.#player.view();
    if (this.#isDrawing) return;
    this.#isDrawing = true;
    everyFrame(() => {
      this.#isDrawing = false;
      this.#guard(() => this.#show());
      return false;
    });
  }

  #note(event) {
    switch (event.type) {
      case "connected":
        this.#setState("open");
        break;
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
      case "turn":
        break;
      case "warning":
        this.#lines.warning(event.message);
        break;
      case "closed": {
        const isLate = this.#state !== "connecting";
        const message = isLate ? event.message : `${event.message}. Is there a host of this game at that address?`;
        this.#setState("closed");
        this.#lines.closed(isLate ? "You are out of the game" : "You are not in the game", message);
        showEnding({ ...event, message });
        break;
      }
    }
  }

  #setState(state) {
    this.#state = state;
    document.documentElement.dataset.state = state;
    element("state").textContent = { closed: "Closed", connecting: "Connecting", open: "Open", closing: "Leaving" }[state];
  }

  #show() {
    const isClosed = this.#state === "closed";
    element("join-title").textContent = isClosed ? "Join a game" : "You";
    element("join").textContent = isClosed ? (this.#player === undefined ? "Join" : "Join again") : "Change name";
    element("join").classList.toggle("main", isClosed);
    enable("leave", this.#state === "open" || this.#state === "connecting");
    enable("join", isClosed || this.#state === "open");
    this.#players.draw(this.#view.players, this.#state === "open");
    this.#lines.draw();
    this.#stage.draw(this.#state, this.#view);
  }

  /** Shows how a program in a terminal connects to the same server. An address that a shell would read otherwise is left out. */
  #showTerminalLine() {
    const line = terminalLine("game", element("address").value.trim());
    if (line !== undefined) showLine(element("terminal-line"), line);
  }

  #guard(action) {
    try {
      action();
    } catch (error) {
      // The module is in an unknown state: its player is neither used nor freed.
      this.#player = undefined;
      this.#setState("closed");
      this.#stopped(error);
    }
  }
}

const sentence = (text) => `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
