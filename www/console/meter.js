// What the graphs show: bytes per second in each direction and round-trip times, of the last minute.

export const WINDOW_MILLISECONDS = 60_000;

/** The largest number of samples, and of round trips, that are kept; a flood of echoes keeps the newest. */
const MOST_KEPT = 600;

export class Meter {
  #rates = [];
  #roundTrips = [];
  #last;

  /** Starts over with the counters of a new connection, or after a pause. What was measured stays; a gap follows. */
  interrupt() {
    this.#last = undefined;
    if (this.#rates.length === 0 || this.#rates.at(-1) === undefined) return;
    this.#rates.push(undefined);
    bound(this.#rates);
  }

  /** Takes the counters of the connection, and returns the rates since the last call. */
  sample({ bytesSent, bytesReceived }, time) {
    const last = this.#last;
    this.#last = { bytesSent, bytesReceived, time };
    if (last === undefined || time <= last.time) return;
    const perSecond = (bytes) => (bytes * 1000) / (time - last.time);
    this.#rates.push({
      time,
      sent: perSecond(bytesSent - last.bytesSent),
      received: perSecond(bytesReceived - last.bytesReceived),
    });
    bound(this.#rates);
  }

  roundTrip(milliseconds, time) {
    this.#roundTrips.push({ time, value: milliseconds });
    bound(this.#roundTrips);
  }

  /** The samples of the window that ends at `now`, oldest first. `undefined` among the rates is a gap. */
  window(now) {
    const isRecent = (sample) => sample === undefined || now - sample.time <= WINDOW_MILLISECONDS;
    return { rates: this.#rates.filter(isRecent), roundTrips: this.#roundTrips.filter(isRecent) };
  }
}

function bound(samples) {
  if (samples.length > MOST_KEPT) samples.shift();
}

/** The middle of some numbers; `undefined` of none. */
export function median(numbers) {
  return [...numbers].sort((one, other) => one - other)[numbers.length >> 1];
}

/** The end of an axis on which `highest` fits: 1, 2 or 5 times a power of ten, and at least `least`. */
export function axisEnd(highest, least) {
  const wanted = Math.max(highest, least);
  const power = 10 ** Math.floor(Math.log10(wanted));
  return [1, 2, 5, 10].map((step) => step * power).find((end) => end >= wanted * 0.999) ?? wanted;
}
