// What the declarations accept and reject. It is compiled, and never runs.

import {
  type CloseCause,
  type ModuleSource,
  type MultiplayerEvent,
  type NodeKey,
  ConnectionStatus,
  ReadyState,
  SceneMultiplayer,
  WebSocketMultiplayerPeer,
  WebSocketPeer,
  decodeVariant,
  encodeVariant,
  init,
} from "websocket-peer";

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

/** Compiles only if the type argument is `true`, so also not for `any`. */
function proves<T extends true>(): T | undefined {
  return undefined;
}

export async function loading(compiled: Promise<ModuleSource>): Promise<void> {
  proves<Equal<ReturnType<typeof init>, Promise<void>>>();
  await init();
  await init("https://example.org/websocket_peer.wasm");
  await init(new Uint8Array(8));
  await init(compiled);
  // @ts-expect-error: not a source
  await init(1);
}

export function peer(): CloseCause | undefined {
  const peer = new WebSocketPeer({ protocols: ["chat"], liveness: { probe: "ping", silence: 1000 } });
  peer.connect("ws://127.0.0.1:9080");
  const packet = peer.recv();
  proves<Equal<typeof packet, string | Uint8Array | undefined>>();
  proves<Equal<ReturnType<WebSocketPeer["poll"]>, ReadyState>>();
  peer.onwake = () => peer.poll();
  peer.onwake = null;
  // @ts-expect-error: no such option
  new WebSocketPeer({ timeout: 1 });
  // @ts-expect-error: a probe is required
  new WebSocketPeer({ liveness: {} });
  // @ts-expect-error: text needs sendText()
  peer.send("text");
  // @ts-expect-error: read-only
  peer.state = ReadyState.Open;
  return peer.closeInfo?.cause;
}

export function session(): number {
  const client = SceneMultiplayer.connect("ws://127.0.0.1:9080", { relay: false });
  const node: NodeKey = client.registerNode("Game", { move: { parameters: ["Vector2", "float?"] } });
  client.call(node, "all", "move", { type: "Vector2", x: 1, y: 2 }, 0.5);
  // @ts-expect-error: no such option
  SceneMultiplayer.connect("ws://127.0.0.1:9080", { relays: false });
  // @ts-expect-error: a vector has two components
  client.call(node, "all", "move", { type: "Vector2", x: 1 });
  // @ts-expect-error: not a type of Godot
  client.registerNode("Game", { move: { parameters: ["Vector5"] } });
  // @ts-expect-error: not a node
  client.call(1, "all", "move");
  // @ts-expect-error: sessions are made by connect()
  new SceneMultiplayer();
  return client.poll() === ConnectionStatus.Connected ? handle(client.nextEvent()) : 0;
}

/** The type of an event decides what else it has. */
function handle(event: MultiplayerEvent | undefined): number {
  switch (event?.type) {
    case "connected":
      return event.id;
    case "call":
      // @ts-expect-error: there may be no such argument
      event.arguments[0].toString();
      return event.from;
    case "disconnected":
      // @ts-expect-error: only of other events
      return event.from;
    default:
      return 0;
  }
}

export function packets(): void {
  const client = WebSocketMultiplayerPeer.connect("ws://127.0.0.1:9080");
  const event = client.nextEvent();
  // @ts-expect-error: not an event of this class
  event?.type === "call";
  client.send("server", encodeVariant(new Map([["a", [1, 2n, null]]])));
  client.free();
  const value = decodeVariant(new Uint8Array());
  // @ts-expect-error: it may be any value
  value.length;
}

/** Needs the part of TypeScript's library that the declarations ask for. */
export function scoped(): void {
  using peer = new WebSocketPeer();
  peer.poll();
}
