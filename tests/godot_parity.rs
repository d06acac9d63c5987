//! Godot's names and numbers, held against the crate: who knows `WebSocketPeer` from there finds everything here, or the
//! reason why not.
//!
//! The names are those of Godot 4.6. `TCPServer` is `WebSocketServer` for us, or `std::net::TcpListener` for who accepts
//! connections by hand, as in `examples/minimal_server.rs`.

#![cfg(not(target_family = "wasm"))]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use testkit::Server;
use websocket_peer::{
    CloseCode, Error, Options, PacketKind, ReadyState, WebSocketPeer, variant::EncodeError,
};

/// `WebSocketPeer`: its methods, its properties, its two enums and their values.
const WEB_SOCKET_PEER: [&str; 30] = [
    "WebSocketPeer",
    "connect_to_url",
    "accept_stream",
    "send",
    "send_text",
    "close",
    "poll",
    "get_ready_state",
    "get_close_code",
    "get_close_reason",
    "get_selected_protocol",
    "get_requested_url",
    "get_connected_host",
    "get_connected_port",
    "get_current_outbound_buffered_amount",
    "was_string_packet",
    "set_no_delay",
    "supported_protocols",
    "handshake_headers",
    "inbound_buffer_size",
    "outbound_buffer_size",
    "max_queued_packets",
    "heartbeat_interval",
    "State",
    "STATE_CONNECTING",
    "STATE_OPEN",
    "STATE_CLOSING",
    "STATE_CLOSED",
    "WRITE_MODE_TEXT",
    "WRITE_MODE_BINARY",
];

/// What `WebSocketPeer` inherits from `PacketPeer`.
const PACKET_PEER: [&str; 7] = [
    "get_packet",
    "put_packet",
    "get_var",
    "put_var",
    "get_available_packet_count",
    "get_packet_error",
    "encode_buffer_max_size",
];

/// `TCPServer`, and what it inherits.
const TCP_SERVER: [&str; 7] = [
    "listen",
    "is_listening",
    "is_connection_available",
    "take_connection",
    "take_socket_connection",
    "get_local_port",
    "stop",
];

/// `WebSocketMultiplayerPeer`, and what it inherits from `MultiplayerPeer` beyond `PacketPeer`.
const MULTIPLAYER_PEER: [&str; 32] = [
    "WebSocketMultiplayerPeer",
    "MultiplayerPeer",
    "create_client",
    "create_server",
    "get_peer",
    "get_peer_address",
    "get_peer_port",
    "handshake_timeout",
    "refuse_new_connections",
    "transfer_mode",
    "transfer_channel",
    "set_target_peer",
    "get_packet_peer",
    "get_packet_channel",
    "get_packet_mode",
    "disconnect_peer",
    "get_connection_status",
    "get_unique_id",
    "generate_unique_id",
    "is_server_relay_supported",
    "peer_connected",
    "peer_disconnected",
    "ConnectionStatus",
    "CONNECTION_DISCONNECTED",
    "CONNECTION_CONNECTING",
    "CONNECTION_CONNECTED",
    "TARGET_PEER_BROADCAST",
    "TARGET_PEER_SERVER",
    "TransferMode",
    "TRANSFER_MODE_UNRELIABLE",
    "TRANSFER_MODE_UNRELIABLE_ORDERED",
    "TRANSFER_MODE_RELIABLE",
];

/// `SceneMultiplayer`, and what it inherits from `MultiplayerAPI`.
const SCENE_MULTIPLAYER: [&str; 34] = [
    "SceneMultiplayer",
    "MultiplayerAPI",
    "root_path",
    "auth_callback",
    "auth_timeout",
    "allow_object_decoding",
    "server_relay",
    "max_sync_packet_size",
    "max_delta_packet_size",
    "peer_authenticating",
    "peer_authentication_failed",
    "peer_packet",
    "connected_to_server",
    "connection_failed",
    "server_disconnected",
    "clear",
    "complete_auth",
    "get_authenticating_peers",
    "send_auth",
    "send_bytes",
    "get_peers",
    "get_remote_sender_id",
    "is_server",
    "has_multiplayer_peer",
    "object_configuration_add",
    "object_configuration_remove",
    "rpc",
    "rpc_id",
    "rpc_config",
    "set_multiplayer_authority",
    "RPCMode",
    "RPC_MODE_DISABLED",
    "RPC_MODE_ANY_PEER",
    "RPC_MODE_AUTHORITY",
];

