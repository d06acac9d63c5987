// What the plain form controls of this page share: problems beside fields, buttons that pass on the focus,
// and fields that remember what was sent.

export const element = (id) => document.getElementById(id);

/** Leaves alone what is right already, so that it can be called often. */
export function setText(id, value) {
  const text = String(value);
  const target = element(id);
  if (target.textContent !== text) target.textContent = text;
}

/** Runs `action` on Enter in a field of the form and on its button. Browsers skip it while the button is disabled. */
export function onSubmit(formId, action) {
  element(formId).addEventListener("submit", (event) => {
    event.preventDefault();
    action();
  });
}

/** Makes Enter in a text area submit its form, as it does in an input. Shift+Enter still starts a new line. */
export function submitOnEnter(textAreaId) {
  const area = element(textAreaId);
  area.addEventListener("keydown", (event) => {
    // Enter may also choose a suggestion of an input method.
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    if (!area.form.querySelector("[type=submit]").disabled) area.form.requestSubmit();
  });
}

/** Shows an error below a field and takes the person there. It stays until the field changes or is used again. */
export function showProblem(fieldId, error, text = `${error.name}: ${error.message}`) {
  const field = element(fieldId);
  element(`${fieldId}-problem`).textContent = text;
  field.setAttribute("aria-invalid", "true");
  field.focus();
  field.addEventListener("input", () => clearProblem(field), { once: true });
}

export function clearProblems(form) {
  for (const field of form.querySelectorAll("[aria-invalid]")) clearProblem(field);
}

function clearProblem(field) {
  element(`${field.id}-problem`).textContent = "";
  field.removeAttribute("aria-invalid");
}

/** A button that is disabled while it has the keyboard's focus hands it to the first field of its form, where Enter does no harm. */
export function enable(buttonId, enabled) {
  const button = element(buttonId);
  const strandsFocus = !enabled && button.matches(":focus-visible");
  button.disabled = !enabled;
  if (strandsFocus) button.form.elements[0].focus();
}

/** Gives a field a memory of one: arrow up brings it back into the empty field. The answer keeps the field's value and empties it. */
export function rememberLast(fieldId) {
  const field = element(fieldId);
  let last = "";
  const set = (value) => {
    field.value = value;
    field.dispatchEvent(new Event("input"));
  };
  field.addEventListener("keydown", (event) => {
    if (event.key !== "ArrowUp" || field.value !== "" || event.isComposing) return;
    event.preventDefault();
    set(last);
  });
  return () => {
    last = field.value;
    set("");
  };
}

/** Keeps the note beside a field's label up to date with the field. */
export function showMeasure(fieldId, measure) {
  const field = element(fieldId);
  const show = () => {
    element(`${fieldId}-size`).textContent = measure(field.value);
  };
  field.addEventListener("input", show);
  show();
}
