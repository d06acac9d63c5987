//! Layers import downward only.

use crate::code::{own_paths, words};
use crate::tree::File;

/// The modules of `src`, from the top down. Each may use the rows below its own.
const LAYERS: [&[&str]; 12] = [
    &["js"],
    &["multiplayer"],
    &["peer", "server"],
    &["sys"],
    &["link"],
    &["send_accounting"],
    &["admission", "stats"],
    &["close", "options", "upgraded", "url"],
    &["error"],
    &["clock", "shared_bytes", "packet", "rate", "request", "state"],
    &["http", "variant"],
    &["serialization", "text"],
];

/// Modules that only some of the modules above may use.
const RESERVED: [(&str, &[&str]); 5] = [
    // `multiplayer` uses only the time.
    ("sys", &["multiplayer", "peer", "server"]),
    ("link", &["peer", "server", "sys"]),
    ("send_accounting", &["link", "sys"]),
    ("admission", &["multiplayer", "server", "sys"]),
    ("shared_bytes", &["link", "send_accounting", "server", "sys"]),
];

/// The rows of `src/multiplayer`. There a module may also use its own row.
const MULTIPLAYER: [&[&str]; 7] = [
    &["rooms"],
    &["scene"],
    &["session"],
    &[
        "event",
        "node",
        "options",
        "output",
        "packet_error",
        "path_ids",
        "paths",
        "relay_decision",
        "replication",
        "stats",
    ],
    &["rpc", "wire"],
    // Only for `scene` and `rooms`.
    &["peer"],
    &["id", "id_hasher", "memory", "status"],
];

/// Code that takes bytes and times as arguments, so that tests need no network.
const SANS_IO: [&str; 9] = [
    "src/multiplayer/replication/",
    "src/multiplayer/rpc/",
    "src/multiplayer/session/",
    "src/multiplayer/wire/",
    "src/sys/native/frames/",
    "src/sys/native/guard/",
    "src/sys/native/handshake/",
    "src/sys/native/heartbeat.rs",
    "src/variant/",
];

/// The names of sockets and clocks.
const IO: [&str; 6] = ["mio", "TcpStream", "TcpListener", "UdpSocket", "Instant", "SystemTime"];

/// The backends in `src/sys`, which do not use each other.
const BACKENDS: [&str; 3] = ["miniquad", "native", "web"];

const FROM_ROOT: &str = "name its module, not the root of the crate";

/// Paths that lead up or sideways.
pub fn look_down(file: &File) -> Vec<String> {
    let module = module(&file.path);
    // lib.rs exports everything.
    let Some(&layer) = module.first() else { return Vec::new() };
    let mut found = Vec::new();
    for (at, path) in own_paths(file.code_without_tests()) {
        let target = resolve(&module, &path);
        let why = match target.first() {
            Some(other) if *other == layer => match (module.get(1), target.get(1)) {
                (Some(own), Some(other))
                    if layer == "sys"
                        && own != other
                        && BACKENDS.contains(own)
                        && BACKENDS.contains(other) =>
                {
                    "one backend uses the other; move what both need below them".to_owned()
                }
                (Some(own), Some(other)) if layer == "multiplayer" && !may_use(own, other) => {
                    format!("`{own}` is below `{other}`; move what it needs further down")
                }
                _ => continue,
            },
            Some(other) => match trespass(layer, other) {
                Some(why) => why,
                None => continue,
            },
            None => FROM_ROOT.to_owned(),
        };
        found.push(file.at(at, &format!("`{}`: {why}", path.join("::"))));
    }
    found
}

/// Returns `true` if a module of `src/multiplayer` is not below another one. A module without a row may use none.
fn may_use(own: &str, other: &str) -> bool {
    if other == "peer" && !matches!(own, "peer" | "rooms" | "scene") {
        return false;
    }
    let depth = |name: &str| MULTIPLAYER.iter().position(|row| row.contains(&name));
    depth(own).is_some_and(|own| depth(other).is_none_or(|other| own <= other))
}

