// The JavaScript class `WebSocketPeer`: its names, types, values and errors. tests/contract tests the connection.

import { ReadyState, WebSocketPeer } from "/pkg/websocket_peer.js";
import { address, conclude, equal, pause, test, throws, until } from "./harness.js";

const server = address("server");

test("a new peer is closed and empty", () => {
  using(new WebSocketPeer(), (peer) => {
    equal(peer.state, ReadyState.Closed);
    equal(peer.poll(), ReadyState.Closed);
    equal(peer.recv(), undefined);
    equal([peer.available, peer.buffered], [0, 0]);
    equal([peer.protocol, peer.url, peer.closeInfo], [undefined, undefined, undefined]);
    equal(peer.stats, { packetsSent: 0, packetsReceived: 0, bytesSent: 0, bytesReceived: 0 });
  });
});

test("the states have the numbers of WebSocket.readyState, and names", () => {
  equal(
    [ReadyState.Connecting, ReadyState.Open, ReadyState.Closing, ReadyState.Closed],
    [WebSocket.CONNECTING, WebSocket.OPEN, WebSocket.CLOSING, WebSocket.CLOSED],
  );
});

test("a connection goes through all states, and only poll changes the state", async () => {
  const peer = new WebSocketPeer();
  peer.connect(`${server}/echo`);
  equal([peer.state, peer.url], [ReadyState.Connecting, `${server}/echo`]);
  await pause(200);
  equal(peer.state, ReadyState.Connecting);
  await open(peer);
  peer.close();
  equal(peer.state, ReadyState.Closing);
  await closed(peer);
  peer.free();
});

test("text comes back as a string, with emoji and NUL", async () => {
  const peer = await connect("/echo");
  for (const text of ["", "hello", "a\0b", "grüße 😀 €", "😀".repeat(1000), "a".repeat(70_000)]) {
    peer.sendText(text);
    equal(await receive(peer), text);
  }
  peer.free();
});

test("a lone surrogate becomes U+FFFD", async () => {
  const peer = await connect("/echo");
  peer.sendText("a\ud800b");
  equal(await receive(peer), "a\ufffdb");
  peer.free();
});

test("bytes come back as a Uint8Array", async () => {
  const peer = await connect("/echo");
  for (const bytes of [new Uint8Array(), Uint8Array.of(0, 255, 128), new Uint8Array(70_000).fill(7)]) {
    peer.send(bytes);
    const echoed = await receive(peer);
    equal(echoed instanceof Uint8Array, true);
    equal(echoed, bytes);
  }
  peer.free();
});

test("a view of a part of a buffer sends that part", async () => {
  const peer = await connect("/echo");
  peer.send(Uint8Array.of(1, 2, 3, 4, 5).subarray(1, 3));
  equal(await receive(peer), Uint8Array.of(2, 3));
  peer.free();
});

test("available counts packets until they are read", async () => {
  const peer = await connect("/burst/3");
  await until(peer, "three packets", () => peer.available === 3);
  equal([peer.recv(), peer.recv(), peer.recv(), peer.recv()], ["0", "1", "2", undefined]);
  equal(peer.available, 0);
  peer.free();
});

test("stats count packets and bytes in each direction", async () => {
  const peer = await connect("/echo");
  peer.sendText("€");
  peer.send(new Uint8Array(10));
  await receive(peer);
  await receive(peer);
  equal(peer.stats, { packetsSent: 2, packetsReceived: 2, bytesSent: 13, bytesReceived: 13 });
  peer.free();
});

test("sent bytes are buffered until the network accepts them", async () => {
  const peer = await connect("/echo");
  peer.send(new Uint8Array(1000));
  equal(peer.buffered, 1000);
  await until(peer, "the network to accept it", () => peer.buffered === 0);
  peer.free();
});

