// Two dice with ten faces each show the tens and the units of a roll of 0 to 99. They tumble, except for people who asked
// their system for less motion.

import { element } from "../shared/form.js";

const MILLISECONDS_OF_TUMBLING = 700;
const MILLISECONDS_OF_A_FACE = 70;

export class Dice {
  #box = element("dice");
  #result = element("result");
  #tens = this.#box.querySelector(".tens text");
  #units = this.#box.querySelector(".units text");
  #timer;

  /** Shows what a player did: a roll with its number, or that it passed. */
  acted({ name, action, value }) {
    clearInterval(this.#timer);
    this.#box.dataset.action = action;
    if (action === "pass") {
      this.#settle("–", "–", `${name} passes`);
      delete this.#box.dataset.value;
      return;
    }
    const settle = () => this.#settle(`${Math.floor(value / 10)}0`, `${value % 10}`, `${name} rolls ${value}`);
    this.#box.dataset.value = value;
    if (document.hidden || matchMedia("(prefers-reduced-motion: reduce)").matches) settle();
    else this.#tumble(settle);
  }

  forget() {
    clearInterval(this.#timer);
    delete this.#box.dataset.action;
    delete this.#box.dataset.value;
    this.#settle("–", "–", "");
    this.#box.setAttribute("aria-label", "Two dice, not rolled yet");
  }

  #tumble(settle) {
    const end = performance.now() + MILLISECONDS_OF_TUMBLING;
    // Without the attribute for a moment, so that dice that still tumble start over.
    this.#box.classList.remove("tumbling");
    void this.#box.offsetWidth;
    this.#box.classList.add("tumbling");
    this.#result.textContent = "";
    this.#timer = setInterval(() => {
      if (performance.now() >= end) {
        clearInterval(this.#timer);
        settle();
        return;
      }
      this.#tens.textContent = `${randomDigit()}0`;
      this.#units.textContent = randomDigit();
    }, MILLISECONDS_OF_A_FACE);
  }

  #settle(tens, units, sentence) {
    this.#box.classList.remove("tumbling");
    this.#tens.textContent = tens;
    this.#units.textContent = units;
    this.#result.textContent = sentence;
    this.#box.setAttribute("aria-label", `Dice: ${sentence}`);
  }
}

const randomDigit = () => Math.floor(Math.random() * 10);
