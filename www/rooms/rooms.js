// The rooms: the controls drive one RoomsClient, whose events the page shows: the lobby with its list, or a room with its
// game. The rules are the server's.

import { addressOf, linkPages } from "../shared/addresses.js";
import { connectCopyButtons } from "../shared/copy.js";
import { showEnding } from "../shared/ending.js";
import { clearProblems, element, onSubmit, setText, showMeasure, showProblem } from "../shared/form.js";
import { everyFrame } from "../shared/frames.js";
import { remember, remembered } from "../shared/memory.js";
import { Table } from "./table.js";
import { codeInUrl, showInvite } from "./invite.js";
import { RoomList } from "./list.js";
import { whyNotConnected, whyNotJoined } from "./reasons.js";

/** What the page needs from the library. */
export const CLASSES = ["RoomsClient"];

/** Connects the controls to a client. `stopped` is called with an error that no call should throw; the page then stops. */
export function start({ RoomsClient }, stopped) {
  linkPages();
  connectCopyButtons();
  new Rooms(RoomsClient, stopped);
}

/** The number of rooms that a list has at most. A list of fewer has all rooms. */
const MOST_LISTED = 100;

/** The longest part of a link's code that is shown, in characters: more than a code has. */
const MOST_SHOWN = 8;

const STATES = { closed: "Closed", connecting: "Connecting", open: "Open", closing: "Leaving" };

class Rooms {
  #RoomsClient;
  #stopped;
  #list = new RoomList((code) => this.#ask("code", (client) => client.joinRoom(code)));
  #table = new Table();
  #client;
  #rooms;
  #state = "closed";
  /** The code of the room that the page shows, or tries to join. */
  #code;
  /** The code of a room whose link did not work. The lobby's list has the reason. */
  #failed;
  #isWaiting = false;
  #isDrawing = false;

