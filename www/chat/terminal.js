// The line with which a person joins the same chat from a terminal.

import { showLine, terminalLine } from "../shared/addresses.js";

/** Shows the line for these settings at its places. They are hidden for an address that does not belong in a terminal. */
export function showTerminalLine({ address, mode }) {
  const line = terminalLine("chat", address);
  for (const place of document.querySelectorAll("[data-terminal]")) {
    place.hidden = line === undefined;
    if (line !== undefined) showLine(place.querySelector("code"), mode === "multiplayer" ? `${line} --multiplayer` : line);
  }
}
