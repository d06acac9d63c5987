// The line with which a person joins the same chat from a terminal.

import { terminalLine } from "../shared/addresses.js";

/** Shows the line for these settings at its places. They are hidden for an address that does not belong in a terminal. */
export function showTerminalLine({ address, mode }) {
  const line = terminalLine("chat", address);
  for (const place of document.querySelectorAll(".terminal")) {
    place.hidden = line === undefined;
    place.querySelector("code").textContent = mode === "multiplayer" ? `${line} --multiplayer` : line;
  }
}