test("close sends code and reason, and closeInfo has the answer", async () => {
  const peer = await connect("/echo");
  peer.close(4001, "bye 😀");
  await closed(peer);
  const { message, ...info } = peer.closeInfo;
  equal(info, { code: 4001, reason: "bye 😀", cause: "local", clean: true });
  equal(message.startsWith("closed by this end (code 4001, reason: bye "), true);
  peer.free();
});

test("the code may be left out, with and without a reason", async () => {
  for (const args of [[], [undefined, "done"]]) {
    const peer = await connect("/echo");
    peer.close(...args);
    await closed(peer);
    equal([peer.closeInfo.code, peer.closeInfo.reason], [1000, args[1] ?? ""]);
    peer.free();
  }
});

test("a close by the other end is reported with its code and reason, after its packets", async () => {
  const peer = dial("/send-then-close/2/4002/kicked");
  await closed(peer);
  equal([peer.recv(), peer.recv(), peer.recv()], ["0", "1", undefined]);
  const { code, reason, cause, clean } = peer.closeInfo;
  equal({ code, reason, cause, clean }, { code: 4002, reason: "kicked", cause: "remote", clean: true });
  peer.free();
});

test("a close without a code has the code undefined", async () => {
  const peer = dial("/close/empty");
  await closed(peer);
  equal([peer.closeInfo.code, peer.closeInfo.cause], [undefined, "remote"]);
  peer.free();
});

test("every other end of a connection has its cause", async () => {
  const endings = [
    ["/reject/403", "refused", "refused", {}],
    ["/cut", "connection-lost", "lost", {}],
    ["/stall-before", "timed-out", "in time", { connectTimeout: 100 }],
    ["/huge/2000", "message-too-big", "`maxMessageSize`", { maxMessageSize: 1000 }],
    ["/burst/3", "inbox-overflow", "backlog", { maxBacklogPackets: 1, maxQueuedPackets: 1 }],
  ];
  for (const [path, cause, part, options] of endings) {
    const peer = dial(path, options);
    // Without polling, the packets stay in the backlog.
    if (cause === "inbox-overflow") await pause(300);
    await until(peer, cause, () => (peer.recv(), peer.state === ReadyState.Closed));
    equal([peer.closeInfo.cause, peer.closeInfo.clean], [cause, false]);
    equal(peer.closeInfo.message.includes(part), true);
    peer.free();
  }
});

test("abort closes at once, and the peer can connect again", async () => {
  const peer = await connect("/echo");
  peer.abort();
  equal([peer.state, peer.closeInfo.cause], [ReadyState.Closed, "aborted"]);
  peer.connect(`${server}/echo`);
  equal(peer.closeInfo, undefined);
  await open(peer);
  peer.free();
});

test("close while connecting cancels the attempt", async () => {
  const peer = dial("/stall-before");
  peer.close(4001, "never mind");
  equal([peer.state, peer.closeInfo.cause], [ReadyState.Closed, "aborted"]);
  peer.free();
});

test("protocols are offered, and protocol is the chosen one", async () => {
  const peer = dial("/protocol/chat.v1", { protocols: ["chat.v2", "chat.v1"] });
  equal(peer.protocol, undefined);
  await open(peer);
  equal(peer.protocol, "chat.v1");
  peer.free();
});

test("errors have names: URL, state, sizes, codes, reasons", async () => {
  const peer = new WebSocketPeer({ outboundBufferSize: 100 });
  throws("InvalidUrl", "ws", () => peer.connect("http://localhost/"));
  throws("BlockedPort", "6667", () => peer.connect("ws://localhost:6667/"));
  throws("NotOpen", "closed", () => peer.sendText("x"));
  throws("NotOpen", "closed", () => peer.send(new Uint8Array(1)));
  peer.connect(`${server}/echo`);
  throws("AlreadyInUse", "already", () => peer.connect(`${server}/echo`));
  throws("NotOpen", "connecting", () => peer.sendText("x"));
  await open(peer);
  throws("PacketTooBig", "`outboundBufferSize` is 100", () => peer.send(new Uint8Array(101)));
  peer.send(new Uint8Array(60));
  throws("SendQueueFull", "40 bytes", () => peer.send(new Uint8Array(41)));
  for (const code of [0, 999, 1001, 1005, 1006, 5000, 66_536, -1, 1000.5, NaN]) {
    throws("InvalidCloseCode", String(code), () => peer.close(code));
  }
  throws("ReasonTooLong", "124 bytes", () => peer.close(1000, "x".repeat(124)));
  equal(peer.state, ReadyState.Open);
  peer.free();
});

