//! `MultiplayerEvent`: the events of a session, as plain objects.

use js_sys::{Array, JsString};
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};

use super::{nodes, peers::peer};
use crate::{
    CloseInfo, Packet,
    js::{
        values::{byte_array, close_info, object},
        variant,
    },
    multiplayer::{
        AuthFailure, Call, DisconnectReason, Event, NodeKey, PacketError, PeerId, SpawnKind, Spawned, State,
    },
};

#[wasm_bindgen(typescript_custom_section)]
const TYPES: &str = r#"
/**
 * An event of a session, by its `type`.
 *
 * There is exactly one `peer-disconnected` for each `peer-connected`, and exactly one of `peer-connected` and
 * `auth-failed` for each `authenticating`.
 */
export type MultiplayerEvent =
    /** The server has assigned this client an id. `peer-connected` of peer 1 follows when the server admits it. */
    | { readonly type: "connected"; readonly id: number }
    /** The connection ended before there was an id. Nothing follows. */
    | { readonly type: "connection-failed"; readonly info: CloseInfo }
    /** The connection ended. `peer-disconnected` came before for each peer. Nothing follows. */
    | { readonly type: "disconnected"; readonly info: CloseInfo }
    /** A peer was admitted. Packets and calls can be sent to it. */
    | { readonly type: "peer-connected"; readonly peer: number }
    /**
     * A peer is gone: the server reported it, or the connection to the server ended (`closed` for the server itself,
     * `server-lost` for other peers).
     */
    | {
          readonly type: "peer-disconnected";
          readonly peer: number;
          readonly reason: "reported-by-server" | "closed" | "server-lost" | "kicked";
          /** How the connection ended, if the reason is `closed`. */
          readonly info: CloseInfo | undefined;
      }
    /** The server requires authentication: call `sendAuth()`, then `completeAuth()`, or `close()`. */
    | { readonly type: "authenticating"; readonly peer: number }
    /** The server sent authentication data. */
    | { readonly type: "auth"; readonly from: number; readonly data: Uint8Array }
    /** Authentication failed. */
    | {
          readonly type: "auth-failed";
          readonly peer: number;
          readonly reason: "timed-out" | "closed" | "kicked";
          /** How the connection ended, if the reason is `closed`. */
          readonly info: CloseInfo | undefined;
      }
    /** A peer sent bytes. */
    | { readonly type: "packet"; readonly from: number; readonly data: Uint8Array }
    /** A peer, or with `callLocal` this client itself, calls a method of a node. The arguments have been checked. */
    | {
          readonly type: "call";
          readonly from: number;
          readonly node: NodeKey;
          readonly method: string;
          readonly arguments: Variant[];
      }
    /** A peer has registered other methods at this node, so calls to and from it may reach the wrong ones. */
    | {
          readonly type: "checksum-mismatch";
          readonly peer: number;
          readonly node: NodeKey;
          /** The names of the methods registered here. */
          readonly ours: string[];
          /** The names of the peer's methods, if they can be derived from its checksum. */
          readonly theirs: string[] | undefined;
      }
    /** A peer has spawned a node, by a spawner whose authority it is. */
    | {
          readonly type: "spawned";
          readonly from: number;
          readonly spawner: NodeKey;
          readonly node: NodeKey;
          /** The node's name. */
          readonly name: string;
          /** The index of its scene; undefined if it was spawned from a value. */
          readonly scene: number | undefined;
          /** The value that it was spawned from; undefined if it was spawned from a scene. */
          readonly value: Variant | undefined;
          /** The values of the properties that are sent at the spawn. */
          readonly state: Readonly<Record<string, Variant>>;
      }
    /** A node that a peer had spawned is gone, or its spawner is. */
    | { readonly type: "despawned"; readonly from: number; readonly spawner: NodeKey; readonly node: NodeKey }
    /** A peer sent property values of a node: the properties with mode `always`, or those that have changed. */
    | {
          readonly type: "synchronized" | "changed";
          readonly from: number;
          readonly node: NodeKey;
          readonly state: Readonly<Record<string, Variant>>;
      }
    /** A packet of a peer was dropped. At most 64 of these events wait; `stats.rejectedPackets` counts all packets. */
    | {
          readonly type: "packet-rejected";
          readonly from: number;
          readonly error: PacketError;
          /** A sentence that describes the error. */
          readonly message: string;
      };

/** Why a packet was dropped. */
export type PacketError =
    | "malformed"
    | "not-authenticated"
    | "not-authenticating"
    | "unknown-peer"
    | "not-server"
    | "peer-id-taken"
    | "too-many-peers"
    | "relay-off"
    | "relayed-system"
    | "unknown-path"
    | "unknown-node"
    | "path-id-taken"
    | "too-many-paths"
    | "unknown-method"
    | "not-allowed"
    | "invalid-argument"
    | "invalid-call"
    | "replication";
"#;

