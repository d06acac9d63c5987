// One connection at a time: a ChatClient, polled when it wakes the page, and its events.

import { everyFrame } from "../shared/frames.js";

export class Session {
  #ChatClient;
  #show;
  #stopped;
  #client;
  #isAwake = false;

  /**
   * `show` is called with the events since the last time. `stopped` is called with an error that no call should throw, such
   * as a trap in the module; nothing happens afterwards.
   */
  constructor(ChatClient, show, stopped) {
    this.#ChatClient = ChatClient;
    this.#show = show;
    this.#stopped = stopped;
  }

  get state() {
    return this.#guard(() => this.#client?.state) ?? "closed";
  }

  /** The own name; `undefined` while there is none. */
  get name() {
    return this.#guard(() => this.#client?.name);
  }

  /** The other members. */
  get members() {
    return this.#guard(() => this.#client?.members) ?? [];
  }

  /** Begins to connect. Throws if the settings are wrong; the last connection is as before then. */
  connect({ address, name, mode }) {
    this.#guard(() => {
      const next = this.#ChatClient.connect(address, { name, mode });
      next.onwake = () => this.#wake();
      this.#client?.free();
      this.#client = next;
    });
    this.#wake();
  }

  /** Calls `action` with the client, if there is one, and shows at once what follows from it. */
  act(action) {
    this.#guard(() => this.#client && action(this.#client));
    this.#drain();
    this.#wake();
  }

  /** Polls from the next frame on, until nothing is left to read. */
  #wake() {
    if (this.#isAwake) return;
    this.#isAwake = true;
    everyFrame(() => {
      // Should showing an event fail, the next wake-up polls again.
      this.#isAwake = false;
      this.#guard(() => this.#client?.poll());
      this.#isAwake = this.#drain();
      return this.#isAwake;
    });
  }

  /** Shows the events that have happened. Returns `true` if there were any. */
  #drain() {
    const events = [];
    const next = () => this.#guard(() => this.#client?.nextEvent());
    for (let event = next(); event !== undefined; event = next()) events.push(event);
    if (events.length > 0) this.#show(events);
    return events.length > 0;
  }

  #guard(action) {
    try {
      return action();
    } catch (error) {
      if (!(error instanceof WebAssembly.RuntimeError)) throw error;
      // The module is in an unknown state: its client is neither used nor freed.
      this.#client = undefined;
      this.#stopped(error);
      return undefined;
    }
  }
}