/// `MultiplayerSpawner`, `MultiplayerSynchronizer` and `SceneReplicationConfig`.
const REPLICATION: [&str; 46] = [
    "MultiplayerSpawner",
    "add_spawnable_scene",
    "clear_spawnable_scenes",
    "get_spawnable_scene",
    "get_spawnable_scene_count",
    "spawn",
    "spawn_function",
    "spawn_limit",
    "spawn_path",
    "spawned",
    "despawned",
    "MultiplayerSynchronizer",
    "add_visibility_filter",
    "remove_visibility_filter",
    "get_visibility_for",
    "set_visibility_for",
    "update_visibility",
    "public_visibility",
    "visibility_update_mode",
    "visibility_changed",
    "VisibilityUpdateMode",
    "delta_interval",
    "replication_interval",
    "replication_config",
    "synchronized",
    "delta_synchronized",
    "SceneReplicationConfig",
    "add_property",
    "remove_property",
    "has_property",
    "get_properties",
    "property_get_index",
    "property_get_replication_mode",
    "property_set_replication_mode",
    "property_get_spawn",
    "property_set_spawn",
    "property_get_sync",
    "property_set_sync",
    "property_get_watch",
    "property_set_watch",
    "ReplicationMode",
    "REPLICATION_MODE_NEVER",
    "REPLICATION_MODE_ALWAYS",
    "REPLICATION_MODE_ON_CHANGE",
    "VISIBILITY_PROCESS_IDLE",
    "VISIBILITY_PROCESS_NONE",
];

/// The names that are not here, and why.
const ABSENT: [(&str, &str); 35] = [
    ("handshake_timeout", "`connect_timeout` of the options covers the handshake, `id_timeout` the rest"),
    ("transfer_mode", "a method declares it; WebSocket has one way of transfer"),
    ("transfer_channel", "a method declares it; WebSocket has one channel"),
    ("get_packet_peer", "a packet comes with its sender, in `Event::Packet`"),
    ("get_packet_channel", "WebSocket has one channel"),
    ("get_packet_mode", "WebSocket has one way of transfer"),
    ("generate_unique_id", "the server gives ids to the connections itself"),
    ("is_server_relay_supported", "it always is; `SessionOptions::relay` says whether it is wanted"),
    ("get_authenticating_peers", "`Event::Authenticating` tells of each"),
    ("has_multiplayer_peer", "a `MultiplayerPeer` is the session and its connection in one"),
    ("object_configuration_add", "nodes are declared by `Session::add`"),
    ("object_configuration_remove", "nodes are taken away by `Session::remove_node`"),
    ("clear_spawnable_scenes", "a spawner is declared once, with its scenes"),
    ("get_spawnable_scene", "a spawner is declared once, with its scenes"),
    ("get_spawnable_scene_count", "a spawner is declared once, with its scenes"),
    ("add_visibility_filter", "the program calls `Session::show` and `hide` when it decides"),
    ("remove_visibility_filter", "the program calls `Session::show` and `hide` when it decides"),
    ("get_visibility_for", "the program has said who sees it"),
    ("update_visibility", "there is no filter to be asked again"),
    ("visibility_update_mode", "there is no filter to be asked again"),
    ("visibility_changed", "it is the program itself that changes it"),
    ("VisibilityUpdateMode", "there is no filter to be asked again"),
    ("VISIBILITY_PROCESS_IDLE", "there is no filter to be asked again"),
    ("VISIBILITY_PROCESS_NONE", "there is no filter to be asked again"),
    ("remove_property", "properties are declared once"),
    ("property_get_index", "properties have names"),
    ("property_get_sync", "deprecated; it is the replication mode"),
    ("property_set_sync", "deprecated; it is the replication mode"),
    ("property_get_watch", "deprecated; it is the replication mode"),
    ("property_set_watch", "deprecated; it is the replication mode"),
    ("get_packet_error", "an empty inbox is `None`, and nothing else can go wrong in `recv`"),
    ("is_listening", "a `WebSocketServer` that exists listens, until it is told to shut down"),
    ("is_connection_available", "the server takes its connections itself, and tells of those that are open"),
    ("take_connection", "the server keeps its connections; `TcpListener::accept` gives one away"),
    ("take_socket_connection", "the server keeps its connections; `TcpListener::accept` gives one away"),
];

fn names() -> impl Iterator<Item = &'static str> {
    WEB_SOCKET_PEER
        .into_iter()
        .chain(PACKET_PEER)
        .chain(TCP_SERVER)
        .chain(MULTIPLAYER_PEER)
        .chain(SCENE_MULTIPLAYER)
        .chain(REPLICATION)
}

