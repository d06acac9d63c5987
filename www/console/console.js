// The console: its controls drive one WebSocketPeer, and one poll per frame shows its state.

import { addressOf, linkPages, showLine, terminalLine } from "../shared/addresses.js";
import { count, fromHex, utf8Length } from "../shared/bytes.js";
import { clearProblems, element, onSubmit, rememberLast, showMeasure, showProblem, submitOnEnter } from "../shared/form.js";
import { everyFrame } from "../shared/frames.js";
import { Graphs } from "./graphs.js";
import { Log } from "./log.js";
import { CLOSED, CLOSING, OPEN, STATE_NAMES, showCounters, showState } from "./readout.js";

/** What the page needs from the library. */
export const CLASSES = ["WebSocketPeer"];

/** Errors that are about one field, whichever button was pressed. */
const FIELD_AT_FAULT = {
  InvalidUrl: "address",
  BlockedPort: "address",
  InvalidOption: "protocols",
  InvalidCloseCode: "close-code",
  ReasonTooLong: "close-reason",
};

/** Connects the controls to a peer. `stopped` is called with an error that no call should throw; the page then stops. */
export function start({ WebSocketPeer }, stopped) {
  linkPages();
  new Console(WebSocketPeer, stopped);
}

class Console {
  #WebSocketPeer;
  #stopped;
  #log = new Log();
  #graphs;
  #peer;
  #shownState = CLOSED;
  #polling = false;

  constructor(WebSocketPeer, stopped) {
    this.#WebSocketPeer = WebSocketPeer;
    this.#stopped = stopped;

    element("address").value = addressOf("echo");
    element("address").addEventListener("input", () => this.#showTerminalLine());
    this.#showTerminalLine();
    this.#graphs = new Graphs(() => this.#counters(), (bytes) => this.#sendProbe(bytes));
    showState({ state: CLOSED });

    const clearText = rememberLast("text");
    const clearHex = rememberLast("hex");
    submitOnEnter("text");
    showMeasure("text", (text) => count(utf8Length(text), "byte"));
    showMeasure("hex", hexMeasure);
    showMeasure("close-reason", (reason) => `${utf8Length(reason)} of 123 bytes`);
    onSubmit("connect-form", () => this.#attempt("address", () => this.#connect()));
    onSubmit("text-form", () => this.#attempt("text", () => this.#sendText(clearText)));
    onSubmit("hex-form", () => this.#attempt("hex", () => this.#sendHex(clearHex)));
    onSubmit("close-form", () => this.#attempt("close-code", () => this.#close()));
    // Browsers may keep a page that was left, with its connection, for the button "Back".
    addEventListener("pagehide", () => this.#try(() => this.#peer?.close()));
    element("abort").addEventListener("click", () => this.#attempt("close-code", () => this.#peer.abort()));
  }

  // Actions of the controls

  /** Runs what a control asks for. Its error is shown beside the field it is about, and in the log. */
  #attempt(field, action) {
    clearProblems(element(field).form);
    this.#try(action, (error) => showProblem(FIELD_AT_FAULT[error.name] ?? field, error));
  }

  #try(action, onError = () => {}) {
    this.#guard(() => {
      try {
        action();
      } catch (error) {
        if (error instanceof WebAssembly.RuntimeError) throw error;
        this.#log.error(error);
        onError(error);
      }
      this.#observe();
    });
  }

  #connect() {
    const address = element("address").value.trim();
    const protocols = element("protocols").value.split(",").map((name) => name.trim()).filter((name) => name !== "");

    // Protocols are options, and options are given to a new peer. The old one goes once the new one is under way.
    const next = new this.#WebSocketPeer({ protocols });
    try {
      next.connect(address);
    } catch (error) {
      next.free();
      throw error;
    }
    this.#peer?.free();
    this.#peer = next;
    next.onwake = () => this.#wake();
    this.#graphs.reset();

    // Logged here, not by #noteState: the old peer may have been in this state.
    this.#shownState = next.state;
    showState(next);
    this.#log.state(STATE_NAMES[next.state], protocols.length > 0 ? `${address}, offering ${protocols.join(", ")}` : address);
    if (!this.#polling) everyFrame(() => this.#step());
    this.#polling = true;
  }

  #sendText(clear) {
    const text = element("text").value;
    this.#peer.sendText(text);
    this.#log.sent(text);
    this.#graphs.sent(text);
    clear();
  }

  #sendHex(clear) {
    const bytes = fromHex(element("hex").value);
    this.#peer.send(bytes);
    this.#log.sent(bytes);
    this.#graphs.sent(bytes);
    clear();
  }

  #close() {
    this.#peer.close(closeCode(element("close-code").value.trim()), element("close-reason").value);
  }

