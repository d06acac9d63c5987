// What `init()` accepts and rejects, with the declarations of browsers. It is compiled, and never runs. `node.test.js` has the
// same at run time.

import { init } from "websocket-peer";

export async function accepted(bytes: Uint8Array<ArrayBuffer>, of_any_memory: Uint8Array): Promise<void> {
  await init(new URL("https://example.org/websocket_peer.wasm"));
  await init(new Request("/websocket_peer.wasm"));
  await init(await fetch("/websocket_peer.wasm"));
  await init(fetch("/websocket_peer.wasm"));
  await init(bytes);
  await init(of_any_memory);
  await init(bytes.buffer);
  await init(new DataView(bytes.buffer));
  await init(new WebAssembly.Module(bytes));
  await init(WebAssembly.compileStreaming(fetch("/websocket_peer.wasm")));
}

export async function rejected(bytes: Uint8Array<ArrayBuffer>): Promise<void> {
  // @ts-expect-error: it resembles a URL, but is none
  await init(location);
  // @ts-expect-error: the same
  await init(document.createElement("a"));
  // @ts-expect-error: the same
  await init({ href: "/websocket_peer.wasm", protocol: "https:" });
  // @ts-expect-error: it resembles a response, but is none
  await init({ ok: true, arrayBuffer: async () => bytes.buffer });
  // @ts-expect-error: its bytes are read by `arrayBuffer()`
  await init(new Blob([bytes]));
  // @ts-expect-error: what the module's own JavaScript takes
  await init({ module_or_path: bytes });
  // @ts-expect-error: numbers, but no bytes
  await init([0, 97, 115, 109]);
  // @ts-expect-error: the functions of a module, not the module
  await init(new WebAssembly.Instance(new WebAssembly.Module(bytes)));
  // @ts-expect-error: a promise of something else
  await init(Promise.resolve(1));
  // @ts-expect-error: only `undefined` stands for the package's file
  await init(null);
}
