// Graphs of the last minute as SVG paths, on a ground of 600 by 100 that the page stretches. The labels are text of the page.

import { WINDOW_MILLISECONDS } from "./meter.js";

const WIDTH = 600;

/** Where the value 0 is, and which way and how far the end of the axis is from it. */
export const UP = { zero: 100, height: 100 };
export const UPPER_HALF = { zero: 50, height: 50 };
export const LOWER_HALF = { zero: 50, height: -50 };

/**
 * The paths of samples with a `time` and a value: `line`, `area` between it and zero, and `dots`. `undefined` among the samples
 * ends a line, and so does a pause of more than `longest` milliseconds.
 */
export function paths(samples, valueOf, { now, end, longest = Infinity, place }) {
  const at = (sample) => {
    const x = WIDTH * (1 - (now - sample.time) / WINDOW_MILLISECONDS);
    const y = place.zero - place.height * Math.min(valueOf(sample) / end, 1);
    return { x: x.toFixed(1), y: y.toFixed(1) };
  };
  const lines = connected(samples, longest).map((part) => part.map(at));
  const through = (points) => points.map(({ x, y }) => `${x} ${y}`).join("L");
  return {
    line: lines.map((points) => `M${through(points)}`).join(""),
    area: lines.map((points) => `M${points[0].x} ${place.zero}L${through(points)}V${place.zero}Z`).join(""),
    // A line without length, which a round cap makes visible.
    dots: lines.flat().map(({ x, y }) => `M${x} ${y}h0`).join(""),
  };
}

function connected(samples, longest) {
  const parts = [];
  let last;
  for (const sample of samples) {
    if (sample !== undefined) {
      if (last === undefined || sample.time - last.time > longest) parts.push([]);
      parts.at(-1).push(sample);
    }
    last = sample;
  }
  return parts;
}