test("an argument of another type is a TypeError, and sends nothing", async () => {
  const peer = await connect("/echo");
  throws("TypeError", "Uint8Array", () => peer.send("text"));
  throws("TypeError", "Uint8Array", () => peer.send(new ArrayBuffer(3)));
  throws("TypeError", "Uint8Array", () => peer.send([1, 2, 3]));
  throws("TypeError", "string", () => peer.sendText(5));
  throws("TypeError", "string", () => peer.sendText());
  throws("TypeError", "number", () => peer.close("1000"));
  throws("TypeError", "string", () => peer.close(1000, 5));
  throws("TypeError", "string", () => new WebSocketPeer().connect());
  equal([peer.state, peer.stats.packetsSent], [ReadyState.Open, 0]);
  peer.free();
});

test("an option that does not exist, or has another type, is InvalidOption", () => {
  const wrong = (options, part) => throws("InvalidOption", part, () => new WebSocketPeer(options));
  wrong({ maxMesageSize: 5 }, "`maxMesageSize`");
  wrong({ max_message_size: 5 }, "`max_message_size`");
  wrong({ maxMessageSize: "5" }, "`maxMessageSize`");
  wrong({ maxMessageSize: -1 }, "`maxMessageSize`");
  wrong({ maxMessageSize: 1.5 }, "`maxMessageSize`");
  wrong({ connectTimeout: NaN }, "`connectTimeout`");
  wrong({ connectTimeout: null }, "`connectTimeout`");
  wrong({ protocols: "chat" }, "`protocols`");
  wrong({ liveness: "?" }, "object");
  wrong({ liveness: {} }, "`probe`");
  wrong({ liveness: { probe: 5 } }, "`liveness.probe`");
  wrong({ liveness: { probe: "?", silence: "5" } }, "`liveness.silence`");
  wrong({ liveness: { probe: "?", silent: 5 } }, "`liveness.silent`");
  wrong({ protocols: ["chat", 5] }, "`protocols`");
  wrong("chat", "`options`");
  wrong(null, "`options`");
  new WebSocketPeer({ maxMessageSize: undefined }).free();
});

test("an option out of range is InvalidOption at connect, with its JavaScript name", () => {
  const wrong = (options, part) => {
    using(new WebSocketPeer(options), (peer) => {
      throws("InvalidOption", part, () => peer.connect(`${server}/echo`));
      equal(peer.state, ReadyState.Closed);
    });
  };
  wrong({ maxMessageSize: 0 }, "`maxMessageSize`");
  wrong({ maxQueuedPackets: Number.MAX_SAFE_INTEGER }, "`maxQueuedPackets`");
  wrong({ inboundBufferSize: 5 }, "less than `maxMessageSize`");
  wrong({ closeTimeout: 0 }, "`closeTimeout`");
  wrong({ protocols: ["a b"] }, "`protocols`");
  wrong({ liveness: { probe: "?", timeout: 0 } }, "`liveness`");
});

test("every option is accepted", async () => {
  const peer = await connect("/echo", {
    maxMessageSize: 100,
    inboundBufferSize: 200,
    outboundBufferSize: 300,
    maxQueuedPackets: 4,
    backlogBufferSize: 500,
    maxBacklogPackets: 6,
    protocols: ["chat"],
    connectTimeout: 7000.5,
    closeTimeout: 8000,
    liveness: { probe: "?", silence: 9000, timeout: 10_000 },
  });
  peer.free();
});

