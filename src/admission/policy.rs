//! The rules of the options about a request: hosts first, then paths, then origins.

use super::Rejection;
use crate::{
    http::split_authority,
    options::{OriginPolicy, PeerOptions, ServerOptions},
    request::Request,
};

/// Checks a request before the hook is called.
pub(crate) fn check(options: &ServerOptions, request: &Request) -> Result<(), Rejection> {
    check_host(options, request)?;
    if !options.paths.is_empty() && !options.paths.iter().any(|path| path == request.path()) {
        return Err(Rejection { status: 404, reason: "nothing is served at this path" });
    }
    // Compared as bytes: an origin that is not text is not a missing one.
    let allowed = match (request.header("origin"), &options.origins) {
        (None, _) if options.allow_missing_origin => true,
        (None, _) => return Err(Rejection { status: 403, reason: "the request has no Origin" }),
        (Some(_), OriginPolicy::Any) => true,
        (Some(origin), OriginPolicy::List(allowed)) => {
            allowed.iter().any(|allowed| allowed.as_bytes().eq_ignore_ascii_case(origin))
        }
        (Some(_), OriginPolicy::SameHost) => is_same_host(request),
    };
    if allowed {
        Ok(())
    } else {
        Err(Rejection { status: 403, reason: "pages of this Origin may not connect" })
    }
}

/// Rejects a request for a host that is not in `hosts`. Of plain HTTP requests only the host is checked: `paths` and
/// `origins` restrict WebSockets.
pub(crate) fn check_host(options: &ServerOptions, request: &Request) -> Result<(), Rejection> {
    if options.hosts.is_empty() || options.hosts.iter().any(|known| matches_host(known, request.host())) {
        return Ok(());
    }
    Err(Rejection { status: 421, reason: "nothing is served under this host" })
}

/// Returns the sub-protocol for a client: the first of the client's that the options list, as in Godot.
pub(crate) fn choose_protocol(options: &PeerOptions, request: &Request) -> Result<Option<String>, Rejection> {
    let is_known = |offered: &&str| options.protocols.iter().any(|known| known == offered);
    let chosen = request.protocols().find(is_known);
    if chosen.is_none() && options.require_protocol && !options.protocols.is_empty() {
        return Err(Rejection {
            status: 400,
            reason: "the request offers none of the server's sub-protocols",
        });
    }
    Ok(chosen.map(str::to_owned))
}

/// Compares the host of the page with that of the request. Ports and schemes are ignored, because pages and WebSockets
/// of one host are often served by two programs behind a proxy.
fn is_same_host(request: &Request) -> bool {
    let of_page = request
        .origin()
        .and_then(|origin| origin.split_once("://"))
        .and_then(|(_, authority)| host(authority));
    // The origin `null` has no host, so it never matches.
    of_page.is_some_and(|page| host(request.host()).is_some_and(|own| own.eq_ignore_ascii_case(page)))
}

/// Returns `true` if an entry of [`ServerOptions::hosts`] matches this `Host`. An entry without a port matches every
/// port.
fn matches_host(known: &str, authority: &str) -> bool {
    match split_authority(known) {
        Some((known, None)) => host(authority).is_some_and(|host| host.eq_ignore_ascii_case(known)),
        Some((_, Some(_))) => authority.eq_ignore_ascii_case(known),
        None => false,
    }
}

