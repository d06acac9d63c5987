// Keeps the end of a list in view while the person is there, and otherwise what the person reads.

/** How near to the end the view must be, in CSS pixels, to count as there. */
const NEAR_END = 32;

export class ScrollKeeper {
  #view;
  #list;
  #moved;
  /** What to keep: `undefined` for the end, otherwise an item and its distance from the top of the view. */
  #anchor;
  /** The heights for which the view was scrolled last. */
  #heights = {};

  /** `moved` is called when the person has scrolled. */
  constructor(view, list, moved) {
    this.#view = view;
    this.#list = list;
    this.#moved = moved;
    view.addEventListener("scroll", () => this.#noteScroll(), { passive: true });
    // A narrower window makes the list higher, and a phone's keyboard makes the view lower.
    const resized = new ResizeObserver(() => this.#restore());
    resized.observe(list);
    resized.observe(view);
  }

  get isAtEnd() {
    return this.#anchor === undefined;
  }

  /** Makes a change to the list; then what the person reads is where it was. */
  keep(change) {
    change();
    this.#restore();
  }

  goToEnd() {
    this.#anchor = undefined;
    this.#restore();
  }

  #restore() {
    const { item, distance } = this.#anchor ?? {};
    if (item === undefined) {
      this.#view.scrollTop = this.#view.scrollHeight;
    } else if (item.isConnected) {
      this.#view.scrollTop += this.#distanceOf(item) - distance;
    } else {
      // The list lost its oldest items, and this one was among them.
      this.#view.scrollTop = 0;
      this.#setAnchor();
    }
    this.#heights = this.#measure();
  }

  #noteScroll() {
    const { view, list } = this.#measure();
    // The browser scrolled because a size changed, of which the observer reports next.
    if (view !== this.#heights.view || list !== this.#heights.list) return;
    const { scrollHeight, scrollTop, clientHeight } = this.#view;
    if (scrollHeight - scrollTop - clientHeight <= NEAR_END) this.#anchor = undefined;
    else this.#setAnchor();
    this.#moved();
  }

  #setAnchor() {
    const item = Array.from(this.#list.children).find((child) => this.#distanceOf(child) + child.offsetHeight > 0);
    this.#anchor = item && { item, distance: this.#distanceOf(item) };
  }

  #distanceOf(item) {
    return item.getBoundingClientRect().top - this.#view.getBoundingClientRect().top;
  }

  #measure() {
    return { view: this.#view.clientHeight, list: this.#view.scrollHeight };
  }
}
