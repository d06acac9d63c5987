// The JavaScript class `SceneMultiplayer`: its names, types, values and errors, in a session that a server of this crate
// hosts. The session itself is tested in Rust.

import { ConnectionStatus, SceneMultiplayer } from "/pkg/websocket_peer.js";
import { address, equal, next, test, throws, until } from "./harness.js";

const server = address("server");
const session = address("session");
const closed = address("closed");

/** The methods of the host at `Echo`. */
const ECHO = {
  say: { caller: "any-peer", variadic: true },
  measure: { caller: "any-peer", parameters: ["Variant"] },
  misuse: { caller: "any-peer", parameters: ["Variant"] },
  dismiss: { caller: "any-peer" },
  appear: { caller: "any-peer" },
  trust: { caller: "any-peer" },
  reserved: {},
};

test("a client joins, gets an id and the server as a peer, and leaves", async () => {
  const client = SceneMultiplayer.connect(session);
  equal([client.status, client.id, client.peers], [ConnectionStatus.Connecting, undefined, []]);
  equal([client.isClosed, client.closeInfo, client.nextEvent()], [false, undefined, undefined]);
  const { id } = await next(client, "connected");
  equal(await next(client, "peer-connected"), { type: "peer-connected", peer: 1 });
  equal([client.status, client.id === id, id > 1], [ConnectionStatus.Connected, true, true]);
  equal(client.peers.includes(1), true);

  client.close();
  equal(client.status, ConnectionStatus.Disconnected);
  await until(client, "the end", () => client.isClosed);
  equal([client.closeInfo.clean, client.closeInfo.cause, client.peers], [true, "local", []]);
  client.free();
  throws("Error", "", () => client.poll());
});

test("the statuses have Godot's numbers, and poll returns them", () => {
  const { Disconnected, Connecting, Connected } = ConnectionStatus;
  equal([Disconnected, Connecting, Connected], [0, 1, 2]);
  const client = SceneMultiplayer.connect(session);
  equal(client.poll(), Connecting);
  client.free();
});

test("a client that leaves gets only the event disconnected", async () => {
  const client = await join();
  client.close();
  equal(client.peers, []);
  const { info } = await next(client, "disconnected");
  equal([info.cause, info.code, info], ["local", 1000, client.closeInfo]);
  equal(client.nextEvent(), undefined);
  client.free();
});

test("a failed connection is reported with its cause", async () => {
  const endings = [
    [`${server}/reject/403`, "refused", {}],
    [`${server}/stall-before`, "timed-out", { connectTimeout: 100 }],
    // It opens, and the server never sends an id.
    [`${server}/echo`, "timed-out", { connectTimeout: 1000 }],
  ];
  for (const [url, cause, options] of endings) {
    const client = SceneMultiplayer.connect(url, options);
    const { info } = await next(client, "connection-failed");
    equal([info.cause, client.status, client.isClosed], [cause, ConnectionStatus.Disconnected, true]);
    client.free();
  }
});

test("a first packet that is not an id ends the attempt", async () => {
  const client = SceneMultiplayer.connect(`${server}/burst/1`);
  const { info } = await next(client, "connection-failed");
  equal(info.cause, "handshake-failed");
  equal(client.closeInfo, info);
  client.free();
});

test("arguments of every type come back unchanged", async () => {
  const { client, echo } = await admitted();
  const rounds = [
    [],
    [null, true, -7, 2n ** 60n, 2.5, NaN, "€😀", ""],
    [[1, [2, ["three"]]], new Map([["a", new Map([[null, []]])]])],
    [Uint8Array.of(1, 2), Int32Array.of(-1), BigInt64Array.of(-1n), Float32Array.of(0.5), Float64Array.of(0.1)],
    [{ type: "Vector2", x: 1, y: 2 }, { type: "Color", r: 1, g: 0, b: 0, a: 0.5 }, { type: "NodePath", path: "../x:y" }],
    Array.from({ length: 255 }, (_, index) => index),
  ];
  for (const values of rounds) {
    client.call(echo, "server", "say", ...values);
    const call = await next(client, "call");
    equal(call, { type: "call", from: 1, node: echo, method: "say", arguments: values });
  }
  equal([client.stats.callsSent, client.stats.callsReceived], [rounds.length, rounds.length]);
  throws("InvalidArguments", "255", () => client.call(echo, 1, "say", ...Array(256)));
  client.free();
});

