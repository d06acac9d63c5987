// The package in Node: what differs from browsers. `SERVER` is the address of the scripted test server.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { promisify } from "node:util";

import * as everything from "websocket-peer";

const { init, ReadyState, WebSocketPeer } = everything;
const server = process.env.SERVER;

/** The deadline of what must happen. */
const PATIENCE = 60_000;

test("a Node without WebSocket gets a clear error, and can try again", async () => {
  const { WebSocket } = globalThis;
  delete globalThis.WebSocket;
  await assert.rejects(init(), /^Error: websocket-peer: Node \d+\.\d+\.\d+ has no WebSocket: use Node 22 or newer/);
  globalThis.WebSocket = WebSocket;
});

test("a file that is missing is an error, and the next call can load another", async () => {
  await assert.rejects(init(new URL("missing.wasm", import.meta.url)), { code: "ENOENT" });
  await assert.rejects(init(new Uint8Array(8)), WebAssembly.CompileError);
  await init(readFile(new URL(import.meta.resolve("websocket-peer/websocket_peer.wasm"))));
  const peer = new WebSocketPeer();
  await Promise.all([init(), init(), init()]);
  assert.equal(peer.poll(), ReadyState.Closed, "the module was replaced");
});

test("the package exports what the module has, apart from what loads it", async () => {
  const module = await import(new URL("websocket_peer.js", import.meta.resolve("websocket-peer")));
  const names = Object.keys(module).filter((name) => name !== "default" && name !== "initSync");
  assert.deepEqual(Object.keys(everything).sort(), [...names, "init"].sort());
});

test("packets of any size come back unchanged, also if their array is overwritten after it was sent", async () => {
  const peer = await open("/echo");
  for (const size of [0, 1, 125, 126, 65_535, 65_536, 1_000_000]) {
    const data = Uint8Array.from({ length: size }, (_, index) => index % 251);
    const sent = data.slice();
    peer.send(sent);
    sent.fill(0);
    const packet = await received(peer);
    assert.equal(Buffer.compare(packet, data), 0, `${size} bytes`);
  }
  peer.sendText("grüße ✓");
  assert.equal(await received(peer), "grüße ✓");
  peer.close(4001, "done");
  await until(() => peer.poll() === ReadyState.Closed);
  const { code, cause, clean } = peer.closeInfo;
  assert.deepEqual({ code, cause, clean }, { code: 4001, cause: "local", clean: true });
  peer.free();
});

test("a close of the server has its code and reason", async () => {
  const peer = await open("/send-then-close/2/4002/enough");
  await received(peer);
  await received(peer);
  await until(() => peer.poll() === ReadyState.Closed);
  const { code, reason, cause } = peer.closeInfo;
  assert.deepEqual({ code, reason, cause }, { code: 4002, reason: "enough", cause: "remote" });
  peer.free();
});

test("failures to connect have a cause", async () => {
  for (const [path, cause] of [["/reject/403", "refused"], ["/slow/60000", "timed-out"]]) {
    const peer = new WebSocketPeer({ connectTimeout: cause === "refused" ? PATIENCE : 200 });
    peer.connect(`${server}${path}`);
    await until(() => peer.poll() === ReadyState.Closed);
    assert.equal(peer.closeInfo.cause, cause);
    peer.free();
  }
});

test("onwake is called for packets, and for a deadline", async () => {
  const silent = new WebSocketPeer({ connectTimeout: 200 });
  silent.connect(`${server}/slow/60000`);
  await woken(silent, () => silent.poll() === ReadyState.Closed);
  silent.free();
  const peer = new WebSocketPeer({ connectTimeout: PATIENCE });
  peer.connect(`${server}/echo`);
  await woken(peer, () => peer.poll() === ReadyState.Open);
  peer.sendText("wake");
  let packet;
  await woken(peer, () => peer.poll() === ReadyState.Open && (packet = peer.recv()) !== undefined);
  assert.equal(packet, "wake");
  peer.free();
});

test("init takes a promise of a URL, and later calls do not use their source", async () => {
  const program = `
    import { init, ReadyState } from "websocket-peer";
    await init(Promise.resolve(import.meta.resolve("websocket-peer/websocket_peer.wasm")));
    await init(new URL("file:///missing"));
    setTimeout(() => console.log(ReadyState.Open));
  `;
  const arguments_ = ["--input-type=module", "--eval", program];
  const run = await promisify(execFile)(process.execPath, arguments_, { cwd: import.meta.dirname, timeout: PATIENCE });
  assert.equal(run.stdout, "1\n");
});

