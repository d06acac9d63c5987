// What the page remembers for the next visit, such as the person's name. A browser may not allow that; then nothing is.

export function remembered(key) {
  try {
    return localStorage.getItem(key) ?? "";
  } catch {
    return "";
  }
}

export function remember(key, value) {
  try {
    localStorage.setItem(key, value);
  } catch {
    // The page works without it.
  }
}
