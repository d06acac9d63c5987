// A program in TypeScript, compiled against the declarations that the build of the crate makes: `tsc -p tests/js`.

import init, {
  type CloseCause,
  type CloseInfo,
  ConnectionStatus,
  decodeVariant,
  encodeVariant,
  SceneMultiplayer,
  type MultiplayerOptions,
  type MultiplayerEvent,
  type MultiplayerPeerEvent,
  type NodeKey,
  ReadyState,
  type PacketError,
  type RpcMethods,
  type SessionStats,
  type SpawnerDeclaration,
  type Stats,
  type SynchronizerDeclaration,
  type Target,
  type Variant,
  type VariantLike,
  type Vector2,
  WebSocketMultiplayerPeer,
  WebSocketPeer,
  type WebSocketPeerOptions,
} from "websocket-peer";

const options: WebSocketPeerOptions = {
  maxMessageSize: 1 << 16,
  inboundBufferSize: 1 << 20,
  outboundBufferSize: 1 << 20,
  maxQueuedPackets: 100,
  backlogBufferSize: 1 << 20,
  maxBacklogPackets: 1000,
  protocols: ["chat"],
  connectTimeout: 5000,
  closeTimeout: 1000,
  liveness: { probe: Uint8Array.of(0), silence: 15_000, timeout: 5000 },
};

// @ts-expect-error An option that does not exist.
const misspelt: WebSocketPeerOptions = { maxMesageSize: 5 };

export async function chat(url: string): Promise<string> {
  await init();
  const peer = new WebSocketPeer(options);
  new WebSocketPeer().free();
  peer.connect(url);
  const frame = (): void => {
    if (peer.poll() === ReadyState.Open) {
      peer.sendText("hello");
      peer.send(Uint8Array.of(1, 2, 3));
      peer.flush();
    }
    let packet: string | Uint8Array | undefined;
    while ((packet = peer.recv()) !== undefined) {
      console.log(typeof packet === "string" ? packet : packet.byteLength);
    }
  };
  frame();
  peer.onwake = frame;
  const hook: (() => void) | null = peer.onwake;
  peer.onwake = null;
  peer.close();
  peer.close(4001);
  peer.close(4001, "bye");
  peer.abort();
  const numbers: number[] = [peer.state, peer.available, peer.buffered];
  const texts: (string | undefined)[] = [peer.protocol, peer.url];
  const stats: Stats = peer.stats;
  const info: CloseInfo | undefined = peer.closeInfo;
  const code: number | undefined = info?.code;
  const cause: CloseCause | undefined = info?.cause;
  const clean: boolean | undefined = info?.clean;
  peer.free();

  // @ts-expect-error Text is sent by `sendText`.
  peer.send("text");
  // @ts-expect-error `state` is read only.
  peer.state = ReadyState.Open;
  // @ts-expect-error The hook has no parameters.
  peer.onwake = (packet: string) => console.log(packet);
  // @ts-expect-error `closeInfo` is read only.
  if (info) info.reason = "";

  const values = [stats.bytesSent, code, cause, clean, info?.message, info?.reason];
  return [misspelt, hook === null, numbers, texts, values].join();
}

export async function exchange(url: string): Promise<string[]> {
  await init();
  const client = WebSocketMultiplayerPeer.connect(url, options);
  WebSocketMultiplayerPeer.connect(url).free();
  const lines: string[] = [];
  const frame = (): void => {
    if (client.poll() !== ConnectionStatus.Connected) return;
    for (let event: MultiplayerPeerEvent | undefined; (event = client.nextEvent()) !== undefined; ) lines.push(line(event));
  };
  client.onwake = frame;
  const targets: Target[] = ["all", "server", 0, 1, -1];
  for (const target of targets) client.send(target, Uint8Array.of(1));
  client.sendVariant("server", { x: [1n, null, undefined] });
  client.close();
  const values = [client.id, client.status, client.peers.length, client.isClosed, client.closeInfo?.reason];
  client.free();

  // @ts-expect-error Text is sent by `sendVariant`.
  client.send("all", "text");
  // @ts-expect-error There is no such target.
  client.send("everyone", Uint8Array.of(1));
  // @ts-expect-error A function has no Godot type.
  client.sendVariant("all", () => 1);
  // @ts-expect-error An option of the high level.
  WebSocketMultiplayerPeer.connect(url, { relay: true });
  return [...lines, values.join()];
}

function line(event: MultiplayerPeerEvent): string {
  switch (event.type) {
    case "connected":
      return `${event.peer.toFixed()} is connected`;
    case "packet":
      return typeof event.data === "string" ? event.data : show(decodeVariant(event.data));
    case "disconnected":
      return `${event.peer.toFixed()} is gone: ${event.info.message}`;
    case "connection-failed":
      return event.info.message;
  }
  // All events are handled.
  return event satisfies never;
}

const sessionOptions: MultiplayerOptions = {
  ...options,
  rootPath: "/root/Main",
  relay: true,
  authenticate: true,
  authTimeout: 3000,
  drainTimeout: 500,
  allowObjects: false,
  maxPathsPerPeer: 1024,
  maxPeers: 4096,
  maxSpawnedPerPeer: 4096,
  maxPacketSize: 65_535,
  maxSyncPacketSize: 1350,
};

const methods: RpcMethods = {
  say: { caller: "any-peer", callLocal: true, parameters: ["String", "float?", "Variant?"], variadic: false },
  move: { nodeLevel: true, channel: 2, transfer: "unreliable-ordered" },
  // @ts-expect-error It is spelled `any-peer`.
  shout: { caller: "any_peer" },
  // @ts-expect-error There is no such type.
  whisper: { parameters: ["string"] },
  // @ts-expect-error A Callable cannot be sent.
  callBack: { parameters: ["Callable"] },
};

