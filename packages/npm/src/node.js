// The entry for Node, which cannot fetch files.

import { readFile } from "node:fs/promises";

import { load } from "./load.js";

export * from "./classes.js";

export async function init(source = new URL("./websocket_peer.wasm", import.meta.url)) {
  if (typeof WebSocket === "undefined") {
    const advice = "use Node 22 or newer, or set globalThis.WebSocket to a class that is compatible with browsers";
    throw new Error(`websocket-peer: Node ${process.versions.node} has no WebSocket: ${advice}`);
  }
  return load(source, (source) => (isFile(source) ? readFile(new URL(source)) : source));
}

/** Returns true for a URL with the scheme `file:`, as a `URL` or a string. */
function isFile(source) {
  return /^file:/i.test(source instanceof URL ? source.href : typeof source === "string" ? source : "");
}