  constructor(RoomsClient, stopped) {
    this.#RoomsClient = RoomsClient;
    this.#stopped = stopped;

    element("address").value = addressOf("rooms");
    element("name").value = remembered("name");
    element("title").maxLength = 2 * RoomsClient.maxTitle();
    showMeasure("title", (title) => `${Array.from(title.trim()).length} of ${RoomsClient.maxTitle()}`);
    onSubmit("name-form", () => this.#rename());
    onSubmit("connect-form", () => this.#enterLobby());
    onSubmit("join-form", () => this.#ask("code", (client) => client.joinRoom(element("code").value)));
    onSubmit("create-form", () => this.#ask("title", (client) => client.createRoom(element("title").value)));
    element("again").addEventListener("click", () => this.#enterRoom(this.#code));
    element("leave").addEventListener("click", () => this.#leave());
    element("roll").addEventListener("click", () => this.#act((client) => client.roll()));
    element("pass").addEventListener("click", () => this.#act((client) => client.pass()));
    // Browsers may keep a page that was left, with its connection, for the button "Back".
    addEventListener("pagehide", () => this.#state !== "closed" && this.#guard(() => this.#close()));

    const code = codeInUrl();
    showInvite(addressOf("rooms"));
    if (code === undefined) this.#enterLobby();
    else this.#enterRoom(code);
    this.#show();
  }

  // Actions of the controls

  #enterLobby() {
    this.#connect((server, name) => this.#RoomsClient.connect(server, name));
  }

  #enterRoom(code) {
    // Anyone may have written a link. A code that is too long stays one.
    this.#code = code.toUpperCase().slice(0, MOST_SHOWN);
    this.#connect((server, name) => this.#RoomsClient.connectToRoom(server, this.#code, name));
    if (this.#state === "connecting" && this.#code !== undefined) this.#setView("room");
  }

  #connect(make) {
    clearProblems(element("connect-form"));
    this.#guard(() => {
      try {
        const next = make(element("address").value.trim(), element("name").value);
        this.#client?.free();
        this.#client = next;
        this.#rooms = undefined;
        if (this.#failed === undefined) showEnding();
        this.#setState("connecting");
        next.onwake = () => this.#guard(() => this.#receive());
      } catch (error) {
        if (error instanceof WebAssembly.RuntimeError) throw error;
        // Only a link can have a code that is none.
        if (error.name === "InvalidCode") this.#goBack();
        else showProblem("address", error, sentence(error.message));
      }
      this.#receive();
    });
  }

  /** Goes to the lobby from a link that does not work. The list has the reason. */
  #goBack() {
    this.#failed = this.#code;
    this.#code = undefined;
    this.#setView("lobby");
    this.#enterLobby();
  }

  #rename() {
    const name = element("name").value;
    remember("name", name);
    if (this.#state !== "open") return;
    this.#attempt("name", () => this.#client.setName(name));
  }

  /** Asks the lobby for something. Until it has answered, nothing else can be asked for. */
  #ask(field, action) {
    this.#failed = undefined;
    showEnding();
    this.#attempt(field, () => {
      this.#client.setName(element("name").value);
      remember("name", element("name").value);
      action(this.#client);
      this.#isWaiting = true;
    });
  }

  #leave() {
    if (this.#state === "open") this.#attempt("name", () => this.#client.leaveRoom());
    else this.#guard(() => this.#close());
  }

  #close() {
    this.#setState("closing");
    this.#client.close();
    this.#receive();
  }

  #act(action) {
    this.#guard(() => {
      try {
        action(this.#client);
      } catch (error) {
        // The turn has ended, or the connection, and this page has not shown it yet.
        if (error instanceof WebAssembly.RuntimeError) throw error;
        this.#table.error(error);
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

  // Changes of the client

  /** Reads what has arrived. The page is drawn in the next frame, once for all of it. */
  #receive() {
    if (this.#client === undefined) return;
    const client = this.#client;
    client.poll();
    for (let event = client.nextEvent(); event !== undefined; event = client.nextEvent()) {
      this.#note(event);
      // An event may lead to another connection.
      if (client !== this.#client) return;
    }
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
      case "lobby":
        this.#rooms = undefined;
        this.#code = undefined;
        this.#isWaiting = false;
        this.#setView("lobby");
        break;
      case "list":
        this.#rooms = event.rooms;
        this.#explain();
        break;
      case "created":
        element("title").value = "";
        element("title").dispatchEvent(new Event("input"));
        break;
      case "refused":
        this.#isWaiting = false;
        // The server may have announced a move that was not possible then.
        if (this.#client.place === "lobby" && this.#code !== undefined) {
          this.#code = undefined;
          this.#setView("lobby");
        }
        showEnding({ message: sentence(event.message), clean: false });
        break;
      case "room":
        this.#code = event.code;
        this.#isWaiting = false;
        this.#failed = undefined;
        element("code").value = "";
        this.#table.forget();
        showEnding();
        this.#setView("room");
        break;
      case "closed":
        this.#noteEnd(event);
        break;
      default:
        this.#table.note(event);
    }
  }

  #noteEnd(event) {
    const wasOpen = this.#state === "open" || this.#state === "closing";
    const isLink = !wasOpen && this.#code !== undefined;
    this.#isWaiting = false;
    this.#setState("closed");
    if (isLink) {
      this.#goBack();
    } else if (wasOpen) {
      this.#table.closed(event.message);
      showEnding(event);
    } else {
      this.#failed = undefined;
      showEnding({ ...event, message: "The connection did not open." });
      const client = this.#client;
      whyNotConnected(element("address").value.trim()).then((why) => {
        if (client === this.#client && this.#state === "closed") showEnding({ message: why, clean: false });
      });
    }
  }

  /** Shows why a link did not work, with the first list after that. */
  #explain() {
    if (this.#failed === undefined) return;
    const message = whyNotJoined(this.#failed, this.#rooms, this.#rooms.length < MOST_LISTED);
    this.#failed = undefined;
    showEnding({ message, clean: false });
  }

  #setState(state) {
    this.#state = state;
    document.documentElement.dataset.state = state;
    setText("state", STATES[state]);
  }

  /** Shows the lobby, or the room. The focus goes to where a person goes on, if it was on what is hidden now. */
  #setView(view) {
    const { dataset } = document.documentElement;
    const hasFocus = document.activeElement?.closest(view === "room" ? ".in-lobby" : ".in-room, .play") != null;
    dataset.view = view;
    if (view === "room") showInvite(element("address").value.trim(), this.#code);
    else showInvite(element("address").value.trim());
    if (hasFocus) element(view === "room" ? "stage" : "code").focus({ preventScroll: true });
  }

  #show() {
    const isInLobby = this.#client?.isInLobby === true && this.#state === "open";
    const canAsk = isInLobby && !this.#isWaiting;
    for (const id of ["create", "join"]) element(id).disabled = !canAsk;
    element("rename").disabled = this.#state !== "open";
    element("again").hidden = this.#code === undefined;
    setText("again", this.#code === undefined ? "" : `To room ${this.#code}`);
    element("leave").disabled = this.#state === "closed" || this.#state === "closing";
    this.#list.draw(this.#rooms ?? [], canAsk);
    setText("no-rooms", this.#whyNoRooms());
    this.#table.draw(this.#state, this.#client?.view());
  }

  #whyNoRooms() {
    if (this.#state === "closed") return "There is no connection to the server.";
    if (this.#rooms === undefined) return "The list is not here yet.";
    return "There are no rooms yet. Create the first one, or wait: the list is live.";
  }

  #guard(action) {
    try {
      action();
    } catch (error) {
      // The module is in an unknown state: its client is neither used nor freed.
      this.#client = undefined;
      this.#setState("closed");
      this.#stopped(error);
    }
  }
}

const sentence = (text) => `${text.charAt(0).toUpperCase()}${text.slice(1)}${/[.!?…]$/.test(text) ? "" : "."}`;
