// A client of a session that does what another program says, and tells it what happens: `cargo xtask interop` plays with it
// and an engine.
//
// A command is {"do": NAME, …}, and is answered by {"answer": …} or {"error": …}. Whatever happens is told as {"event": NAME,
// "about": …}. Values and bytes are hexadecimal digits of what Godot writes for them.

import init, { decodeVariant, encodeVariant, MultiplayerClient } from "/pkg/websocket_peer.js";

const control = new URLSearchParams(location.search).get("control");

/** How long to wait before the next attempt to reach the program, which may not listen yet. */
const PATIENCE = 500;

/** As often as a game's frames come. */
const FRAME = 16;

let line;
let client;
const paths = new Map();

const commands = {
  hello: () => navigator.userAgent,

  join({ url, options }) {
    client = new MultiplayerClient(url, options);
    return true;
  },

  addNode: ({ path, methods }) => declare(path, client.addNode(path, methods)),
  addSpawner: ({ path, spawner }) => declare(path, client.addSpawner(path, spawner)),
  addSynchronizer: ({ path, properties }) => declare(path, client.addSynchronizer(path, properties)),
  setAuthority: ({ path, id }) => client.setAuthority(keyOf(path), id) ?? true,
  call: ({ path, to, method, values }) => client.call(keyOf(path), to, method, ...values.map(value)) ?? true,
  setProperty: ({ path, property, held }) => client.setProperty(keyOf(path), property, value(held)) ?? true,
  sendBytes: ({ to, hex }) => client.sendBytes(to, bytes(hex)) ?? true,
  sendAuth: ({ to, hex }) => client.sendAuth(to, bytes(hex)) ?? true,
  completeAuth: ({ peer }) => client.completeAuth(peer) ?? true,
  status: () => ({ status: client.status, id: client.id ?? null, peers: client.peers, closed: client.isClosed }),
  close: () => client.close() ?? true,

  /** Forgets everything, so that the next scenario finds a page as good as new. */
  reset() {
    client?.free();
    client = undefined;
    paths.clear();
    return true;
  },
};

function declare(path, key) {
  paths.set(key, path);
  return true;
}

function keyOf(path) {
  const [key] = [...paths].find(([, other]) => other === path) ?? [];
  return key;
}

function frame() {
  client?.poll();
  for (let event; (event = client?.nextEvent()) !== undefined; ) say({ event: event.type, about: about(event) });
  client?.replicate();
}

/** The event as JSON: paths for nodes, hexadecimal digits for values and bytes. */
function about(event) {
  const told = {};
  for (const [name, part] of Object.entries(event)) {
    if (name === "node" || name === "spawner") told[name] = paths.get(part) ?? null;
    else if (name === "arguments") told.values = part.map((value) => hex(encodeVariant(value)));
    else if (name === "value") told.value = part === undefined ? null : hex(encodeVariant(part));
    else if (name === "state") {
      told.state = Object.fromEntries(Object.entries(part).map(([key, held]) => [key, hex(encodeVariant(held))]));
    } else if (name === "data") told.hex = hex(part);
    else told[name] = part ?? null;
  }
  return told;
}

function obey(command) {
  try {
    say({ answer: commands[command.do](command) });
  } catch (error) {
    say({ error: `${error.name}: ${error.message}` });
  }
}

/** To nobody, when the program has gone. */
function say(what) {
  if (line.readyState === WebSocket.OPEN) line.send(JSON.stringify(what));
}

function connect() {
  const attempt = new WebSocket(control);
  attempt.onopen = () => (line = attempt);
  attempt.onmessage = ({ data }) => obey(JSON.parse(data));
  attempt.onclose = () => {
    commands.reset();
    setTimeout(connect, PATIENCE);
  };
}

const value = (digits) => decodeVariant(bytes(digits));
const bytes = (digits) => Uint8Array.from(digits.match(/../g) ?? [], (pair) => parseInt(pair, 16));
const hex = (data) => Array.from(data, (byte) => byte.toString(16).padStart(2, "0")).join("");

await init();
setInterval(frame, FRAME);
connect();