test("the Godot type of an argument follows from its value, or from the method's declaration", async () => {
  const measured = async (methods, value) => {
    const { client, echo } = await admitted({ ...ECHO, ...methods });
    client.call(echo, "server", "measure", value);
    const [text] = (await next(client, "call")).arguments;
    client.free();
    return text;
  };
  const measure = (...parameters) => ({ measure: { caller: "any-peer", parameters } });
  equal(await measured({}, 2), "int: 2");
  equal(await measured({}, 2.5), "float: 2.5");
  equal(await measured({}, { type: "float", value: 2 }), "float: 2.0");
  equal(await measured({}, undefined), "Nil: null");
  equal(await measured(measure("float"), 2), "float: 2.0");
  equal(await measured(measure("float?"), 2), "float: 2.0");
  equal(await measured(measure("StringName"), "run"), 'StringName: &"run"');
  equal(await measured(measure("NodePath"), "../x"), 'NodePath: NodePath("../x")');
  equal(await measured(measure("int"), 2n), "int: 2");
  equal(await measured(measure("int"), 2.9), "int: 2");
  equal(await measured(measure("bool"), 1), "bool: true");
  equal(await measured(measure("Vector2"), { type: "Vector2i", x: 1, y: 2 }), "Vector2: Vector2(1, 2)");
  equal(await measured(measure("Color"), "red"), "Color: Color(1, 0, 0, 1)");
  equal(await measured(measure("PackedInt32Array"), [1, 2]), "PackedInt32Array: PackedInt32Array(1, 2)");
  equal(await measured(measure("Object"), null), "Nil: null");
  equal(await measured(measure("Array"), { type: "Array", elementType: "float", elements: [1] }), "Array: Array[float]([1.0])");
});

test("arguments that the method does not take are InvalidArguments, and nothing is sent", async () => {
  const { client, echo } = await admitted({ ...ECHO, measure: { parameters: ["int", "String?", "Vector2?"] } });
  const wrong = (part, ...values) => throws("InvalidArguments", part, () => client.call(echo, 1, "measure", ...values));
  wrong("1 to 3 arguments, not 0");
  wrong("1 to 3 arguments, not 4", 1, "a", null, 4);
  wrong("expected int, found String", "1");
  wrong("expected int, found Nil", null);
  wrong("expected String, found int", 1, 2);
  wrong("expected Vector2, found Vector3", 1, "a", { type: "Vector3", x: 1, y: 2, z: 3 });
  equal(client.stats.callsSent, 0);
  client.call(echo, 1, "measure", 1, undefined, null);
  client.free();
});

test("a call that cannot be made throws an error with a name", async () => {
  const early = SceneMultiplayer.connect(session);
  const node = early.registerNode("Echo", ECHO);
  throws("NotOpen", "connecting", () => early.call(node, "all", "say"));
  early.free();

  const { client, echo } = await admitted();
  throws("UnknownMethod", "no method", () => client.call(echo, 1, "shout"));
  throws("UnknownPeer", "no such peer", () => client.call(echo, 2, "say"));
  throws("NotCallLocal", "`callLocal`", () => client.call(echo, client.id, "say"));
  throws("UnknownNode", "no such node", () => client.call(node, 1, "say"));
  throws("UnknownNode", "no such node", () => client.call(echo + 0.5, 1, "say"));
  throws("PacketTooBig", "65535", () => client.call(echo, 1, "say", new Uint8Array(70_000)));
  for (const target of ["everyone", 1.5, -(2 ** 31), 2 ** 31, NaN, undefined, null, 1n]) {
    throws("TypeError", "target", () => client.call(echo, target, "say"));
  }
  throws("TypeError", "node", () => client.call("Echo", 1, "say"));
  throws("TypeError", "method", () => client.call(echo, 1, 5));
  throws("TypeError", "has no Godot type", () => client.call(echo, 1, "say", 1, () => 2));
  throws("RangeError", "64 bits", () => client.call(echo, 1, "say", 2n ** 70n));
  equal(client.stats.callsSent, 0);

  client.unregisterNode(echo);
  throws("UnknownNode", "no such node", () => client.call(echo, 1, "say"));
  throws("UnknownNode", "no such node", () => client.unregisterNode(echo));
  throws("UnknownNode", "no such node", () => client.setAuthority(echo, 1));
  client.free();
});

