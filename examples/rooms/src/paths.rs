//! Where a request goes: the path of its URL as a destination. No I/O, and no state: the server knows which rooms exist.

use websocket_peer::{OriginPolicy, Request};

use crate::{code::RoomCode, messages::LOBBY};

/// The longest path that is read, in bytes.
const MAX_PATH: usize = 32;

/// Where a request goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Destination {
    /// Into the lobby: `/lobby`.
    Lobby,
    /// Into the room with this code, if there is one: `/room/ABCD`.
    Room(RoomCode),
    /// The list of rooms over HTTP: `/rooms`.
    List,
    /// Nowhere: 404.
    Unknown,
}

impl Destination {
    /// Returns the destination of a path, without the query. Only these paths lead anywhere, as they stand: nothing is
    /// percent-decoded or resolved. Only the letters of a code can be in any case.
    pub fn of_path(path: &str) -> Self {
        if path.len() > MAX_PATH {
            return Self::Unknown;
        }
        match path.strip_prefix('/') {
            Some(LOBBY) => Self::Lobby,
            Some("rooms") => Self::List,
            Some(path) => path
                .strip_prefix("room/")
                .and_then(|code| code.parse().ok())
                .map_or(Self::Unknown, Self::Room),
            None => Self::Unknown,
        }
    }
}

/// Returns the origin that a page must have to read the answer to this request, if its own one is allowed.
pub fn allowed_origin<'a>(request: &'a Request, policy: &OriginPolicy) -> Option<&'a str> {
    request.origin().filter(|origin| is_allowed(origin, request.host(), policy))
}

/// Returns `true` if the pages of an origin may read what a server at this host answers.
fn is_allowed(origin: &str, host: &str, policy: &OriginPolicy) -> bool {
    match policy {
        OriginPolicy::Any => true,
        OriginPolicy::List(allowed) => allowed.iter().any(|allowed| allowed.eq_ignore_ascii_case(origin)),
        OriginPolicy::SameHost => {
            let of_page = origin.split_once("://").map(|(_, authority)| name_of(authority));
            of_page.is_some_and(|page| !page.is_empty() && page.eq_ignore_ascii_case(name_of(host)))
        }
        _ => false,
    }
}

/// Returns an authority without its port.
fn name_of(authority: &str) -> &str {
    match authority.split_once(']') {
        Some((address, _)) => address.trim_start_matches('['),
        None => authority.split_once(':').map_or(authority, |(name, _)| name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_path_has_one_destination() {
        let code: RoomCode = "ABCD".parse().expect("it is a code");
        assert_eq!(Destination::of_path("/lobby"), Destination::Lobby);
        assert_eq!(Destination::of_path("/rooms"), Destination::List);
        for path in ["/room/ABCD", "/room/abcd", "/room/aBcD"] {
            assert_eq!(Destination::of_path(path), Destination::Room(code), "{path}");
        }
    }

    #[test]
    fn hostile_paths_lead_nowhere() {
        let long = format!("/room/{}", "A".repeat(100_000));
        for path in [
            "",
            "/",
            "lobby",
            "//lobby",
            "/lobby/",
            "/Lobby",
            "/lobby/../lobby",
            "/room",
            "/room/",
            "/room//ABCD",
            "//room/ABCD",
            "/room/ABCD/",
            "/room/ABCD/x",
            "/room/../room/ABCD",
            "/room/./ABCD",
            "/room/ABCDE",
            "/room/ABC",
            "/room/ABIO",
            "/room/AB1D",
            "/room/%41BCD",
            "/room/A%42CD",
            "/room%2FABCD",
            "/room/lobby",
            "/room/ÄBC",
            "/room/ＡＢＣＤ",
            "/room/ABCD?x",
            "/room/ABCD#x",
            "/room/ABCD\0",
            "/room/ABCD ",
            "/ROOM/ABCD",
            "/rooms/",
            "/health",
            long.as_str(),
        ] {
            assert_eq!(Destination::of_path(path), Destination::Unknown, "{path:?}");
        }
    }

    #[test]
    fn pages_of_other_origins_read_the_list_as_the_policy_allows() {
        let same = OriginPolicy::SameHost;
        for (origin, host) in [
            ("http://a.example:8090", "a.example:9090"),
            ("https://A.example", "a.example"),
            ("http://127.0.0.1:8090", "127.0.0.1:9090"),
            ("http://[::1]:8090", "[::1]"),
        ] {
            assert!(is_allowed(origin, host, &same), "{origin} at {host}");
        }
        for (origin, host) in [
            ("http://b.example", "a.example"),
            ("null", "a.example"),
            ("http://", ""),
            ("", ""),
            ("http://a.example.b.example", "a.example"),
            ("http://[::2]", "[::1]"),
        ] {
            assert!(!is_allowed(origin, host, &same), "{origin} at {host}");
        }
        let list = OriginPolicy::List(vec!["https://a.example".to_owned()]);
        assert!(is_allowed("https://A.example", "x", &list));
        assert!(!is_allowed("http://a.example", "a.example", &list));
        assert!(is_allowed("null", "x", &OriginPolicy::Any));
    }
}
