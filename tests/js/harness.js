// Runs tests one after the other, writes a line for each, and leaves the verdict on the document.

const PATIENCE = 10_000;

const tests = [];

export function test(name, body) {
  tests.push({ name, body });
}

export async function run() {
  let failures = 0;
  for (const { name, body } of tests) {
    try {
      await body();
      report(`ok      ${name}`);
    } catch (error) {
      failures += 1;
      report(`FAILED  ${name}\n        ${error.stack ?? error}`);
    }
  }
  report(`${tests.length} tests, ${failures} failed`);
  conclude(failures === 0 && tests.length > 0);
}

export function report(line) {
  document.querySelector("#report").textContent += `${line}\n`;
}

export function conclude(passed) {
  document.documentElement.dataset.result = passed ? "passed" : "failed";
}

export function equal(actual, expected) {
  const [seen, wanted] = [show(actual), show(expected)];
  if (seen !== wanted) throw new Error(`${seen} instead of ${wanted}`);
}

/** The call throws an error of that name, and the message says the part. */
export function throws(name, part, call) {
  let thrown;
  try {
    call();
  } catch (error) {
    thrown = error;
  }
  if (!(thrown instanceof Error)) throw new Error(`${show(thrown)} was thrown instead of an Error`);
  equal(thrown.name, name);
  if (!thrown.message.includes(part)) throw new Error(`"${thrown.message}" does not say "${part}"`);
}

/** Polls until the condition holds. */
export async function until(peer, what, condition) {
  const end = performance.now() + PATIENCE;
  for (;;) {
    peer.poll();
    if (condition()) return;
    if (performance.now() > end) throw new Error(`waited in vain for ${what}; closeInfo: ${show(peer.closeInfo)}`);
    await pause(1);
  }
}

/** Lets time pass without polling anything. */
export function pause(milliseconds) {
  return new Promise((resume) => setTimeout(resume, milliseconds));
}

/** Text that tells values apart, `undefined` and byte arrays too. */
function show(value) {
  if (value === undefined) return "undefined";
  const named = (_key, part) => {
    if (part === undefined) return "(undefined)";
    return part instanceof Uint8Array ? { Uint8Array: [...part] } : part;
  };
  return JSON.stringify(value, named);
}
