//! `MultiplayerEvent`: what a session tells, as plain objects.

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
 * Something that has happened in a session, by its `type`.
 *
 * There is exactly one `peer-disconnected` for each `peer-connected`, and exactly one of `peer-connected` and `auth-failed`
 * for each `authenticating`.
 */
export type MultiplayerEvent =
    /** The server has given this client its id. `peer-connected` of peer 1 tells when it is admitted. */
    | { readonly type: "connected"; readonly id: number }
    /** The connection ended before there was an id. Nothing follows. */
    | { readonly type: "connection-failed"; readonly info: CloseInfo }
    /** The connection is over; that all peers are gone was told before. Nothing follows. */
    | { readonly type: "disconnected"; readonly info: CloseInfo }
    /** There is another peer, to which packets and calls can be sent. */
    | { readonly type: "peer-connected"; readonly peer: number }
    /**
     * The peer is gone: the server says so (`reported`), or the connection to the server ended (`closed` of the server
     * itself, `server-lost` of others), or this client left (`left`, `dismissed`).
     */
    | {
          readonly type: "peer-disconnected";
          readonly peer: number;
          readonly why: "reported" | "closed" | "server-lost" | "dismissed";
          /** How the connection ended, where that is why. */
          readonly info: CloseInfo | undefined;
      }
    /** The server wants this client to authenticate: `sendAuth()`, then `completeAuth()`, or `close()`. */
    | { readonly type: "authenticating"; readonly peer: number }
    /** The server says something about that. */
    | { readonly type: "auth"; readonly from: number; readonly data: Uint8Array }
    /** The peer was not admitted. */
    | {
          readonly type: "auth-failed";
          readonly peer: number;
          readonly why: "timed-out" | "closed" | "dismissed";
          /** How the connection ended, where that is why. */
          readonly info: CloseInfo | undefined;
      }
    /** The peer sent bytes. */
    | { readonly type: "packet"; readonly from: number; readonly data: Uint8Array }
    /** The peer, or with `callLocal` this client itself, calls a method of a node. The arguments have been checked. */
    | {
          readonly type: "call";
          readonly from: number;
          readonly node: NodeKey;
          readonly method: string;
          readonly arguments: Variant[];
      }
    /** The peer has other methods declared at this node, so calls of it may reach the wrong ones. */
    | {
          readonly type: "checksum-mismatch";
          readonly peer: number;
          readonly node: NodeKey;
          /** The names of the methods declared here. */
          readonly ours: string[];
          /** Theirs, where they could be found out. */
          readonly theirs: string[] | undefined;
      }
    /** Another peer has spawned a node, by a spawner that is in its hands. */
    | {
          readonly type: "spawned";
          readonly from: number;
          readonly spawner: NodeKey;
          readonly node: NodeKey;
          /** The node's own name. */
          readonly name: string;
          /** The number of its scene; undefined if it was made of a value. */
          readonly scene: number | undefined;
          /** The value that it was made of; undefined if it was made of a scene. */
          readonly value: Variant | undefined;
          /** What its properties hold: those that are sent at the spawn. */
          readonly state: Readonly<Record<string, Variant>>;
      }
    /** A node that another peer had spawned is gone, or its spawner is. */
    | { readonly type: "despawned"; readonly from: number; readonly spawner: NodeKey; readonly node: NodeKey }
    /** Another peer says what a node of its holds: the properties that are sent every time, or those that have changed. */
    | {
          readonly type: "synchronized" | "changed";
          readonly from: number;
          readonly node: NodeKey;
          readonly state: Readonly<Record<string, Variant>>;
      }
    /** Something that came from the peer was dropped. At most 64 of these wait; `stats.refused` counts all. */
    | {
          readonly type: "refused";
          readonly from: number;
          readonly what: PacketError;
          /** The same in a sentence. */
          readonly message: string;
      };

/** Why something that came was dropped. */
export type PacketError =
    | "malformed"
    | "invalid-id"
    | "not-authenticated"
    | "not-authenticating"
    | "unknown-peer"
    | "not-server"
    | "peer-taken"
    | "too-many-peers"
    | "relay-off"
    | "relayed-system"
    | "unknown-path"
    | "unknown-node"
    | "path-taken"
    | "too-many-paths"
    | "unknown-method"
    | "not-allowed"
    | "bad-argument"
    | "wrong-call"
    | "replication";
"#;

