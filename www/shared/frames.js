// Calls a function once an animation frame, and a few times a second where the page gets no frames.

/** Browsers give hidden pages no frames. Timers go on there, though slowed down to one a second or less. */
const MILLISECONDS_WITHOUT_FRAMES = 250;

/** Calls `step` from the next frame on, until it answers `false`. */
export function everyFrame(step) {
  let frame;
  let timer;

  const wait = () => {
    frame = requestAnimationFrame(run);
    timer = setTimeout(run, MILLISECONDS_WITHOUT_FRAMES);
  };
  const run = () => {
    cancelAnimationFrame(frame);
    clearTimeout(timer);
    if (step() !== false) wait();
  };
  wait();
}
