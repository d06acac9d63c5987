// Shows a connection: its state, the controls that apply, its counters, and why it ended.

import { roughSize } from "../shared/bytes.js";
import { showEnding } from "../shared/ending.js";
import { element, enable, setText } from "../shared/form.js";

export const CONNECTING = 0;
export const OPEN = 1;
export const CLOSING = 2;
export const CLOSED = 3;

export const STATE_NAMES = ["Connecting", "Open", "Closing", "Closed"];

/** Shows the state of a peer, and why it ended if it has. */
export function showState({ state, closeInfo }) {
  element("state").textContent = STATE_NAMES[state];
  document.documentElement.dataset.state = STATE_NAMES[state].toLowerCase();

  // Read-only instead of disabled: it can be read, copied and reached by keyboard.
  element("address").readOnly = state !== CLOSED;
  element("protocols").readOnly = state !== CLOSED;
  enable("connect", state === CLOSED);
  enable("send-text", state === OPEN);
  enable("send-hex", state === OPEN);
  enable("close", state === CONNECTING || state === OPEN);
  enable("abort", state !== CLOSED);

  showEnding(closeInfo);
}

export function showCounters(peer) {
  const { packetsSent, packetsReceived, bytesSent, bytesReceived } = peer.stats;
  setText("packets-sent", packetsSent);
  setText("packets-received", packetsReceived);
  setBytes("bytes-sent", bytesSent);
  setBytes("bytes-received", bytesReceived);
  setBytes("buffered", peer.buffered);
  setText("protocol", peer.protocol || (peer.state === OPEN ? "none" : "–"));
}

function setBytes(id, bytes) {
  setText(id, bytes);
  setText(`${id}-rough`, roughSize(bytes));
}
