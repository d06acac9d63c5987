// What a TypeScript user writes must compile against the declarations that the crate's build makes: `tsc -p tests/js`.

import init, {
  type CloseCause,
  type CloseInfo,
  ReadyState,
  type Stats,
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
  // @ts-expect-error It is told nothing.
  peer.onwake = (packet: string) => console.log(packet);
  // @ts-expect-error So is what `closeInfo` gives.
  if (info) info.reason = "";

  const told = [stats.bytesSent, code, cause, clean, info?.message, info?.reason];
  return [misspelt, hook === null, numbers, texts, told].join();
}