pub(super) fn event(event: Event) -> JsValue {
    match event {
        Event::Connected { id } => tagged("connected", [("id", peer(id))]),
        Event::ConnectionFailed { info } => tagged("connection-failed", [("info", close_info(Some(&info)))]),
        Event::Disconnected { info } => tagged("disconnected", [("info", close_info(Some(&info)))]),
        Event::PeerConnected(id) => tagged("peer-connected", [("peer", peer(id))]),
        Event::PeerDisconnected(id, reason) => {
            let (reason, info) = disconnect_reason(&reason);
            with_close_info("peer-disconnected", id, reason, info)
        }
        // Only at a server, which JavaScript cannot be.
        Event::ArrivalFailed { peer: id, reason } => {
            let (reason, info) = disconnect_reason(&reason);
            with_close_info("arrival-failed", id, reason, info)
        }
        Event::Authenticating(id) => tagged("authenticating", [("peer", peer(id))]),
        Event::Auth { from, data } => with_data("auth", from, &data),
        Event::AuthFailed { peer: id, reason } => {
            let (reason, info) = auth_failure(&reason);
            with_close_info("auth-failed", id, reason, info)
        }
        Event::Packet { from, data } => with_data("packet", from, &data),
        Event::Call(call) => call_event(call),
        Event::ChecksumMismatch { peer: id, node, ours, theirs } => {
            let theirs = theirs.map_or(JsValue::UNDEFINED, |theirs| names(&theirs));
            tagged(
                "checksum-mismatch",
                [("peer", peer(id)), ("node", key(node)), ("ours", names(&ours)), ("theirs", theirs)],
            )
        }
        Event::Spawned(node) => spawned(node),
        Event::Despawned { from, spawner, node } => {
            tagged("despawned", [("from", peer(from)), ("spawner", key(spawner)), ("node", key(node))])
        }
        Event::Synchronized { from, node, state: new } => {
            tagged("synchronized", [("from", peer(from)), ("node", key(node)), ("state", state(&new))])
        }
        Event::Changed { from, node, state: new } => {
            tagged("changed", [("from", peer(from)), ("node", key(node)), ("state", state(&new))])
        }
        Event::PacketRejected { from, error } => {
            let message = error.to_string().as_str().into();
            tagged(
                "packet-rejected",
                [("from", peer(from)), ("error", packet_error(&error).into()), ("message", message)],
            )
        }
    }
}

/// Returns an object with this `type`, and these fields.
pub(super) fn tagged<const N: usize>(kind: &str, fields: [(&str, JsValue); N]) -> JsValue {
    object([("type", kind.into())].into_iter().chain(fields))
}

fn with_data(kind: &str, from: PeerId, data: &Packet) -> JsValue {
    tagged(kind, [("from", peer(from)), ("data", byte_array(data.as_bytes()))])
}

fn with_close_info(kind: &str, id: PeerId, reason: &str, info: Option<&CloseInfo>) -> JsValue {
    tagged(kind, [("peer", peer(id)), ("reason", reason.into()), ("info", close_info(info))])
}

fn call_event(call: Call) -> JsValue {
    let arguments: Array = call.arguments.iter().map(variant::write).collect();
    tagged(
        "call",
        [
            ("from", peer(call.from)),
            ("node", key(call.node)),
            ("method", (*call.method).into()),
            ("arguments", arguments.into()),
        ],
    )
}

fn spawned(spawned: Spawned) -> JsValue {
    let (scene, value) = match &spawned.kind {
        SpawnKind::Scene(scene) => ((*scene).into(), JsValue::UNDEFINED),
        SpawnKind::Custom(value) => (JsValue::UNDEFINED, variant::write(value)),
    };
    tagged(
        "spawned",
        [
            ("from", peer(spawned.from)),
            ("spawner", key(spawned.spawner)),
            ("node", key(spawned.node)),
            ("name", spawned.name.as_str().into()),
            ("scene", scene),
            ("value", value),
            ("state", state(&spawned.state)),
        ],
    )
}

fn state(state: &State) -> JsValue {
    object(state.iter().map(|(name, value)| (name, variant::write(value))))
}

fn key(node: NodeKey) -> JsValue {
    nodes::number(node).into()
}

fn names(names: &[String]) -> JsValue {
    names.iter().map(|name| JsString::from(name.as_str())).collect::<Array>().into()
}

fn disconnect_reason(reason: &DisconnectReason) -> (&'static str, Option<&CloseInfo>) {
    match reason {
        DisconnectReason::Closed(info) => ("closed", Some(info)),
        DisconnectReason::ReportedByServer => ("reported-by-server", None),
        DisconnectReason::ServerLost => ("server-lost", None),
        DisconnectReason::Kicked => ("kicked", None),
        // Only at a server, which JavaScript cannot be.
        DisconnectReason::Moved => ("moved", None),
        DisconnectReason::TimedOut => ("timed-out", None),
    }
}

fn auth_failure(failure: &AuthFailure) -> (&'static str, Option<&CloseInfo>) {
    match failure {
        AuthFailure::TimedOut => ("timed-out", None),
        AuthFailure::Closed(info) => ("closed", Some(info)),
        AuthFailure::Kicked => ("kicked", None),
    }
}

fn packet_error(error: &PacketError) -> &'static str {
    match error {
        PacketError::Malformed(_) => "malformed",
        PacketError::NotAuthenticated => "not-authenticated",
        PacketError::NotAuthenticating => "not-authenticating",
        PacketError::UnknownPeer => "unknown-peer",
        PacketError::NotServer => "not-server",
        PacketError::PeerIdTaken(_) => "peer-id-taken",
        PacketError::TooManyPeers => "too-many-peers",
        PacketError::RelayOff => "relay-off",
        PacketError::RelayedSystem => "relayed-system",
        PacketError::UnknownPath => "unknown-path",
        PacketError::UnknownNode { .. } => "unknown-node",
        PacketError::PathIdTaken { .. } => "path-id-taken",
        PacketError::TooManyPaths => "too-many-paths",
        PacketError::UnknownMethod { .. } => "unknown-method",
        PacketError::NotAllowed { .. } => "not-allowed",
        PacketError::InvalidArgument { .. } => "invalid-argument",
        PacketError::InvalidCall { .. } => "invalid-call",
        PacketError::Replication(_) => "replication",
    }
}