  /** The counters of a connection that is not closed. */
  #counters() {
    return this.#peer === undefined || this.#peer.state === CLOSED ? undefined : this.#peer.stats;
  }

  /** Returns `true` if the probe was sent. Where it does not fit, the next one may. */
  #sendProbe(bytes) {
    if (this.#peer?.state !== OPEN || this.#peer.buffered > 0) return false;
    let sent = false;
    this.#try(() => {
      this.#peer.send(bytes);
      sent = true;
    });
    return sent;
  }

  // Changes of the peer

  /** Reads what has arrived at once, not in the next frame: the round-trip time would have the wait in it. */
  #wake() {
    this.#guard(() => {
      this.#peer?.poll();
      this.#receive();
    });
  }

  /** One frame. It asks for another until the peer is closed and everything it brought is shown. */
  #step() {
    this.#polling = false;
    if (this.#peer === undefined) return false;
    this.#guard(() => {
      this.#peer.poll();
      const allShown = this.#observe();
      this.#polling = !allShown || this.#peer.state !== CLOSED;
    });
    return this.#polling;
  }

  /** Shows what is new about the peer. While packets flood in, some stay for a later call: then the answer is `false`. */
  #observe() {
    this.#receive();
    if (this.#peer !== undefined) showCounters(this.#peer);
    return this.#log.draw();
  }

  #receive() {
    if (this.#peer === undefined) return;
    // One poll may report an opening, packets and the end, in this order.
    if (this.#peer.state !== CLOSED) this.#noteState();
    for (let packet = this.#peer.recv(); packet !== undefined; packet = this.#peer.recv()) {
      if (!this.#graphs.received(packet)) this.#log.received(packet);
    }
    this.#noteState();
  }

  #noteState() {
    const { state, closeInfo, protocol } = this.#peer;
    if (state === this.#shownState) return;
    this.#shownState = state;
    showState(this.#peer);
    const details = {
      [OPEN]: protocol ? `with the subprotocol ${protocol}` : "without a subprotocol",
      [CLOSING]: "waiting for the other end to answer",
      [CLOSED]: closeInfo?.message,
    };
    this.#log.state(STATE_NAMES[state], details[state]);
  }

  /** Shows how a program in a terminal connects to the same server. An address that a shell would read otherwise is left out. */
  #showTerminalLine() {
    const line = terminalLine("echo", element("address").value.trim());
    if (line !== undefined) showLine(element("terminal-line"), line);
  }

  #guard(action) {
    try {
      action();
    } catch (error) {
      // The module is in an unknown state: its peer is neither used nor freed.
      this.#peer = undefined;
      this.#log.error(error);
      this.#log.draw();
      this.#stopped(error);
    }
  }
}

/** The code to close with; an empty field leaves it to the peer. Which numbers are good is the peer's business too. */
function closeCode(text) {
  if (text === "") return undefined;
  if (/^[0-9]+$/.test(text)) return Number(text);
  const error = new Error(`“${text}” is not a number`);
  error.name = "InvalidCloseCode";
  throw error;
}

function hexMeasure(hex) {
  try {
    return count(fromHex(hex).length, "byte");
  } catch {
    // Half a byte is not an error while typing; sending it is.
    return "incomplete";
  }
}
