// The bar above the field while there is no connection: why, and the way back.

import { element } from "../shared/form.js";

export class Ending {
  #bar = element("ending");
  #text = element("ending-text");
  #again = element("reconnect");
  #why = "";

  /** `again` is called to connect as before, or to cancel that; `change` to go back to the form. */
  constructor(again, change) {
    this.#again.addEventListener("click", again);
    element("change").addEventListener("click", change);
  }

  /** Shows why the connection ended, or did not open. */
  show(why) {
    this.#why = why;
  }

  setState(state) {
    const isConnecting = state === "connecting";
    const text = isConnecting ? "Connecting…" : this.#why;
    this.#again.textContent = isConnecting ? "Cancel" : "Connect again";
    this.#bar.hidden = state === "open" || state === "closing";
    // Not announced: the log has it, too.
    this.#text.textContent = text;
  }
}
