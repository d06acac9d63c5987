// What is wrong with a field, below it, for a person to read.

import { element } from "../shared/form.js";

/** The length of a text as the library counts it: in characters, without the spaces around it. */
export const length = (text) => Array.from(text.trim()).length;

/** Shows the text as a sentence below a field, and goes there, unless `focus` is false. It stays until the field changes. */
export function showProblem(fieldId, text, { focus = true } = {}) {
  const field = element(fieldId);
  element(`${fieldId}-problem`).textContent = sentence(text);
  field.setAttribute("aria-invalid", "true");
  if (focus) field.focus();
  field.addEventListener("input", () => clearProblem(field), { once: true });
}

export function clearProblems(form) {
  for (const field of form.querySelectorAll("[aria-invalid]")) clearProblem(field);
}

function clearProblem(field) {
  element(`${field.id}-problem`).textContent = "";
  field.removeAttribute("aria-invalid");
}

function sentence(text) {
  const [first = "", ...rest] = text;
  const end = /[.!?…]$/.test(text) ? "" : ".";
  return `${first.toUpperCase()}${rest.join("")}${end}`;
}
