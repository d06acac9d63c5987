// The field at the bottom: one line, which Enter sends. It keeps its text until that was sent.

import { element, onSubmit, rememberLast, showMeasure } from "../shared/form.js";
import { clearProblems, length, showProblem } from "./problems.js";

const LINE_ENDS = /\r\n|[\r\n\u2028\u2029]/g;

export class Composer {
  #field = element("line");

  /** `send` is called with the text. If it throws, the text stays in the field. */
  constructor(maximum, send) {
    const clear = rememberLast("line");
    const counter = element("line-size");
    showMeasure("line", (text) => `${length(text)} of ${maximum}`);
    this.#field.addEventListener("input", (event) => {
      if (!event.isComposing) this.#joinLines();
      this.#fitHeight();
      counter.classList.toggle("over", length(this.#field.value) > maximum);
    });
    this.#sendOnEnter();

    onSubmit("line-form", () => {
      clearProblems(this.#field.form);
      const text = this.#field.value;
      if (text.trim() === "") return this.focus();
      try {
        send(text);
        clear();
        this.focus();
      } catch (error) {
        showProblem("line", `Not sent: ${error.message}`);
      }
    });
    // A press on the button leaves the focus in the field, so that a phone's keyboard stays open.
    element("send").addEventListener("mousedown", (event) => event.preventDefault());
  }

  focus() {
    this.#field.focus({ preventScroll: true });
  }

  #sendOnEnter() {
    // Shift+Enter does nothing, because a line is one line.
    this.#field.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && event.shiftKey) event.preventDefault();
    });
    // Keyboards of phones report no key here, but a new line. Input methods that choose a word by Enter report none.
    this.#field.addEventListener("beforeinput", (event) => {
      if (event.inputType !== "insertLineBreak" && event.inputType !== "insertParagraph") return;
      event.preventDefault();
      this.#field.form.requestSubmit();
    });
  }

  /** Text that was pasted may have line ends. */
  #joinLines() {
    const { value, selectionEnd } = this.#field;
    const joined = value.replace(LINE_ENDS, " ");
    if (joined === value) return;
    const caret = value.slice(0, selectionEnd).replace(LINE_ENDS, " ").length;
    this.#field.value = joined;
    this.#field.setSelectionRange(caret, caret);
    this.#field.dispatchEvent(new Event("input"));
  }

  /** Lets the field grow with its text, where the browser does not do that. */
  #fitHeight() {
    if (CSS.supports("field-sizing", "content")) return;
    this.#field.style.height = "auto";
    this.#field.style.height = `${this.#field.scrollHeight + 2}px`;
  }
}