test("a getter that throws changes nothing, and a getter may call the client", async () => {
  const { client, echo } = await admitted();
  const mistake = new Error("my own mistake");
  const failing = { get a() { throw mistake; } };
  for (const call of [
    () => client.call(echo, 1, "say", 1, failing),
    () => client.registerNode("Other", failing),
    () => client.registerNode("Other", { say: failing }),
  ]) {
    let thrown;
    try {
      call();
    } catch (error) {
      thrown = error;
    }
    equal(thrown === mistake, true);
  }
  client.registerNode("Other");
  client.call(echo, 1, "say", { get a() { return client.call(echo, 1, "say", "within") ?? client.poll(); } });
  equal((await next(client, "call")).arguments, ["within"]);
  equal((await next(client, "call")).arguments, [new Map([["a", ConnectionStatus.Connected]])]);
  client.free();
});

test("with callLocal a call to all also calls this client", async () => {
  const { client, echo } = await admitted({ ...ECHO, say: { caller: "any-peer", callLocal: true, variadic: true } });
  client.call(echo, "all", "say", "hello");
  equal(await next(client, "call"), { type: "call", from: client.id, node: echo, method: "say", arguments: ["hello"] });
  equal((await next(client, "call")).from, 1);
  client.call(echo, client.id, "say", "to myself");
  equal((await next(client, "call")).arguments, ["to myself"]);
  client.free();
});

test("clients reach each other: calls, bytes, and calls that only an authority may make", async () => {
  const [ann, ben] = [await admitted(), await admitted()];
  const { client: a, echo: annsEcho } = ann;
  const { client: b, echo: bensEcho } = ben;
  await meet(a, b);

  a.call(annsEcho, b.id, "say", "hello, Ben");
  const call = await next(b, "call", undefined, a);
  equal([call.from, call.node, call.arguments], [a.id, bensEcho, ["hello, Ben"]]);
  a.sendBytes(-1, Uint8Array.of(1, 2));
  equal(await next(b, "packet", undefined, a), { type: "packet", from: a.id, data: Uint8Array.of(1, 2) });

  a.call(annsEcho, b.id, "reserved");
  const { from, error, message } = await next(b, "packet-rejected", undefined, a);
  equal([from, error, message], [a.id, "not-allowed", "the peer may not call `reserved`"]);
  b.setAuthority(bensEcho, a.id);
  a.call(annsEcho, b.id, "reserved");
  equal((await next(b, "call", undefined, a)).method, "reserved");
  for (const wrong of [0, -1, 1.5, "1", undefined]) {
    throws("TypeError", "authority", () => b.setAuthority(bensEcho, wrong));
  }

  const id = a.id;
  a.close();
  const gone = await next(b, "peer-disconnected", (event) => event.peer === id, a);
  equal([gone.reason, gone.info], ["reported-by-server", undefined]);
  a.free();
  b.free();
});

test("bytes come back as bytes", async () => {
  const { client } = await admitted();
  client.sendBytes("server", Uint8Array.of(0, 255));
  equal(await next(client, "packet"), { type: "packet", from: 1, data: Uint8Array.of(0, 255) });
  throws("InvalidArguments", "no bytes", () => client.sendBytes(1, new Uint8Array()));
  throws("UnknownPeer", "no such peer", () => client.sendBytes(2, new Uint8Array(1)));
  throws("PacketTooBig", "65535", () => client.sendBytes(1, new Uint8Array(65_535)));
  for (const wrong of ["text", [1], new ArrayBuffer(1)]) {
    throws("TypeError", "Uint8Array", () => client.sendBytes(1, wrong));
  }
  client.free();
});

test("a received call with wrong arguments is rejected and reported", async () => {
  const { client, echo } = await admitted({ ...ECHO, misuse: { parameters: ["int"] } });
  // The host calls it back as it was called, and takes any arguments.
  const other = client.registerNode("Other", { misuse: { parameters: ["Variant"] } });
  throws("InvalidArguments", "int", () => client.call(echo, 1, "misuse", "text"));
  client.unregisterNode(echo);
  const loose = client.registerNode("Echo", ECHO);
  client.call(loose, 1, "misuse", "text");
  client.unregisterNode(loose);
  client.registerNode("Echo", { ...ECHO, misuse: { parameters: ["int"] } });
  const { error, message } = await next(client, "packet-rejected");
  equal([error, message.includes("expected int, found String")], ["invalid-call", true]);
  equal(other !== loose, true);
  client.free();
});

