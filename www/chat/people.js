// The people in the chat, the own name, and the way out. On a phone it is a panel, which a button opens.

import { element, onSubmit } from "../shared/form.js";
import { avatar, displayName } from "./person.js";
import { clearProblems, showProblem } from "./problems.js";

/** More are counted, not listed. */
const MOST_SHOWN = 200;

export class People {
  #panel = element("people");
  #toggle = element("people-toggle");
  #shown = "";
  #shownName;

  /** `rename` is called with a name, and may throw; `leave` leaves the chat. */
  constructor(rename, leave) {
    const field = element("new-name");
    onSubmit("rename-form", () => {
      clearProblems(field.form);
      try {
        rename(field.value);
        this.#close();
      } catch (error) {
        showProblem("new-name", error.message);
      }
    });
    element("leave").addEventListener("click", () => {
      this.#close();
      leave();
    });
    this.#openAndClose();
  }

  show({ state, name, members, mode }) {
    element("rename").disabled = state !== "open";
    element("leave").disabled = state !== "open";
    element("members-hint").hidden = mode !== "plain" || state !== "open";
    const people = state === "open" ? [{ name, isOwn: true }, ...[...members].sort(byName)] : [];
    // A person may be reading the list.
    const shown = JSON.stringify(people);
    if (shown === this.#shown) return;
    this.#shown = shown;
    // A name that is being typed stays until the own name changes.
    if (name !== this.#shownName) element("new-name").value = name ?? "";
    this.#shownName = name;
    const items = people.slice(0, MOST_SHOWN).map(listItem);
    if (people.length > MOST_SHOWN) items.push(rest(people.length - MOST_SHOWN));
    element("members").replaceChildren(...items);
    for (const count of ["people-count", "people-toggle-count"]) element(count).textContent = people.length;
  }

  #openAndClose() {
    this.#toggle.addEventListener("click", () => (this.#isOpen ? this.#close() : this.#open()));
    document.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || !this.#isOpen) return;
      this.#close();
      this.#toggle.focus();
    });
    document.addEventListener("pointerdown", ({ target }) => {
      if (this.#isOpen && !this.#panel.contains(target) && !this.#toggle.contains(target)) this.#close();
    });
  }

  get #isOpen() {
    return this.#toggle.getAttribute("aria-expanded") === "true";
  }

  #open() {
    this.#toggle.setAttribute("aria-expanded", "true");
    document.documentElement.dataset.people = "open";
    element("members").focus();
  }

  #close() {
    this.#toggle.setAttribute("aria-expanded", "false");
    delete document.documentElement.dataset.people;
  }
}

/** Names in the order of an address book, then those without a name. */
function byName(one, other) {
  if (one.name === undefined || other.name === undefined) return (one.name === undefined) - (other.name === undefined);
  return one.name.localeCompare(other.name);
}

function listItem({ id, name, isOwn }) {
  const item = document.createElement("li");
  const shown = document.createElement("bdi");
  shown.className = "name";
  shown.textContent = isOwn ? (name ?? "No name") : displayName(id, name);
  item.append(avatar(id, name), shown);
  if (isOwn) {
    const you = document.createElement("span");
    you.className = "aside";
    you.textContent = "you";
    item.append(you);
    item.dataset.own = "";
  } else {
    item.dataset.id = id;
  }
  return item;
}

function rest(number) {
  const item = document.createElement("li");
  item.className = "aside";
  item.textContent = `and ${number} more`;
  return item;
}
