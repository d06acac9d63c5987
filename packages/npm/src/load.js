// Loads the WebAssembly module once, for both entries.

import instantiate from "./websocket_peer.js";

let loading;

/**
 * Calls after the first share its result, and do not use their source. After a failure the next call tries again.
 * `read` returns what the module is loaded from, for a source that is no promise any more.
 */
export function load(source, read = (source) => source) {
  loading ??= loadOnce(source, read);
  return loading;
}

async function loadOnce(source, read) {
  try {
    await instantiate({ module_or_path: bytes(await read(await source)) });
  } catch (error) {
    loading = undefined;
    throw error;
  }
}

/** Returns any view of bytes as the one that all engines take: V8 rejects a `DataView`. Returns other sources as they are. */
function bytes(source) {
  return ArrayBuffer.isView(source) ? new Uint8Array(source.buffer, source.byteOffset, source.byteLength) : source;
}
