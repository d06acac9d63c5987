// A list in a box that scrolls: it keeps the newest item in view, unless the person has scrolled away from it. Then a
// button leads back.

/** How near to the end the view must be, in CSS pixels, to follow new items. */
const NEAR_END = 24;

export class Follow {
  #view;
  #toNewest;
  #followed = "";

  /** `view` is the box, `list` is in it, and `toNewest` is the button. */
  constructor(view, list, toNewest) {
    this.#view = view;
    this.#toNewest = toNewest;
    toNewest.addEventListener("click", () => this.goToNewest());
    view.addEventListener("scroll", () => this.#noteScroll(), { passive: true });

    // New items make the list higher, and so does a narrower window.
    const resized = new ResizeObserver(() => this.#follow());
    resized.observe(list);
    resized.observe(view);
  }

  goToNewest() {
    this.#toNewest.hidden = true;
    this.#follow();
    this.#view.focus();
  }

  #follow() {
    if (!this.#toNewest.hidden) return;
    this.#view.scrollTop = this.#view.scrollHeight;
    this.#followed = this.#size();
  }

  #size() {
    return `${this.#view.clientWidth} ${this.#view.clientHeight} ${this.#view.scrollHeight}`;
  }

  #noteScroll() {
    // A phone that is turned scrolls the view, too: that is not the person's wish.
    if (this.#toNewest.hidden && this.#size() !== this.#followed) return;
    const { scrollHeight, scrollTop, clientHeight } = this.#view;
    this.#toNewest.hidden = scrollHeight - scrollTop - clientHeight <= NEAR_END;
  }
}