test("other methods at the other end are reported, with their names if they can be found", async () => {
  const ours = [...Object.keys(ECHO), "extra"].sort();
  const { client: ann, echo } = await admitted({ ...ECHO, extra: {} });
  ann.call(echo, 1, "say", "hello");
  const type = "checksum-mismatch";
  equal(await next(ann, type), { type, peer: 1, node: echo, ours, theirs: undefined });

  const { client: ben, echo: bensEcho } = await admitted();
  await meet(ann, ben);
  ben.call(bensEcho, ann.id, "say", "hello");
  equal(await next(ann, type), { type, peer: ben.id, node: echo, ours, theirs: Object.keys(ECHO).sort() });
  ann.free();
  ben.free();
});

test("a client authenticates, or is not admitted", async () => {
  const encoded = (text) => new TextEncoder().encode(text);
  const client = SceneMultiplayer.connect(closed, { authenticate: true });
  await next(client, "connected");
  equal(await next(client, "authenticating"), { type: "authenticating", peer: 1 });
  throws("InvalidArguments", "no bytes", () => client.sendAuth(1, new Uint8Array()));
  throws("UnknownPeer", "no such peer", () => client.sendAuth(2, encoded("hello")));
  client.sendAuth(1, encoded("open sesame"));
  const { from, data } = await next(client, "auth");
  equal([from, data], [1, encoded("welcome")]);
  client.completeAuth(1);
  throws("NotAuthenticating", "not authenticating", () => client.completeAuth(1));
  equal((await next(client, "peer-connected")).peer, 1);
  throws("NotAuthenticating", "not authenticating", () => client.sendAuth(1, encoded("again")));
  throws("TypeError", "peer", () => client.completeAuth("server"));
  client.free();

  const rejected = SceneMultiplayer.connect(closed, { authenticate: true });
  await next(rejected, "authenticating");
  rejected.sendAuth(1, encoded("please"));
  const failed = await next(rejected, "auth-failed");
  equal([failed.peer, failed.reason, failed.info.cause], [1, "closed", "remote"]);
  await next(rejected, "disconnected");
  rejected.free();

  const silent = SceneMultiplayer.connect(closed, { authenticate: true, authTimeout: 100 });
  const late = await next(silent, "auth-failed");
  equal([late.peer, late.reason, late.info], [1, "timed-out", undefined]);
  silent.free();
});

test("spawns, property values and despawns of the server are reported", async () => {
  const { client, echo } = await admitted();
  const coin = [
    { name: "position", type: "Vector2" },
    { name: "worth", type: "int", mode: "on-change" },
    { name: "title", type: "String", mode: "never" },
  ];
  const spawner = client.registerSpawner("Spawner", { scenes: [[coin]], custom: [] });
  client.call(echo, 1, "appear");
  const { node, ...spawned } = await next(client, "spawned", (event) => event.scene === 0);
  const state = { position: { type: "Vector2", x: 1, y: 2 }, worth: 5, title: "coin" };
  equal(spawned, { type: "spawned", from: 1, spawner, name: spawned.name, scene: 0, value: undefined, state });
  const made = await next(client, "spawned");
  equal([made.scene, made.value, made.state], [undefined, new Map([["kind", "wall"]]), {}]);

  const moved = await next(client, "synchronized");
  equal([moved.from, moved.node, moved.state], [1, node, { position: { type: "Vector2", x: 3, y: 4 } }]);
  const changed = await next(client, "changed");
  equal([changed.from, changed.node, changed.state], [1, node, { worth: 6 }]);
  equal(await next(client, "despawned"), { type: "despawned", from: 1, spawner, node });
  throws("UnknownNode", "no such node", () => client.setProperty(node, "worth", 7));
  throws("NotAuthority", "", () => client.spawn(spawner, { scene: 0 }));
  client.free();
});

test("a client sets properties of a synchronizer whose authority it is", async () => {
  const { client, echo } = await admitted();
  const input = client.registerSynchronizer("Input", [
    { name: "direction", type: "Vector2" },
    { name: "speed", type: "float", mode: "on-change" },
  ]);
  throws("NotAuthority", "", () => client.setProperty(input, "speed", 2));
  client.setAuthority(input, client.id);
  client.call(echo, 1, "trust");
  equal((await next(client, "call")).arguments, ["trusted"]);
  throws("InvalidArguments", "expected Vector2, found int", () => client.setProperty(input, "direction", 2));
  throws("InvalidArguments", "", () => client.setProperty(input, "height", 2));
  throws("TypeError", "property", () => client.setProperty(input, 5, 2));
  client.setProperty(input, "direction", { type: "Vector2", x: 0, y: 1 });
  client.setProperty(input, "speed", 2);
  const received = new Set();
  for (let call; received.size < 2; received.add(call.arguments[0])) {
    client.replicate();
    call = await next(client, "call", undefined, { poll: () => client.replicate() });
  }
  equal([...received].sort(), ["direction: Vector2(0, 1)", "speed: 2.0"]);
  client.hide(input, "all");
  client.show(input, "server");
  throws("UnknownPeer", "", () => client.show(input, 2));
  client.free();
});