/// Returns what is wrong if `layer` uses `other`.
fn trespass(layer: &str, other: &str) -> Option<String> {
    let Some(depth) = depth(other) else {
        // The JavaScript shell is a user like any other: it may take what the crate offers.
        return (layer != "js").then(|| FROM_ROOT.to_owned());
    };
    if self::depth(layer).is_some_and(|own| own >= depth) {
        return Some(format!("`{layer}` is not above `{other}`; move what it needs further down"));
    }
    let (_, allowed) = RESERVED.iter().find(|(reserved, _)| *reserved == other)?;
    (!allowed.contains(&layer))
        .then(|| format!("`{other}` is only for {}; use what they offer", allowed.join(" and ")))
}

/// Modules that are missing in `LAYERS`, and entries without a module.
pub fn unplaced<'a>(files: impl Iterator<Item = &'a File>) -> Vec<String> {
    let mut known: Vec<&str> = LAYERS.concat();
    let mut found = Vec::new();
    for file in files {
        if let [layer] | [layer, _, ..] = module(&file.path)[..] {
            if depth(layer).is_none() {
                found.push(format!("{}: add `{layer}` to LAYERS (tests/tidy/layers.rs)", file.path));
            }
            known.retain(|name| *name != layer);
        }
    }
    found.extend(known.iter().map(|name| format!("LAYERS (tests/tidy/layers.rs): `{name}` does not exist")));
    found
}

pub fn is_sans_io(path: &str) -> bool {
    SANS_IO.iter().any(|start| path.starts_with(start))
}

/// Sockets, clocks, and modules of `sys` that have one.
pub fn sans_io(file: &File) -> Vec<String> {
    let code = file.code_without_tests();
    let module = module(&file.path);
    // A folder may use itself; a file may use nothing of `sys`.
    let own = &module[..module.len().min(3)];
    let named = words(code).filter(|(_, word)| IO.contains(word)).map(|(at, word)| (at, word.to_owned()));
    let neighbours = own_paths(code).into_iter().filter_map(|(at, path)| {
        let target = resolve(&module, &path);
        (target.first() == Some(&"sys") && !target.starts_with(own)).then(|| (at, path.join("::")))
    });
    named
        .chain(neighbours)
        .map(|(at, what)| {
            file.at(at, &format!("`{what}` in sans-I/O code; take bytes and times as arguments"))
        })
        .collect()
}

fn depth(module: &str) -> Option<usize> {
    LAYERS.iter().position(|row| row.contains(&module))
}

/// `src/sys/native/mod.rs` is `sys::native`; lib.rs is the root.
fn module(path: &str) -> Vec<&str> {
    let name = path.trim_start_matches("src/").trim_end_matches(".rs");
    let mut module: Vec<&str> = name.split('/').collect();
    if matches!(module.last(), Some(&("mod" | "lib"))) {
        module.pop();
    }
    module
}