test("init loads the module from each source that its types accept", async () => {
  const sources = [
    "wasm.href",
    "wasm",
    "new Request(data)",
    "new Response(bytes, { headers: { 'Content-Type': 'application/wasm' } })",
    "fetch(data)",
    "bytes",
    "bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength)",
    "new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)",
    "new WebAssembly.Module(bytes)",
    "WebAssembly.compile(bytes)",
  ];
  const loaded = async (source) => {
    const program = `
      import { readFile } from "node:fs/promises";
      import { init, ReadyState } from "websocket-peer";
      const wasm = new URL(import.meta.resolve("websocket-peer/websocket_peer.wasm"));
      const bytes = await readFile(wasm);
      const data = "data:application/wasm;base64," + bytes.toString("base64");
      await init(${source});
      console.log(ReadyState.Open);
    `;
    const arguments_ = ["--input-type=module", "--eval", program];
    const run = await promisify(execFile)(process.execPath, arguments_, { cwd: import.meta.dirname, timeout: PATIENCE });
    assert.equal(run.stdout, "1\n", source);
  };
  for (const source of sources) {
    await loaded(source);
  }
});

test("init rejects other sources, also those that resemble a URL or a response", async () => {
  const program = `
    import assert from "node:assert/strict";
    import { readFile } from "node:fs/promises";
    import { init } from "websocket-peer";
    const { href, protocol } = new URL(import.meta.resolve("websocket-peer/websocket_peer.wasm"));
    const bytes = await readFile(new URL(href));
    const arrayBuffer = async () => bytes;
    const instance = new WebAssembly.Instance(new WebAssembly.Module(Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0)));
    const others = [{ href, protocol }, { ok: true, arrayBuffer }, new Blob([bytes]), { module_or_path: bytes }, [...bytes]];
    for (const source of [...others, instance, Promise.resolve(1), null, 1]) {
      await assert.rejects(init(source), TypeError, String(source));
    }
    await init();
  `;
  const arguments_ = ["--input-type=module", "--eval", program];
  await promisify(execFile)(process.execPath, arguments_, { cwd: import.meta.dirname, timeout: PATIENCE });
});

test("an exception of onwake ends the program like any unhandled rejection", async () => {
  const program = `
    import { init, WebSocketPeer } from "websocket-peer";
    await init();
    const peer = new WebSocketPeer();
    peer.onwake = () => {
      throw new Error("a mistake in the program");
    };
    peer.connect("${server}/echo");
  `;
  const run = promisify(execFile)(process.execPath, ["--input-type=module", "--eval", program], {
    cwd: import.meta.dirname,
    timeout: PATIENCE,
  });
  await assert.rejects(run, (error) => error.code === 1 && /^Error: a mistake in the program$/m.test(error.stderr));
});

test("liveness needs no events of a page: the probe is sent after the silence", async () => {
  const peer = await open("/echo", { liveness: { probe: "are you there?", silence: 100, timeout: PATIENCE } });
  assert.equal(await received(peer), "are you there?");
  peer.free();
});

async function open(path, options) {
  const peer = new WebSocketPeer(options);
  peer.connect(`${server}${path}`);
  await until(() => peer.poll() !== ReadyState.Connecting);
  assert.notEqual(peer.state, ReadyState.Closed, peer.closeInfo?.message);
  return peer;
}

async function received(peer) {
  let packet;
  await until(() => peer.poll() !== undefined && (packet = peer.recv()) !== undefined);
  return packet;
}

/** Polls until the condition is true. */
async function until(isTrue) {
  const end = Date.now() + PATIENCE;
  while (!isTrue()) {
    assert.ok(Date.now() < end, `timed out waiting for ${isTrue}`);
    await pause(5);
  }
}

/** Checks the condition only when `onwake` is called, until it is true. */
async function woken(peer, isTrue) {
  const { promise, resolve, reject } = Promise.withResolvers();
  const timer = setTimeout(() => reject(new Error(`onwake: timed out waiting for ${isTrue}`)), PATIENCE);
  peer.onwake = () => {
    if (isTrue()) {
      resolve();
    }
  };
  await promise;
  clearTimeout(timer);
  peer.onwake = null;
}
