// Buttons that copy a text of the page, such as a line for a terminal: `<button data-copy="id-of-the-text" hidden>Copy</button>`.

const MILLISECONDS_SHOWN = 2_000;

/** Shows and connects the page's copy buttons. Pages that are not from a secure place have no clipboard, and no buttons. */
export function connectCopyButtons() {
  if (navigator.clipboard === undefined) return;
  for (const button of document.querySelectorAll("button[data-copy]")) {
    button.hidden = false;
    button.addEventListener("click", () => copy(button));
  }
}

async function copy(button) {
  const label = (button.dataset.label ??= button.textContent);
  try {
    await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent);
    button.textContent = "Copied";
  } catch {
    // The person, or a policy, did not allow it. The text can still be selected.
    button.textContent = "Not allowed";
  }
  setTimeout(() => {
    button.textContent = label;
  }, MILLISECONDS_SHOWN);
}
