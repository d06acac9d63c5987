// Runs tests one after the other, writes a line for each, and sets the result on the document.

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

/** Checks that the call throws an error of this name whose message contains `part`. */
export function throws(name, part, call) {
  let thrown;
  try {
    call();
  } catch (error) {
    thrown = error;
  }
  if (!(thrown instanceof Error)) throw new Error(`${show(thrown)} was thrown instead of an Error`);
  equal(thrown.name, name);
  if (!thrown.message.includes(part)) throw new Error(`"${thrown.message}" does not contain "${part}"`);
}

/** Polls until the condition is true. */
export async function until(peer, what, condition) {
  const end = performance.now() + PATIENCE;
  for (;;) {
    peer.poll();
    if (condition()) return;
    if (performance.now() > end) throw new Error(`timed out waiting for ${what}; closeInfo: ${show(peer.closeInfo)}`);
    await pause(1);
  }
}

/** Waits for the next event of this type, and drops others. `another` client is polled, too. */
export async function next(client, type, is = () => true, another = undefined) {
  const seen = [];
  let found;
  const look = () => {
    another?.poll();
    for (let event; found === undefined && (event = client.nextEvent()) !== undefined; ) {
      seen.push(event.type);
      if (event.type === type && is(event)) found = event;
    }
    return found !== undefined;
  };
  await until(client, `${type}; it saw ${seen}`, look);
  return found;
}

/** Lets time pass without polling anything. */
export function pause(milliseconds) {
  return new Promise((resume) => setTimeout(resume, milliseconds));
}

/** The address of a server that the tests need, from the address of the page. */
export function address(name) {
  const url = new URLSearchParams(location.search).get(name);
  if (url === null) throw new Error(`the page's address has no parameter "${name}"`);
  return url;
}

/** Text that differs for different values, also for `undefined`, `-0`, `bigint`s, maps and typed arrays. */
export function show(value) {
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value === "bigint") return `${value}n`;
  if (Object.is(value, -0)) return "-0";
  if (typeof value !== "object" || value === null) return String(value);
  if (Array.isArray(value)) return `[${value.map(show)}]`;
  if (ArrayBuffer.isView(value)) return `${value.constructor.name}[${[...value].map(show)}]`;
  if (value instanceof Map) return `Map{${[...value].map(([key, item]) => `${show(key)} => ${show(item)}`)}}`;
  return `{${Object.entries(value).map(([key, item]) => `${key}: ${show(item)}`)}}`;
}