test("a client spawns nodes of a spawner whose authority it is, and others see them", async () => {
  const [{ client: ann }, { client: ben }] = [await admitted(), await admitted()];
  await meet(ann, ben);
  const scene = [[{ name: "health", type: "float" }]];
  const [anns, bens] = [ann, ben].map((client) => client.registerSpawner("Party", { scenes: [scene], custom: scene }));
  for (const [client, spawner] of [[ann, anns], [ben, bens]]) client.setAuthority(spawner, ann.id);

  const orc = ann.spawn(anns, { scene: 0, name: "orc", properties: { health: 3 } });
  const seen = await next(ben, "spawned", undefined, ann);
  equal([seen.from, seen.spawner, seen.name, seen.state], [ann.id, bens, "orc", { health: 3 }]);
  const elf = ann.spawn(anns, { value: "elf", properties: { health: 4 }, hidden: true });
  ann.show(elf, ben.id);
  equal((await next(ben, "spawned", undefined, ann)).value, "elf");
  ann.despawn(orc);
  equal((await next(ben, "despawned", undefined, ann)).node, seen.node);

  throws("InvalidArguments", "name", () => ann.spawn(anns, { value: 1, name: "a/b", properties: { health: 4 } }));
  throws("InvalidArguments", "cannot create", () => ann.spawn(anns, { scene: 1 }));
  throws("UnknownNode", "", () => ann.despawn(orc));
  throws("InvalidNode", "", () => ann.despawn(anns));
  const wrong = (spawn, part) => throws("TypeError", part, () => ann.spawn(anns, spawn));
  wrong({}, "`scene`");
  wrong({ scene: 0, value: 1 }, "`value`");
  wrong({ scene: 256 }, "`scene`");
  wrong({ scene: 0, nmae: "a" }, "`nmae`");
  wrong({ scene: 0, name: 5 }, "`name`");
  wrong({ scene: 0, hidden: 1 }, "`hidden`");
  wrong({ scene: 0, properties: 5 }, "`properties`");
  wrong(undefined, "object");
  ann.free();
  ben.free();
});

test("invalid declarations of spawners and synchronizers throw", () => {
  using(SceneMultiplayer.connect(session), (client) => {
    const wrong = (properties, part) => {
      throws("TypeError", part, () => client.registerSynchronizer("Other", properties));
      throws("TypeError", part, () => client.registerSpawner("Other", { scenes: [[properties]] }));
      throws("TypeError", part, () => client.registerSpawner("Other", { custom: [properties] }));
    };
    wrong({}, "array");
    wrong(["position"], "object");
    wrong([{}], "`name`");
    wrong([{ name: 5 }], "`name`");
    wrong([{ name: "a", type: "Vector" }], "`type`");
    wrong([{ name: "a", mode: "sometimes" }], "`mode`");
    wrong([{ name: "a", atSpawn: 1 }], "`atSpawn`");
    wrong([{ name: "a", at_spawn: true }], "`at_spawn`");
    throws("TypeError", "`scene`", () => client.registerSpawner("Other", { scene: [] }));
    throws("TypeError", "scenes", () => client.registerSpawner("Other", { scenes: 5 }));
    throws("TypeError", "a spawner", () => client.registerSpawner("Other"));
    throws("InvalidNode", "same name", () => client.registerSynchronizer("Other", [{ name: "a" }, { name: "a" }]));
    client.registerSpawner("Other", {});
  });
});

test("a kicked client receives the last message first", async () => {
  const { client, echo } = await admitted();
  client.call(echo, 1, "dismiss");
  equal((await next(client, "call")).arguments, ["dismissed"]);
  const gone = await next(client, "peer-disconnected", (event) => event.peer === 1);
  equal([gone.reason, gone.info.cause, gone.info.code], ["closed", "remote", 1000]);
  equal((await next(client, "disconnected")).info, gone.info);
  throws("NotOpen", "closed", () => client.call(echo, 1, "say"));
  client.free();
});