fn host(authority: &str) -> Option<&str> {
    split_authority(authority).map(|(host, _)| host)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(options: &ServerOptions, host: &str, target: &str, origin: Option<&[u8]>) -> Option<u16> {
        let fields = origin.map(|origin| ("Origin", origin));
        let request = Request::new(([192, 0, 2, 1], 5000).into(), false, host, target, fields);
        check(options, &request).err().map(|rejection| rejection.status)
    }

    #[test]
    fn hosts_are_compared_with_their_port_if_the_entry_has_one() {
        let options = ServerOptions::default().hosts(["game.example", "[::1]:9080"]);
        for (host, expected) in [
            ("game.example", None),
            ("Game.Example:8443", None),
            ("[::1]:9080", None),
            ("[::1]", Some(421)),
            ("[::1]:9081", Some(421)),
            ("evil.example", Some(421)),
            ("game.example.evil.example", Some(421)),
            ("127.0.0.1:9080", Some(421)),
        ] {
            assert_eq!(status(&options, host, "/", None), expected, "{host}");
        }
    }

    #[test]
    fn a_list_of_hosts_stops_dns_rebinding() {
        // The page's host and the request's are the same, so the origin matches.
        let rebound =
            |options: &ServerOptions| status(options, "evil.example", "/", Some(b"http://evil.example"));
        assert_eq!(rebound(&ServerOptions::default()), None);
        assert_eq!(rebound(&ServerOptions::default().hosts(["game.example"])), Some(421));
    }

    #[test]
    fn paths_are_compared_exactly_and_without_the_query() {
        let options = ServerOptions::default().paths(["/game", "/chat"]);
        for (target, expected) in [
            ("/game", None),
            ("/chat?x=/y", None),
            ("/", Some(404)),
            ("/game/", Some(404)),
            ("/Game", Some(404)),
            ("/%67ame", Some(404)),
            ("/x/../game", Some(404)),
            ("//game", Some(404)),
        ] {
            assert_eq!(status(&options, "h", target, None), expected, "{target}");
        }
        assert_eq!(status(&ServerOptions::default(), "h", "/whatever", None), None);
    }

    #[test]
    fn by_default_only_pages_of_the_same_host_may_connect() {
        let options = ServerOptions::default();
        for (host, origin, is_same) in [
            ("h.example", "https://h.example", true),
            ("H.Example:9080", "http://h.example:8080", true),
            ("h.example", "HTTPS://H.EXAMPLE", true),
            ("[::1]:9080", "http://[::1]", true),
            ("h.example", "https://evil.example", false),
            ("h.example", "https://h.example.evil", false),
            ("h.example", "https://evil-h.example", false),
            ("h.example", "https://sub.h.example", false),
            ("h.example", "https://example", false),
            ("h.example", "https://h.example@evil", false),
            ("h.example", "https://h.example:80@evil", false),
            ("h.example", "https://h.example/x", false),
            ("h.example", "https://", false),
            ("h.example", "h.example", false),
            ("h.example", "", false),
            ("h.example", "file://", false),
            ("null", "null", false),
            ("h.example", "null", false),
            ("h.example", "https://a https://h.example", false),
        ] {
            let expected = if is_same { None } else { Some(403) };
            assert_eq!(status(&options, host, "/", Some(origin.as_bytes())), expected, "{host} {origin}");
        }
    }

    #[test]
    fn listed_origins_are_compared_whole() {
        let origins = OriginPolicy::List(vec!["https://a.example".into(), "http://b.example:8080".into()]);
        let options = ServerOptions::default().origins(origins);
        for (origin, expected) in [
            ("https://a.example", None),
            ("https://A.Example", None),
            ("http://b.example:8080", None),
            ("http://a.example", Some(403)),
            ("https://a.example:8443", Some(403)),
            ("http://b.example", Some(403)),
            // Its own host is not listed.
            ("https://h", Some(403)),
            ("null", Some(403)),
        ] {
            assert_eq!(status(&options, "h", "/", Some(origin.as_bytes())), expected, "{origin}");
        }
    }

    #[test]
    fn an_origin_that_is_not_text_is_not_a_missing_one() {
        let options = ServerOptions::default();
        assert_eq!(status(&options, "h", "/", Some(b"https://h\xff")), Some(403));
        assert_eq!(status(&options, "h", "/", Some(b"\xff")), Some(403));
        let any = options.origins(OriginPolicy::Any);
        assert_eq!(status(&any, "h", "/", Some(b"\xff")), None);
    }

    #[test]
    fn the_clients_first_protocol_that_the_options_list_is_chosen() {
        let fields = [("Sec-WebSocket-Protocol", &b"b, a"[..]), ("sec-websocket-protocol", b"c")];
        let request = Request::new(([192, 0, 2, 1], 5000).into(), false, "h", "/", fields);
        for (named, expected, unless_required) in [
            (&["c", "a"][..], Ok(Some("a")), Some("a")),
            (&["c"], Ok(Some("c")), Some("c")),
            (&["B"], Err(400), None),
            (&[], Ok(None), None),
        ] {
            let options = PeerOptions::for_server().protocols(named.iter().copied());
            let chosen = choose_protocol(&options, &request).map_err(|rejection| rejection.status);
            assert_eq!(chosen, expected.map(|name| name.map(str::to_owned)), "{named:?}");
            let chosen = choose_protocol(&options.require_protocol(false), &request).ok().flatten();
            assert_eq!(chosen.as_deref(), unless_required, "{named:?}");
        }
    }

    #[test]
    fn a_missing_origin_is_accepted_unless_the_options_forbid_it() {
        for origins in [OriginPolicy::SameHost, OriginPolicy::List(Vec::new()), OriginPolicy::Any] {
            let options = ServerOptions::default().origins(origins);
            assert_eq!(status(&options, "h", "/", None), None);
            assert_eq!(status(&options.allow_missing_origin(false), "h", "/", None), Some(403));
        }
    }

    #[test]
    fn an_unknown_path_is_reported_before_a_forbidden_origin() {
        let options = ServerOptions::default().paths(["/game"]).allow_missing_origin(false);
        assert_eq!(status(&options, "h", "/", Some(b"null")), Some(404));
        assert_eq!(status(&options, "h", "/", None), Some(404));
    }
}
