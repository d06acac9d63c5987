// The entry for web pages and workers. Bundlers recognise the URL below, and add the module to their output.

import { load } from "./load.js";

export * from "./classes.js";

export function init(source = new URL("./websocket_peer.wasm", import.meta.url)) {
  return load(source);
}