const coin: SynchronizerDeclaration = [
  { name: "position", type: "Vector2" },
  { name: "worth", type: "int", mode: "on-change", atSpawn: false },
];
const coins: SpawnerDeclaration = { scenes: [[coin], []], custom: [coin] };

export async function play(url: string): Promise<number | undefined> {
  await init();
  const client = SceneMultiplayer.connect(url, sessionOptions);
  SceneMultiplayer.connect(url).free();
  const room: NodeKey = client.registerNode("Room", methods);
  client.registerNode("Other");
  const spawner = client.registerSpawner("Coins", coins);
  const input = client.registerSynchronizer("Input", coin);
  const frame = (): void => {
    if (client.poll() !== ConnectionStatus.Connected) return;
    for (let event: MultiplayerEvent | undefined; (event = client.nextEvent()) !== undefined; ) answer(client, room, event);
    client.replicate();
  };
  client.onwake = frame;

  const targets: Target[] = ["all", "server", 0, 7, -7];
  for (const target of targets) client.call(room, target, "say", "hello", 2, { x: [1n, null, undefined] });
  client.sendBytes("all", new Uint8Array(1));
  client.setAuthority(input, client.id ?? 1);
  client.setProperty(input, "worth", 5);
  const orc: NodeKey = client.spawn(spawner, { scene: 0, name: "orc", properties: { worth: 5 } });
  client.spawn(spawner, { value: "elf", hidden: true });
  client.show(orc, 7);
  client.hide(orc, "all");
  client.despawn(orc);
  client.unregisterNode(room);
  client.close();
  const stats: SessionStats = client.stats;
  const values = [client.isClosed, client.closeInfo?.message, client.peers.length, client.status, stats.rejectedPackets];
  client.free();

  // @ts-expect-error A path is not a node.
  client.call("Room", "all", "say");
  // @ts-expect-error A number is not a node.
  client.call(5, "all", "say");
  // @ts-expect-error There is no such target.
  client.call(room, "everyone", "say");
  // @ts-expect-error A function has no Godot type.
  client.call(room, "all", "say", () => 1);
  // @ts-expect-error A date has no Godot type.
  client.call(room, "all", "say", new Date());
  // @ts-expect-error A spawn needs a scene or a value.
  client.spawn(spawner, { name: "orc" });
  // @ts-expect-error `id` is read only.
  client.id = 5;
  return values.length;
}

function answer(client: SceneMultiplayer, room: NodeKey, event: MultiplayerEvent): string | undefined {
  switch (event.type) {
    case "connected":
      return `I am ${event.id.toFixed()}`;
    case "authenticating":
      client.sendAuth(event.peer, new TextEncoder().encode("secret"));
      client.completeAuth(event.peer);
      return undefined;
    case "call":
      if (event.node === room && event.method === "say") {
        const [text]: Variant[] = event.arguments;
        return typeof text === "string" ? text : show(text ?? null);
      }
      return undefined;
    case "packet":
    case "auth":
      return String(event.data.byteLength + event.from);
    case "peer-disconnected":
    case "auth-failed":
      return event.info?.message ?? event.reason;
    case "checksum-mismatch":
      return event.theirs?.join() ?? event.ours.join();
    case "spawned":
      return `${event.name}: ${show(event.state["position"] ?? null)}`;
    case "synchronized":
    case "changed":
      return Object.keys(event.state).join();
    case "packet-rejected": {
      const error: PacketError = event.error;
      return `${error}: ${event.message}`;
    }
    case "peer-connected":
    case "despawned":
      return undefined;
    case "connection-failed":
    case "disconnected":
      return event.info.message;
  }
  // All events are handled.
  return event satisfies never;
}

/** Every form of a value is distinguished by its type. */
function show(value: Variant): string {
  if (value === null) return "null";
  if (typeof value !== "object") return value.toString();
  if (Array.isArray(value)) return value.map(show).join();
  if (value instanceof Map) return [...value].map(([key, item]) => show(key) + show(item)).join();
  if (ArrayBuffer.isView(value)) return String(value.byteLength);
  switch (value.type) {
    case "Vector2":
      return [value.x, value.y].join();
    case "NodePath":
      return value.path;
    case "PackedVector2Array":
      return String(value.components.length / 2);
    case "Object":
      return "id" in value ? String(value.id) : value.class;
    default:
      return value.type;
  }
}

const at: Vector2 = { type: "Vector2", x: 1, y: 2 };
const likes: VariantLike[] = [
  undefined,
  1,
  2n,
  at,
  [at, [1, "two"]],
  { at, hp: 3, nested: { more: [] } },
  new Map<VariantLike, VariantLike>([[at, 1]]),
  new Map([["type", "enemy"]]),
  { type: "float", value: 1 },
  { type: "StringName", name: "run" },
  { type: "Array", elementType: "int", elements: [1, 2] },
  { type: "Dictionary", keyType: "String", entries: new Map([["a", 1]]) },
  { type: "PackedVector2Array", components: Float32Array.of(1, 2) },
  // @ts-expect-error A dictionary with a key `type` must be a Map.
  { type: "enemy", hp: 3 },
  // @ts-expect-error A component is missing.
  { type: "Vector2", x: 1 },
  // @ts-expect-error No Variant has elements of 16 bits.
  new Uint16Array(1),
];

export const back: Variant[] = likes.map((value) => decodeVariant(encodeVariant(value)));
// Every decoded value can be encoded.
export const again: Uint8Array[] = back.map((value) => encodeVariant(value));