pub(super) fn event(event: Event) -> JsValue {
    match event {
        Event::Connected { id } => told("connected", [("id", peer(id))]),
        Event::ConnectionFailed { info } => told("connection-failed", [("info", close_info(Some(&info)))]),
        Event::Disconnected { info } => told("disconnected", [("info", close_info(Some(&info)))]),
        Event::PeerConnected(id) => told("peer-connected", [("peer", peer(id))]),
        Event::PeerDisconnected(id, why) => {
            let (why, info) = departure(&why);
            ended("peer-disconnected", id, why, info)
        }
        Event::Authenticating(id) => told("authenticating", [("peer", peer(id))]),
        Event::Auth { from, data } => came("auth", from, &data),
        Event::AuthFailed { peer: id, reason } => {
            let (why, info) = auth_failure(&reason);
            ended("auth-failed", id, why, info)
        }
        Event::Packet { from, data } => came("packet", from, &data),
        Event::Call(call) => called(call),
        Event::ChecksumMismatch { peer: id, node, ours, theirs } => {
            let theirs = theirs.map_or(JsValue::UNDEFINED, |theirs| names(&theirs));
            told(
                "checksum-mismatch",
                [("peer", peer(id)), ("node", key(node)), ("ours", names(&ours)), ("theirs", theirs)],
            )
        }
        Event::Spawned(node) => spawned(node),
        Event::Despawned { from, spawner, node } => {
            told("despawned", [("from", peer(from)), ("spawner", key(spawner)), ("node", key(node))])
        }
        Event::Synchronized { from, node, state: held } => {
            told("synchronized", [("from", peer(from)), ("node", key(node)), ("state", state(&held))])
        }
        Event::Changed { from, node, state: held } => {
            told("changed", [("from", peer(from)), ("node", key(node)), ("state", state(&held))])
        }
        Event::PacketRejected { from, error } => {
            let message = error.to_string().as_str().into();
            told(
                "refused",
                [("from", peer(from)), ("error", packet_error(&error).into()), ("message", message)],
            )
        }
    }
}

fn told<const N: usize>(kind: &str, fields: [(&str, JsValue); N]) -> JsValue {
    object([("type", kind.into())].into_iter().chain(fields))
}

fn came(kind: &str, from: PeerId, data: &Packet) -> JsValue {
    told(kind, [("from", peer(from)), ("data", byte_array(data.as_bytes()))])
}

fn ended(kind: &str, id: PeerId, why: &str, info: Option<&CloseInfo>) -> JsValue {
    told(kind, [("peer", peer(id)), ("why", why.into()), ("info", close_info(info))])
}

fn called(call: Call) -> JsValue {
    let arguments: Array = call.arguments.iter().map(variant::write).collect();
    told(
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
    told(
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

fn departure(why: &DisconnectReason) -> (&'static str, Option<&CloseInfo>) {
    match why {
        DisconnectReason::Closed(info) => ("closed", Some(info)),
        DisconnectReason::ReportedByServer => ("reported", None),
        DisconnectReason::ServerLost => ("server-lost", None),
        DisconnectReason::Kicked => ("dismissed", None),
    }
}

fn auth_failure(why: &AuthFailure) -> (&'static str, Option<&CloseInfo>) {
    match why {
        AuthFailure::TimedOut => ("timed-out", None),
        AuthFailure::Closed(info) => ("closed", Some(info)),
        AuthFailure::Kicked => ("dismissed", None),
    }
}

fn packet_error(what: &PacketError) -> &'static str {
    match what {
        PacketError::Malformed(_) => "malformed",
        PacketError::InvalidId => "invalid-id",
        PacketError::NotAuthenticated => "not-authenticated",
        PacketError::NotAuthenticating => "not-authenticating",
        PacketError::UnknownPeer => "unknown-peer",
        PacketError::NotServer => "not-server",
        PacketError::PeerIdTaken(_) => "peer-taken",
        PacketError::TooManyPeers => "too-many-peers",
        PacketError::RelayOff => "relay-off",
        PacketError::RelayedSystem => "relayed-system",
        PacketError::UnknownPath => "unknown-path",
        PacketError::UnknownNode { .. } => "unknown-node",
        PacketError::PathIdTaken { .. } => "path-taken",
        PacketError::TooManyPaths => "too-many-paths",
        PacketError::UnknownMethod { .. } => "unknown-method",
        PacketError::NotAllowed { .. } => "not-allowed",
        PacketError::InvalidArgument { .. } => "bad-argument",
        PacketError::InvalidCall { .. } => "wrong-call",
        PacketError::Replication(_) => "replication",
    }
}
