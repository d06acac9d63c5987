// Shows why a connection ended.

import { element } from "./form.js";

/** Shows the `closeInfo` of a connection in `#close-info`, or nothing. */
export function showEnding(closeInfo) {
  const box = element("close-info");
  box.replaceChildren();
  if (!closeInfo) return;

  // The message has the code and the reason in it. Not every class reports the cause by its name, too.
  const { cause, clean, message } = closeInfo;
  box.dataset.clean = clean;
  const sentence = document.createElement("p");
  sentence.textContent = message.charAt(0).toUpperCase() + message.slice(1);
  box.append(sentence);
  if (cause === undefined) return;
  const facts = document.createElement("p");
  facts.className = "aside";
  facts.textContent = `cause: ${cause}, ${clean ? "clean" : "not clean"}`;
  box.append(facts);
}
