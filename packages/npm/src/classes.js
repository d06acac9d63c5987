// The classes and functions that programs use. What else the module's JavaScript exports loads it.

export {
  ConnectionStatus,
  ReadyState,
  SceneMultiplayer,
  WebSocketMultiplayerPeer,
  WebSocketPeer,
  decodeVariant,
  encodeVariant,
} from "./websocket_peer.js";