#[test]
fn every_name_is_here_or_has_a_reason_not_to_be() {
    let sources = sources();
    let offered = &offered(&sources) | &aliases(&sources);
    for name in names() {
        let reason = ABSENT.iter().find(|(absent, _)| *absent == name).map(|(_, reason)| reason);
        match (offered.contains(name), reason) {
            (true, None) | (false, Some(_)) => {}
            (false, None) => panic!(
                "Godot's `{name}` is nowhere: write \"Godot: `{name}`.\" into the docs of what replaces it, \
                 or put it on ABSENT with the reason"
            ),
            (true, Some(reason)) => {
                panic!("Godot's `{name}` is in the docs and on ABSENT (\"{reason}\"): take one away")
            }
        }
    }
}

#[test]
fn absences_and_aliases_are_names_of_godot() {
    let known: BTreeSet<&str> = names().collect();
    for (name, _) in ABSENT {
        assert!(known.contains(name), "ABSENT: Godot has no `{name}`");
    }
    for alias in aliases(&sources()) {
        // Each property has a setter of its own there.
        let property = alias.strip_prefix("set_").unwrap_or(&alias);
        assert!(known.contains(alias.as_str()) || known.contains(property), "Godot has no `{alias}`");
    }
}

#[test]
fn mentions_are_read_as_they_are_meant() {
    let source = "/// Takes it.\n///\n/// Godot: `a`, `B.c(d)`;\n/// and `e`.\n///\n/// Not `f`.\n\
                  #[doc(alias = \"g\")]\npub fn h() {}\nfn i() {}\n// Godot: `j`.\n";
    let sources = [source.to_owned()];
    assert_eq!(offered(&sources), ["B", "a", "c", "d", "e", "h"].map(str::to_owned).into());
    assert_eq!(aliases(&sources), ["g".to_owned()].into());
}

#[test]
fn states_and_write_modes_have_godots_numbers() {
    use ReadyState::{Closed, Closing, Connecting, Open};
    assert_eq!([Connecting, Open, Closing, Closed].map(|state| state as u8), [0, 1, 2, 3]);
    assert_eq!([PacketKind::Text, PacketKind::Binary].map(|kind| kind as u8), [0, 1]);
}

#[test]
fn errors_have_godots_numbers() {
    const FAILED: i32 = 1;
    const ERR_UNAVAILABLE: i32 = 2;
    const ERR_UNAUTHORIZED: i32 = 4;
    const ERR_OUT_OF_MEMORY: i32 = 6;
    const ERR_FILE_CANT_WRITE: i32 = 13;
    const ERR_ALREADY_IN_USE: i32 = 22;
    const ERR_INVALID_PARAMETER: i32 = 31;
    const ERR_DOES_NOT_EXIST: i32 = 33;
    let io = std::io::Error::other("refused");
    let numbers = [
        (Error::InvalidUrl { why: "" }, ERR_INVALID_PARAMETER),
        (Error::InvalidOption { option: "", why: "" }, ERR_INVALID_PARAMETER),
        (Error::InvalidCloseCode { code: 0 }, ERR_INVALID_PARAMETER),
        (Error::ReasonTooLong { len: 124 }, ERR_INVALID_PARAMETER),
        (Error::AlreadyInUse, ERR_ALREADY_IN_USE),
        (Error::NotOpen { state: ReadyState::Closed }, FAILED),
        (Error::OutboundFull { room: 0 }, ERR_OUT_OF_MEMORY),
        (Error::PacketTooBig { len: 2, max: 1 }, ERR_OUT_OF_MEMORY),
        (Error::UnknownPeer, ERR_DOES_NOT_EXIST),
        (Error::UnknownNode, ERR_DOES_NOT_EXIST),
        (Error::InvalidNode { why: "" }, ERR_INVALID_PARAMETER),
        (Error::UnknownMethod, ERR_INVALID_PARAMETER),
        (Error::InvalidArguments { why: String::new() }, ERR_INVALID_PARAMETER),
        (Error::NotCallLocal, ERR_INVALID_PARAMETER),
        (Error::NotAuthority, ERR_UNAUTHORIZED),
        (Error::NotAuthenticating, ERR_FILE_CANT_WRITE),
        (Error::InvalidVariant { why: EncodeError::TooDeep }, ERR_OUT_OF_MEMORY),
        (Error::Unsupported { what: "" }, ERR_UNAVAILABLE),
        (Error::from(io), FAILED),
    ];
    for (error, number) in &numbers {
        assert_eq!(error.godot_code(), *number, "{error:?}");
    }
    let tried: BTreeSet<String> =
        numbers.iter().map(|(error, _)| first_word(&format!("{error:?}"))).collect();
    assert_eq!(tried, variants_of_error(), "each variant has its number here");
}