test("a server that does not answer the probe times out, and one that does stays connected", async () => {
  const silent = await connect("/silent", { liveness: { probe: "there?", silence: 50, timeout: 100 } });
  await closed(silent);
  equal([silent.closeInfo.cause, silent.stats.packetsSent], ["timed-out", 1]);
  silent.free();
  const answering = await connect("/echo", { liveness: { probe: Uint8Array.of(1, 2), silence: 50 } });
  equal(await receive(answering), Uint8Array.of(1, 2));
  answering.free();
});

test("onwake is called once until the next poll, and nothing changes before that", async () => {
  const peer = new WebSocketPeer();
  equal(peer.onwake, null);
  let calls = 0;
  const hook = (...args) => (equal(args, []), (calls += 1));
  peer.onwake = hook;
  equal(peer.onwake === hook, true);
  peer.connect(`${server}/burst/3`);
  await until({ poll() {} }, "the call", () => calls > 0);
  await pause(50);
  equal([calls, peer.state, peer.available], [1, ReadyState.Connecting, 0]);
  peer.free();
});

test("a page can be driven by onwake alone", async () => {
  const peer = new WebSocketPeer();
  const received = await new Promise((resolve) => {
    const packets = [];
    peer.onwake = () => {
      peer.poll();
      for (let packet; (packet = peer.recv()) !== undefined; ) packets.push(packet);
      if (peer.state === ReadyState.Closed) resolve(packets);
    };
    peer.connect(`${server}/send-then-close/5/4000/bye`);
  });
  equal(received, ["0", "1", "2", "3", "4"]);
  equal([peer.closeInfo.code, peer.closeInfo.reason], [4000, "bye"]);
  peer.free();
});

test("onwake may free the peer, and null removes it", async () => {
  const freed = dial("/echo");
  await new Promise((resolve) => (freed.onwake = () => resolve(freed.free())));
  throws("Error", "null", () => freed.poll());

  const peer = await connect("/echo");
  peer.onwake = () => conclude(false);
  peer.onwake = null;
  equal(peer.onwake, null);
  peer.sendText("hello");
  equal(await receive(peer), "hello");
  peer.free();
});

test("onwake accepts functions and null, anything else is a TypeError", () => {
  using(new WebSocketPeer(), (peer) => {
    for (const wrong of ["hello", 5, {}]) throws("TypeError", "function or null", () => (peer.onwake = wrong));
    equal(peer.onwake, null);
  });
});

test("exceptions of onwake are reported like those of an event handler", async () => {
  const peer = await connect("/echo");
  const reported = new Promise((resolve) => {
    window.onerror = (_message, _source, _line, _column, error) => (resolve(error), true);
  });
  const mistake = new Error("my own mistake");
  peer.onwake = () => {
    throw mistake;
  };
  peer.sendText("hello");
  equal((await reported) === mistake, true);
  window.onerror = null;
  equal(await receive(peer), "hello");
  peer.free();
});

test("free cuts the connection, and the peer cannot be used afterwards", async () => {
  const key = `js-free-${Date.now()}`;
  const peer = await connect(`/echo?key=${key}`);
  peer.free();
  throws("Error", "null", () => peer.poll());
  // The server answers with its log, and closes at once.
  const log = dial(`/events/${key}`);
  equal((await receive(log)).includes("close"), true);
  log.free();
});

function dial(path, options) {
  const peer = new WebSocketPeer(options);
  peer.connect(server + path);
  return peer;
}

async function connect(path, options) {
  const peer = dial(path, options);
  await open(peer);
  return peer;
}

async function open(peer) {
  await until(peer, "the connection to open", () => peer.state !== ReadyState.Connecting);
  equal(peer.state, ReadyState.Open);
}

async function closed(peer) {
  await until(peer, "the connection to close", () => peer.state === ReadyState.Closed);
}

async function receive(peer) {
  await until(peer, "a packet", () => peer.available > 0);
  return peer.recv();
}

function using(peer, body) {
  try {
    body(peer);
  } finally {
    peer.free();
  }
}
