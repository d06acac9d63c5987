// The JavaScript class `WebSocketMultiplayerPeer`: its names, types, values and errors, with a server of this crate. The
// connection itself is tested in Rust.

import { ConnectionStatus, decodeVariant, encodeVariant, WebSocketMultiplayerPeer } from "/pkg/websocket_peer.js";
import { address, equal, next, test, throws, until } from "./harness.js";

const server = address("server");
const host = address("mid-level");

test("a client gets an id and the server as its only peer, and leaves", async () => {
  const client = WebSocketMultiplayerPeer.connect(host);
  equal([client.status, client.id, client.peers], [ConnectionStatus.Connecting, undefined, []]);
  equal([client.isClosed, client.closeInfo, client.nextEvent()], [false, undefined, undefined]);
  throws("NotOpen", "connecting", () => client.send("all", Uint8Array.of(1)));
  equal(await next(client, "connected"), { type: "connected", peer: 1 });
  equal([client.poll(), client.status, client.peers], [ConnectionStatus.Connected, ConnectionStatus.Connected, [1]]);
  equal(client.id > 1, true);

  client.close();
  equal([client.status, client.peers], [ConnectionStatus.Disconnected, []]);
  throws("NotOpen", "clos", () => client.send(1, Uint8Array.of(1)));
  const { peer, info } = await next(client, "disconnected");
  equal([peer, info.cause, info.code, info], [1, "local", 1000, client.closeInfo]);
  equal([client.isClosed, client.nextEvent()], [true, undefined]);
  client.free();
  throws("Error", "", () => client.poll());
});

test("a failed connection is an event with the cause", async () => {
  const endings = [
    [`${server}/reject/403`, "refused", {}],
    [`${server}/stall-before`, "timed-out", { connectTimeout: 100 }],
    // It opens, and the server never sends an id.
    [`${server}/echo`, "timed-out", { connectTimeout: 500 }],
    // The first packet is not an id.
    [`${server}/burst/1`, "handshake-failed", {}],
  ];
  for (const [url, cause, options] of endings) {
    const client = WebSocketMultiplayerPeer.connect(url, options);
    const { info } = await next(client, "connection-failed");
    equal([info.cause, client.closeInfo, client.id], [cause, info, undefined]);
    equal([client.status, client.isClosed], [ConnectionStatus.Disconnected, true]);
    client.free();
  }
});

test("bytes come back from every target, and an empty packet is not sent", async () => {
  const client = await connected();
  for (const target of ["all", "server", 0, 1, 7, -1, -7]) {
    client.send(target, new Uint8Array());
    client.send(target, Uint8Array.of(0, 255));
    equal(await next(client, "packet"), { type: "packet", from: 1, data: Uint8Array.of(0, 255) });
  }
  for (const target of ["everyone", 1.5, -(2 ** 31), NaN, undefined, null, 1n]) {
    throws("TypeError", "target", () => client.send(target, new Uint8Array(1)));
    throws("TypeError", "target", () => client.sendVariant(target, 1));
  }
  for (const wrong of ["text", [1], new ArrayBuffer(1), undefined]) {
    throws("TypeError", "Uint8Array", () => client.send(1, wrong));
  }
  client.free();
});

test("text from the server is a string", async () => {
  const client = await connected();
  client.send(1, bytes("text"));
  equal((await next(client, "packet")).data, "grüße");
  client.free();
});

test("values come back as bytes that decode to them", async () => {
  const client = await connected();
  const values = [
    ...[null, true, -7, 2n ** 60n, 2.5, "€😀", ""],
    [1, ["two"]],
    new Map([["a", new Map()]]),
    Float32Array.of(0.5),
    { type: "Vector2", x: 1, y: 2 },
  ];
  for (const value of values) {
    client.sendVariant("server", value);
    const { data } = await next(client, "packet");
    equal([data, decodeVariant(data)], [encodeVariant(value), value]);
  }
  throws("TypeError", "has no Godot type", () => client.sendVariant(1, () => 2));
  throws("RangeError", "64 bits", () => client.sendVariant(1, 2n ** 70n));
  client.free();
});

test("the server reaches all clients, and all but one", async () => {
  const [ann, ben] = [await connected(), await connected()];
  const sender = async (client) => decodeVariant((await next(client, "packet", undefined, other(client))).data);
  const other = (client) => (client === ann ? ben : ann);
  ann.send(1, bytes("all"));
  equal([await sender(ann), await sender(ben)], [ann.id, ann.id]);
  ann.send(1, bytes("others"));
  equal(await sender(ben), ann.id);
  ben.send(1, bytes("others"));
  // Her own packet would have arrived before this one.
  equal(await sender(ann), ben.id);
  ann.free();
  ben.free();
});

test("a disconnected client receives the last packet first, then the code and the reason", async () => {
  const client = await connected();
  client.send(1, bytes("dismiss"));
  equal((await next(client, "packet")).data, bytes("dismissed"));
  const { peer, info } = await next(client, "disconnected");
  equal([peer, info.cause, info.code, info.reason], [1, "remote", 4001, "enough"]);
  equal([client.status, client.peers, client.isClosed], [ConnectionStatus.Disconnected, [], true]);
  throws("NotOpen", "closed", () => client.send(1, bytes("hello")));
  client.free();
});

test("a page can be driven by onwake of a mid-level client alone", async () => {
  const client = WebSocketMultiplayerPeer.connect(host);
  equal(client.onwake, null);
  const received = await new Promise((resolve) => {
    client.onwake = () => {
      client.poll();
      for (let event; (event = client.nextEvent()) !== undefined; ) {
        if (event.type === "connected") client.sendVariant("server", "hello");
        if (event.type === "packet") resolve(decodeVariant(event.data));
      }
    };
  });
  equal(received, "hello");
  client.onwake = null;
  equal(client.onwake, null);
  throws("TypeError", "function or null", () => (client.onwake = 5));
  client.free();
});

test("getters and traps may call a mid-level client, and what they throw changes nothing", async () => {
  const client = await connected();
  const mistake = new Error("my own mistake");
  let thrown;
  try {
    client.sendVariant(1, { get a() { throw mistake; } });
  } catch (error) {
    thrown = error;
  }
  equal(thrown === mistake, true);
  client.sendVariant(1, { get a() { return client.poll(); } });
  const { data } = await next(client, "packet");
  equal(decodeVariant(data), new Map([["a", ConnectionStatus.Connected]]));
  const traps = { getPrototypeOf: () => client.poll() && Function.prototype };
  client.onwake = new Proxy(() => {}, traps);
  client.free();
});

test("unknown and invalid options of a mid-level client throw", async () => {
  const wrong = (options, part) =>
    throws("InvalidOption", part, () => WebSocketMultiplayerPeer.connect(host, options));
  wrong({ maxMesageSize: 5 }, "`maxMesageSize`");
  // It is an option of the high level.
  wrong({ relay: true }, "`relay`");
  wrong({ maxMessageSize: 0 }, "`maxMessageSize`");
  throws("InvalidUrl", "ws", () => WebSocketMultiplayerPeer.connect("http://localhost/"));
  throws("TypeError", "url", () => WebSocketMultiplayerPeer.connect());
  const client = WebSocketMultiplayerPeer.connect(host, { outboundBufferSize: 1000 });
  await next(client, "connected");
  throws("PacketTooBig", "1000", () => client.send(1, new Uint8Array(1001)));
  client.free();
});

async function connected() {
  const client = WebSocketMultiplayerPeer.connect(host);
  await next(client, "connected");
  return client;
}

function bytes(text) {
  return new TextEncoder().encode(text);
}
