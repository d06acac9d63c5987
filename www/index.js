// The first page: its links pass the addresses of the servers on, and its lines for the terminal have them.

import { linkPages, showLine, terminalLine } from "./shared/addresses.js";
import { connectCopyButtons } from "./shared/copy.js";

linkPages();
connectCopyButtons();
for (const place of document.querySelectorAll("[data-line]")) {
  const line = terminalLine(place.dataset.line);
  if (line !== undefined) showLine(place, line);
}
