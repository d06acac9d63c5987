// A client of the high or the mid level, of the chat or of the game, that is driven by another program: `cargo xtask interop` runs it with an engine.
//
// A command is {"do": NAME, …}. Its answer is {"answer": …} or {"error": …}. An event is {"event": NAME, "about": …}.
// Values are encoded as Godot does. They and bytes are in hexadecimal digits.

import init, {
  ChatClient,
  decodeVariant,
  encodeVariant,
  GamePlayer,
  SceneMultiplayer,
  WebSocketMultiplayerPeer,
} from "/pkg/websocket_peer.js";

const control = new URLSearchParams(location.search).get("control");

/** The delay before the next attempt to connect to the program, which may not listen yet. */
const RETRY_DELAY = 500;

/** The interval of a game's frames. */
const FRAME = 16;

let line;
let client;
const paths = new Map();

const commands = {
  hello: () => navigator.userAgent,

  join({ url, options }) {
    client = SceneMultiplayer.connect(url, options);
    return true;
  },

  joinMidLevel({ url, options }) {
    client = WebSocketMultiplayerPeer.connect(url, options);
    return true;
  },

  send: ({ to, hex }) => client.send(to, bytes(hex)) ?? true,
  sendVariant: ({ to, held }) => client.sendVariant(to, value(held)) ?? true,

  joinChat({ url, options }) {
    client = ChatClient.connect(url, options);
    return true;
  },

  say: ({ text }) => client.send(text) ?? true,
  setName: ({ name }) => client.setName(name) ?? true,
  members: () => client.members,

  joinGame({ url, name }) {
    client = GamePlayer.connect(url, name);
    return true;
  },

  roll: () => client.roll() ?? true,
  pass: () => client.pass() ?? true,
  view: () => client.view(),

  registerNode: ({ path, methods }) => declare(path, client.registerNode(path, methods)),
  registerSpawner: ({ path, spawner }) => declare(path, client.registerSpawner(path, spawner)),
  registerSynchronizer: ({ path, properties }) => declare(path, client.registerSynchronizer(path, properties)),
  setAuthority: ({ path, id }) => client.setAuthority(keyOf(path), id) ?? true,
  call: ({ path, to, method, values }) => client.call(keyOf(path), to, method, ...values.map(value)) ?? true,
  setProperty: ({ path, property, held }) => client.setProperty(keyOf(path), property, value(held)) ?? true,
  sendBytes: ({ to, hex }) => client.sendBytes(to, bytes(hex)) ?? true,
  sendAuth: ({ to, hex }) => client.sendAuth(to, bytes(hex)) ?? true,
  completeAuth: ({ peer }) => client.completeAuth(peer) ?? true,
  status: () => ({ status: client.status, id: client.id ?? null, peers: client.peers, closed: client.isClosed }),
  close: () => client.close() ?? true,

  /** Drops the client, for the next scenario. */
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
  for (let event; (event = client?.nextEvent()) !== undefined; ) send({ event: event.type, about: about(event) });
  client?.replicate?.();
}

/** The event as JSON: paths for nodes, hexadecimal digits for values and bytes. */
function about(event) {
  const json = {};
  for (const [name, part] of Object.entries(event)) {
    if (name === "node" || name === "spawner") json[name] = paths.get(part) ?? null;
    else if (name === "arguments") json.values = part.map((value) => hex(encodeVariant(value)));
    else if (name === "value") json.value = part === undefined ? null : hex(encodeVariant(part));
    else if (name === "state") {
      json.state = Object.fromEntries(Object.entries(part).map(([key, held]) => [key, hex(encodeVariant(held))]));
    } else if (name === "data" && typeof part !== "string") json.hex = hex(part);
    else json[name] = part ?? null;
  }
  return json;
}

function execute(command) {
  try {
    send({ answer: commands[command.do](command) });
  } catch (error) {
    send({ error: `${error.name}: ${error.message}` });
  }
}

/** Does nothing if the program is gone. */
function send(message) {
  if (line.readyState === WebSocket.OPEN) line.send(JSON.stringify(message));
}

function connect() {
  const attempt = new WebSocket(control);
  attempt.onopen = () => (line = attempt);
  attempt.onmessage = ({ data }) => execute(JSON.parse(data));
  attempt.onclose = () => {
    commands.reset();
    setTimeout(connect, RETRY_DELAY);
  };
}

const value = (digits) => decodeVariant(bytes(digits));
const bytes = (digits) => Uint8Array.from(digits.match(/../g) ?? [], (pair) => parseInt(pair, 16));
const hex = (data) => Array.from(data, (byte) => byte.toString(16).padStart(2, "0")).join("");

await init();
setInterval(frame, FRAME);
connect();
