//! Compares the crate with Godot's names and numbers: each name of its `WebSocketPeer` is in the documentation, or has a
//! reason to be absent.
//!
//! The names are those of Godot 4.6. `TCPServer` is `WebSocketServer` for us, or `std::net::TcpListener` for who accepts
//! connections by hand, as in `examples/minimal_server.rs`.

#![cfg(not(target_family = "wasm"))]

#[path = "godot_parity/names.rs"]
mod names;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use names::{ABSENT, names};
use testkit::Server;
use websocket_peer::{CloseCode, PacketKind, PeerOptions, ReadyState, WebSocketPeer};

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
fn every_name_can_be_searched_for() {
    let sources = sources();
    let found = &items(&sources) | &aliases(&sources);
    let found: BTreeSet<String> = found.iter().map(|name| search_form(name)).collect();
    let present = names().filter(|name| ABSENT.iter().all(|(absent, _)| absent != name));
    let missing: Vec<&str> = present.filter(|name| !found.contains(&search_form(name))).collect();
    assert!(missing.is_empty(), "put `#[doc(alias = \"…\")]` for these on what replaces them: {missing:?}");
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
fn ends_have_godots_close_codes() {
    let server = Server::start().expect("the scripted server starts");
    let small = || PeerOptions::default().max_message_size(1000);
    let impatient = || {
        let instant = Duration::from_millis(20);
        PeerOptions::default().heartbeat_interval(instant).heartbeat_timeout(instant)
    };
    for (path, options, code, why) in [
        ("/close/1000", PeerOptions::default(), 1000, "what the other end says"),
        ("/close/4001/bye", PeerOptions::default(), 4001, "what the other end says"),
        ("/close/empty", PeerOptions::default(), 0, "a close frame without a code"),
        ("/cut", PeerOptions::default(), -1, "no close frame"),
        ("/silent", impatient(), -1, "no close frame, because the heartbeat failed"),
        ("/reject/403", PeerOptions::default(), -1, "never opened"),
        ("/wrong-accept", PeerOptions::default(), -1, "never opened"),
        ("/raw/8300", PeerOptions::default(), 1002, "an unknown opcode"),
        ("/raw/8101ff", PeerOptions::default(), 1007, "a text that is no UTF-8"),
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
        assert!(start.elapsed() < Duration::from_secs(30), "timed out waiting for {state}: {peer:?}");
        thread::sleep(Duration::from_millis(1));
    }
}

fn close_code(peer: &mut WebSocketPeer) -> i32 {
    poll_until(peer, ReadyState::Closed);
    peer.close_info().expect("a closed peer has close info").godot_code()
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
            let backticked = doc.split('`').skip(1).step_by(2);
            offered.extend(backticked.flat_map(|code| code.split(|c| !is_word(c))).map(str::to_owned));
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

/// The names of public items and fields, of enum variants and of exported macros.
fn items(sources: &[String]) -> BTreeSet<String> {
    let mut items = BTreeSet::new();
    for line in sources.iter().flat_map(|source| source.lines()).map(str::trim) {
        let item = line.strip_prefix("pub ").or_else(|| line.strip_prefix("macro_rules! ")).unwrap_or(line);
        let item =
            ["fn ", "struct ", "enum "].iter().find_map(|kind| item.strip_prefix(kind)).unwrap_or(item);
        if item != line || line.starts_with(char::is_uppercase) {
            items.insert(first_word(item));
        }
    }
    items
}

/// The form in which rustdoc's search compares names.
fn search_form(name: &str) -> String {
    name.replace('_', "").to_lowercase()
}

fn first_word(text: &str) -> String {
    text.split(|c| !is_word(c)).next().unwrap_or_default().to_owned()
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}