#[test]
fn ends_have_godots_close_codes() {
    let server = Server::start().expect("the scripted server starts");
    let small = || Options::default().max_message_size(1000);
    let impatient = || {
        let instant = Duration::from_millis(20);
        Options::default().heartbeat_interval(instant).heartbeat_timeout(instant)
    };
    for (path, options, code, why) in [
        ("/close/1000", Options::default(), 1000, "what the other end says"),
        ("/close/4001/bye", Options::default(), 4001, "what the other end says"),
        ("/close/empty", Options::default(), 0, "a close frame without a code"),
        ("/cut", Options::default(), -1, "no close frame"),
        ("/silent", impatient(), -1, "no close frame, for the heartbeat found nobody"),
        ("/reject/403", Options::default(), -1, "never opened"),
        ("/wrong-accept", Options::default(), -1, "never opened"),
        ("/raw/8300", Options::default(), 1002, "an unknown opcode"),
        ("/raw/8101ff", Options::default(), 1007, "a text that is no UTF-8"),
        ("/huge/1001", small(), 1009, "one byte over the limit"),
    ] {
        let mut peer = WebSocketPeer::with_options(options);
        peer.connect(&server.url(path)).expect("the address is right");
        assert_eq!(close_code(&mut peer), code, "{path}: {why}");
    }
}

#[test]
fn an_own_close_has_godots_close_code() {
    let server = Server::start().expect("the scripted server starts");
    let mut peer = WebSocketPeer::new();
    peer.connect(&server.url("/echo")).expect("the address is right");
    poll_until(&mut peer, ReadyState::Open);
    peer.close_with(CloseCode::new(4001).expect("it may be sent"), "bye").expect("the reason is short");
    assert_eq!(close_code(&mut peer), 4001, "the other end echoes it");

    peer.connect(&server.url("/echo")).expect("a closed peer connects again");
    poll_until(&mut peer, ReadyState::Open);
    peer.abort();
    assert_eq!(close_code(&mut peer), -1, "Godot: `close(-1)`");
}

fn poll_until(peer: &mut WebSocketPeer, state: ReadyState) {
    let start = Instant::now();
    while peer.poll() != state {
        assert!(start.elapsed() < Duration::from_secs(10), "waited in vain for {state}: {peer:?}");
        thread::sleep(Duration::from_millis(1));
    }
}

fn close_code(peer: &mut WebSocketPeer) -> i32 {
    poll_until(peer, ReadyState::Closed);
    peer.close_info().expect("a closed peer tells why").godot_code()
}

/// The text of every file of the library.
fn sources() -> Vec<String> {
    let mut sources = Vec::new();
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a folder can be listed") {
            let path = entry.expect("a folder can be listed").path();
            match path.is_dir() {
                true => folders.push(path),
                false => sources.push(fs::read_to_string(path).expect("a source file can be read")),
            }
        }
    }
    sources
}

/// The names of public functions, and every word in backticks in a paragraph of the docs that begins with `Godot:`.
fn offered(sources: &[String]) -> BTreeSet<String> {
    let mut offered = BTreeSet::new();
    let mut in_paragraph = false;
    for line in sources.iter().flat_map(|source| source.lines()).map(str::trim) {
        let doc = line.strip_prefix("///").map(str::trim);
        in_paragraph = doc.is_some_and(|doc| doc.starts_with("Godot:") || (in_paragraph && !doc.is_empty()));
        if let Some(doc) = doc.filter(|_| in_paragraph) {
            let in_backticks = doc.split('`').skip(1).step_by(2);
            offered.extend(in_backticks.flat_map(|code| code.split(|c| !is_word(c))).map(str::to_owned));
        }
        offered.extend(line.strip_prefix("pub fn ").map(first_word));
    }
    offered.remove("");
    offered
}

/// The names in `#[doc(alias = "…")]`.
fn aliases(sources: &[String]) -> BTreeSet<String> {
    let attributes = sources.iter().flat_map(|source| source.split("#[doc(alias = \"").skip(1));
    attributes.map(first_word).collect()
}

fn variants_of_error() -> BTreeSet<String> {
    let source = include_str!("../src/error.rs");
    let (_, body) = source.split_once("pub enum Error {\n").expect("error.rs has the enum");
    let (body, _) = body.split_once("\n}").expect("the enum ends");
    let variants = body.lines().filter_map(|line| line.strip_prefix("    "));
    variants.filter(|line| line.starts_with(|c: char| c.is_ascii_uppercase())).map(first_word).collect()
}

fn first_word(text: &str) -> String {
    text.split(|c| !is_word(c)).next().unwrap_or_default().to_owned()
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}
