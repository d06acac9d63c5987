// The part of the window that an on-screen keyboard leaves, for browsers that put the keyboard over the page.

/** Keeps the custom property `--window` up to date: the height of the page. */
export function followKeyboard() {
  const viewport = window.visualViewport;
  if (viewport === null || viewport === undefined) return;
  const follow = () => {
    const isCovered = viewport.scale === 1 && viewport.height < window.innerHeight - 1;
    const { style } = document.documentElement;
    if (isCovered) style.setProperty("--window", `${viewport.height}px`);
    else style.removeProperty("--window");
    // Such browsers also scroll the page, although nothing of it is outside of the window.
    if (isCovered) window.scrollTo(0, 0);
  };
  viewport.addEventListener("resize", follow);
}
