// The form before the chat: a name, a server, and the mode.

import { addressOf } from "../shared/addresses.js";
import { element, onSubmit, showMeasure } from "../shared/form.js";
import { clearProblems, length, showProblem } from "./problems.js";
import { showTerminalLine } from "./terminal.js";

/** The errors of the library that are not about the address. */
const FIELD_AT_FAULT = { InvalidName: "name" };

/** The name outlives a reload, in this tab alone: two tabs may be two people. */
const NAME_KEY = "chat-name";

export class JoinForm {
  /** `submit` is called with the settings: an address, a name and a mode. It may throw. */
  constructor(maximum, submit) {
    const query = new URLSearchParams(location.search);
    element("name").value = query.get("name") ?? remembered();
    element("address").value = addressOf("chat");
    if (query.get("mode") === "multiplayer") element("mode-multiplayer").checked = true;

    const form = element("join-form");
    showMeasure("name", (name) => `${length(name)} of ${maximum}`);
    form.addEventListener("input", () => showTerminalLine(settings()));
    showTerminalLine(settings());
    onSubmit("join-form", () => {
      clearProblems(form);
      try {
        submit(settings());
      } catch (error) {
        showProblem(FIELD_AT_FAULT[error.name] ?? "address", error.message);
      }
    });
  }

  /** Goes to the first field that is empty, or to the button. */
  focus() {
    element(element("name").value === "" ? "name" : "join").focus();
  }

  setState(state) {
    element("join").textContent = state === "closed" ? "Join" : "Cancel";
  }

  /** Shows why the connection did not open. It does not move a person who types meanwhile. */
  showEnd(why) {
    const isTyping = document.activeElement?.matches("input:not([type=radio])");
    showProblem("address", why, { focus: !isTyping });
  }

  remember({ name }) {
    try {
      sessionStorage.setItem(NAME_KEY, name);
    } catch {
      // Storage is turned off. The name is typed again after a reload.
    }
  }
}

function settings() {
  return {
    address: element("address").value.trim(),
    name: element("name").value.trim(),
    mode: element("mode-multiplayer").checked ? "multiplayer" : "plain",
  };
}

function remembered() {
  try {
    return sessionStorage.getItem(NAME_KEY) ?? "";
  } catch {
    return "";
  }
}