test("a page can be driven by onwake alone", async () => {
  const client = SceneMultiplayer.connect(session);
  equal(client.onwake, null);
  const echo = client.registerNode("Echo", ECHO);
  const received = await new Promise((resolve) => {
    client.onwake = () => {
      client.poll();
      for (let event; (event = client.nextEvent()) !== undefined; ) {
        if (event.type === "peer-connected" && event.peer === 1) client.call(echo, 1, "say", "hello");
        if (event.type === "call") resolve(event.arguments);
      }
    };
  });
  equal(received, ["hello"]);
  client.onwake = null;
  equal(client.onwake, null);
  throws("TypeError", "function or null", () => (client.onwake = 5));
  client.free();
});

test("invalid declarations of methods throw", () => {
  using(SceneMultiplayer.connect(session), (client) => {
    const wrong = (methods, part) => throws("TypeError", part, () => client.registerNode("Room", methods));
    wrong("say", "methods");
    wrong(null, "methods");
    wrong({ say: () => 1 }, "`say`");
    wrong({ say: { caller: "any_peer" } }, '"any-peer"');
    wrong({ say: { caller: 1 } }, '"any-peer"');
    wrong({ say: { call_local: true } }, "`call_local`");
    wrong({ say: { callLocal: 1 } }, "`callLocal`");
    wrong({ say: { channel: 1.5 } }, "`channel`");
    wrong({ say: { transfer: "fast" } }, "`transfer`");
    wrong({ say: { parameters: "int" } }, "`parameters`");
    wrong({ say: { parameters: ["integer"] } }, "`parameters`");
    wrong({ say: { parameters: ["Nil"] } }, "`parameters`");
    wrong({ say: { parameters: ["int??"] } }, "`parameters`");
    throws("TypeError", "path", () => client.registerNode());
    throws("InvalidNode", "name", () => client.registerNode("Room", { "": {} }));
    throws("InvalidNode", "invalid node", () => client.registerNode("/elsewhere/Room"));
    const room = client.registerNode("Room", { say: { nodeLevel: true, channel: 2, transfer: "unreliable-ordered" } });
    throws("InvalidNode", "already", () => client.registerNode("/root/Room"));
    client.unregisterNode(room);
    equal(client.registerNode("Room", undefined) === room, false);
  });
});

test("unknown and invalid options throw, those of the connection and of the session", () => {
  const wrong = (options, part) => throws("InvalidOption", part, () => SceneMultiplayer.connect(session, options));
  wrong({ maxMesageSize: 5 }, "`maxMesageSize`");
  wrong({ authenticate: 1 }, "`authenticate`");
  wrong({ rootPath: 5 }, "`rootPath`");
  wrong({ authTimeout: -1 }, "`authTimeout`");
  wrong({ maxPeers: "5" }, "`maxPeers`");
  wrong({ maxMessageSize: 0 }, "`maxMessageSize`");
  wrong("relay", "`options`");
  throws("InvalidUrl", "ws", () => SceneMultiplayer.connect("http://localhost/"));
  throws("TypeError", "url", () => SceneMultiplayer.connect());
  const all = {
    maxMessageSize: 100_000,
    protocols: [],
    connectTimeout: 5000,
    rootPath: "/root/Main",
    relay: false,
    authenticate: false,
    authTimeout: 0,
    drainTimeout: 100,
    allowObjects: true,
    maxPathsPerPeer: 10,
    maxPeers: 10,
    maxSpawnedPerPeer: 10,
    maxPacketSize: 1000,
    maxSyncPacketSize: 500,
  };
  SceneMultiplayer.connect(session, all).free();
});

/** A client that the server has admitted, with a node at `Echo`. */
async function admitted(methods = ECHO) {
  const client = await join();
  return { client, echo: client.registerNode("Echo", methods) };
}

async function join() {
  const client = SceneMultiplayer.connect(session);
  await next(client, "peer-connected", (event) => event.peer === 1);
  return client;
}

/** Waits until both clients know each other. */
async function meet(one, other) {
  for (const [client, peer] of [[one, other.id], [other, one.id]]) {
    if (!client.peers.includes(peer)) await next(client, "peer-connected", (event) => event.peer === peer);
  }
}

function using(client, body) {
  try {
    body(client);
  } finally {
    client.free();
  }
}
