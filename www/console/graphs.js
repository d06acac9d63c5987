// The two graphs of the console, round-trip time and bytes per second, and their numbers as text. Twice a second at most:
// more often than that no number can be read, and a hidden page draws nothing at all.

import { element, setText } from "../shared/form.js";
import { perSecond, milliseconds } from "../shared/bytes.js";
import { LOWER_HALF, UP, UPPER_HALF, paths } from "./chart.js";
import { Echoes } from "./echoes.js";
import { Meter, WINDOW_MILLISECONDS, axisEnd, median } from "./meter.js";

const MILLISECONDS_BETWEEN = 500;

/** The number of probes without an echo from which on the page reports that there is none. */
const MANY_WAITING = 4;

/** Measurements farther apart than this are not joined by a line. */
const LONGEST_LINE = 5_000;

export class Graphs {
  #meter = new Meter();
  #echoes = new Echoes();
  #stats;
  #probe;
  #timer;
  #quietSince = -Infinity;
  #probes = 0;

  /**
   * `stats` returns the counters of the connection, or `undefined` if it is closed; `probe` sends bytes, and returns
   * `false` if it cannot.
   */
  constructor(stats, probe) {
    this.#stats = stats;
    this.#probe = probe;
    element("probe").disabled = false;
    document.addEventListener("visibilitychange", () => (document.hidden ? this.#pause() : this.start()));
    this.#draw(performance.now());
  }

  /** Measures and draws from now on, for as long as there is something to show. */
  start() {
    this.#quietSince = performance.now();
    if (this.#timer !== undefined || document.hidden) return;
    this.#timer = setInterval(() => this.#tick(), MILLISECONDS_BETWEEN);
  }

  /** Starts over for a new connection. */
  reset() {
    this.#echoes.clear();
    this.#meter.interrupt();
    this.start();
  }

  /** Notes a packet of the user. */
  sent(data) {
    this.#echoes.sent(data, performance.now());
  }

  /** Notes a received packet. Returns `true` if it is the echo of a probe, which the user did not send. */
  received(data) {
    const now = performance.now();
    const echo = this.#echoes.received(data, now);
    if (echo !== undefined) this.#meter.roundTrip(echo.roundTrip, now);
    return echo?.isProbe === true;
  }

  #pause() {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#meter.interrupt();
  }

  #tick() {
    const now = performance.now();
    const stats = this.#stats();
    if (stats !== undefined) {
      this.#quietSince = now;
      if (element("probe").checked) this.#sendProbe();
      this.#meter.sample(stats, now);
    } else if (now - this.#quietSince > WINDOW_MILLISECONDS) {
      this.#pause();
    }
    this.#draw(now);
  }

  /** Eight bytes that no other packet has by accident: a number, and the time. */
  #sendProbe() {
    this.#probes += 1;
    const bytes = new Uint8Array(8);
    new DataView(bytes.buffer).setUint32(0, this.#probes);
    crypto.getRandomValues(bytes.subarray(4));
    const time = performance.now();
    if (this.#probe(bytes)) this.#echoes.sent(bytes, time, true);
  }

  #draw(now) {
    const { rates, roundTrips } = this.#meter.window(now);
    this.#drawRoundTrips(roundTrips, now);
    this.#drawRates(rates, now);
  }

  #drawRoundTrips(roundTrips, now) {
    const values = roundTrips.map((trip) => trip.value);
    const end = axisEnd(Math.max(0, ...values), 1);
    const { line, area, dots } = paths(roundTrips, (trip) => trip.value, { now, end, longest: LONGEST_LINE, place: UP });
    draw("round-trip-line", line);
    draw("round-trip-area", area);
    draw("round-trip-dots", dots);
    setText("round-trip-end", milliseconds(end));

    const isSilent = element("probe").checked && this.#stats() !== undefined && this.#echoes.waitingProbes >= MANY_WAITING;
    setText("round-trip", isSilent ? "no echo" : milliseconds(values.at(-1)));
    setText("round-trip-median", milliseconds(median(values)));
  }

  #drawRates(rates, now) {
    const end = axisEnd(Math.max(0, ...rates.flatMap((rate) => (rate ? [rate.sent, rate.received] : []))), 100);
    for (const [direction, place] of [["sent", UPPER_HALF], ["received", LOWER_HALF]]) {
      const of = (rate) => rate[direction];
      const { line, area } = paths(rates, of, { now, end, place });
      draw(`rate-${direction}-line`, line);
      draw(`rate-${direction}-area`, area);
      const last = this.#stats() && rates.at(-1);
      setText(`rate-${direction}`, perSecond(last ? of(last) : 0));
      setText(`rate-${direction}-end`, perSecond(end));
    }
  }
}

function draw(id, path) {
  element(id).setAttribute("d", path);
}
