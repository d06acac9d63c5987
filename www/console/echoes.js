// Times how long a packet is on its way there and back: from sending it until the same packet is received.
//
// Browsers let no page send a ping, so this needs a server that sends packets back.

/** Packets that wait for their echo. A server that sends nothing back must not fill the page's memory. */
const MOST_WAITING = 64;

/** A larger packet is not compared. */
const LARGEST_BYTES = 4096;

/** An equal packet that comes later than this is another packet. */
const MILLISECONDS_AT_MOST = 60_000;

export class Echoes {
  #waiting = [];

  /** Notes a packet that was sent at this time, in milliseconds: text as a string, binary as bytes. */
  sent(data, time, isProbe = false) {
    if (data.length > LARGEST_BYTES) return;
    this.#waiting.push({ data, time, isProbe });
    if (this.#waiting.length > MOST_WAITING) this.#waiting.shift();
  }

  /** If a received packet is an echo: `roundTrip` in milliseconds, and `isProbe`. */
  received(data, time) {
    const at = this.#waiting.findIndex((sent) => time - sent.time <= MILLISECONDS_AT_MOST && isSame(sent.data, data));
    if (at < 0) return undefined;
    const [sent] = this.#waiting.splice(at, 1);
    return { roundTrip: Math.max(0, time - sent.time), isProbe: sent.isProbe };
  }

  /** The number of probes that are not back yet. */
  get waitingProbes() {
    return this.#waiting.filter((sent) => sent.isProbe).length;
  }

  clear() {
    this.#waiting = [];
  }
}

function isSame(one, other) {
  if (typeof one !== typeof other || one.length !== other.length) return false;
  return typeof one === "string" ? one === other : one.every((byte, at) => byte === other[at]);
}