/// The path from the root of the crate.
fn resolve<'a>(module: &[&'a str], path: &[&'a str]) -> Vec<&'a str> {
    let mut target = if path[0] == "crate" { Vec::new() } else { module.to_vec() };
    for segment in path {
        match *segment {
            "crate" | "self" => {}
            "super" => {
                target.pop();
            }
            name => target.push(name),
        }
    }
    target
}

#[cfg(test)]
mod planted {
    use super::*;

    fn count(path: &str, text: &str) -> usize {
        look_down(&File::new(path, text)).len()
    }

    #[test]
    fn looking_up_or_sideways_is_seen() {
        for (path, text) in [
            ("src/state.rs", "use crate::error::Error;"),
            ("src/http.rs", "use crate::request::Request;"),
            ("src/request.rs", "use crate::options::Options;"),
            ("src/options/server.rs", "use crate::admission::Admission;"),
            ("src/peer.rs", "use crate::admission::Admission;"),
            ("src/peer.rs", "use crate::server::WebSocketServer;"),
            ("src/server/mod.rs", "use crate::peer::WebSocketPeer;"),
            ("src/close.rs", "use crate::{error::Error, options::Options};"),
            ("src/options/tls.rs", "use super::super::url::Url;"),
            ("src/link.rs", "fn f() { crate::sys::now(); }"),
            ("src/peer.rs", "use crate::send_accounting::SendAccounting;"),
            ("src/sys/web/mod.rs", "use crate::peer::WebSocketPeer;"),
            ("src/sys/web/mod.rs", "use super::native::open;"),
            ("src/sys/miniquad/mod.rs", "use super::web::bridge;"),
            ("src/js.rs", "use crate::link::Link;"),
            ("src/variant/mod.rs", "use crate::error::Error;"),
            ("src/server/mod.rs", "use crate::multiplayer::SceneMultiplayer;"),
            ("src/multiplayer/session/mod.rs", "use super::scene::SceneMultiplayer;"),
            ("src/multiplayer/session/mod.rs", "use super::peer::WebSocketMultiplayerPeer;"),
            ("src/multiplayer/peer/mod.rs", "use crate::multiplayer::session::Session;"),
            ("src/multiplayer/wire/mod.rs", "use crate::multiplayer::session::Session;"),
            ("src/js.rs", "use crate::sys;"),
            ("src/peer.rs", "use crate::js::Peer;"),
            ("src/peer.rs", "use crate::Error;"),
            ("src/peer.rs", "use super::*;"),
        ] {
            assert_eq!(count(path, text), 1, "{path}: {text}");
        }
    }

    #[test]
    fn looking_down_is_free() {
        for (path, text) in [
            ("src/lib.rs", "pub use crate::peer::WebSocketPeer;"),
            ("src/peer.rs", "use crate::{error::Error, link::Link, sys::{Socket, Transport}};"),
            ("src/server/mod.rs", "use crate::{admission::Admission, link::Link, sys::Accept};"),
            ("src/sys/native/handshake/server.rs", "use crate::{http::is_token, request::Request};"),
            ("src/link.rs", "use crate::send_accounting::SendAccounting;"),
            ("src/sys/web/mod.rs", "use super::page::PageSocket;"),
            ("src/multiplayer/scene/mod.rs", "use crate::{multiplayer::session::Session, server::PeerKey};"),
            ("src/multiplayer/scene/mod.rs", "use super::peer::{Side, WebSocketMultiplayerPeer};"),
            ("src/multiplayer/peer/mod.rs", "use super::{id::PeerId, status::ConnectionStatus};"),
            ("src/multiplayer/session/mod.rs", "use super::event::Event; use crate::variant::Variant;"),
            (
                "src/sys/native/tls/config.rs",
                "use super::{super::stream::Stream, Session}; use crate::url::Url;",
            ),
            ("src/js/mod.rs", "use crate::{WebSocketPeer, error::Error};"),
            ("src/clock.rs", "/// [`crate::peer`]\n#[cfg(test)]\nmod tests { use crate::peer; }"),
        ] {
            assert_eq!(count(path, text), 0, "{path}: {text}");
        }
    }

    #[test]
    fn a_module_has_its_place() {
        let all: Vec<File> =
            LAYERS.concat().iter().map(|name| File::new(&format!("src/{name}.rs"), "")).collect();
        assert_eq!(unplaced(all.iter()).len(), 0);
        assert_eq!(unplaced(all[1..].iter()).len(), 1);
        let new = File::new("src/sound/mod.rs", "");
        assert_eq!(unplaced(all.iter().chain([&new])).len(), 1);
    }

    #[test]
    fn a_socket_or_a_clock_is_seen() {
        for (path, text, expected) in [
            ("src/sys/native/handshake/client.rs", "use mio::net::TcpStream;", 2),
            ("src/sys/native/handshake/mod.rs", "use super::stream;", 1),
            (
                "src/sys/native/handshake/client.rs",
                "use super::head::Fields; pub(in super::super) fn a(url: crate::url::Url) {}",
                0,
            ),
            ("src/sys/native/heartbeat.rs", "use std::time::Instant;", 1),
            ("src/sys/native/heartbeat.rs", "use super::open::OpenConnection;", 1),
            ("src/sys/native/heartbeat.rs", "use std::time::Duration; use crate::options::Options;", 0),
        ] {
            assert!(is_sans_io(path));
            assert_eq!(sans_io(&File::new(path, text)).len(), expected, "{path}: {text}");
        }
        assert!(!is_sans_io("src/sys/native/dial.rs"));
    }
}
