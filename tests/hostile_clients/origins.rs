//! Pages that connect with the credentials of their visitors (cross-site WebSocket hijacking), and log injection.

use websocket_peer::{OriginPolicy, ServerOptions};

use crate::{
    common::raw::{CLOSE, REQUEST, client_frame, close_payload},
    host::{Host, request},
};

/// Returns the status of the response to a page of this origin. The request is for `h.example:99`.
#[track_caller]
fn status(host: &mut Host, origin: &str) -> u16 {
    let mut raw = host.connect_and_send(request("/", &[&format!("Origin: {origin}")]));
    let answer = host.until("an answer", |_| {
        raw.look();
        raw.rest().get(9..12).map(|status| String::from_utf8_lossy(status).into_owned())
    });
    answer.parse().expect("a status")
}

#[test]
fn by_default_only_pages_of_the_same_host_and_programs_may_connect() {
    let mut host = Host::start(ServerOptions::default());
    for own in ["https://h.example", "http://h.example:8080", "http://H.Example"] {
        assert_eq!(status(&mut host, own), 101, "{own}");
    }
    for foreign in [
        "https://evil.example",
        "https://h.example.evil.example",
        "https://evil-h.example",
        "https://sub.h.example",
        "https://h.example@evil.example",
        "null",
        "file://",
        "",
    ] {
        assert_eq!(status(&mut host, foreign), 403, "{foreign}");
    }
    // Programs other than browsers send no origin.
    host.open_client();
}

/// An attacker's name that resolves to the server (DNS rebinding) is in both fields.
#[test]
fn with_a_list_of_hosts_a_page_of_another_name_for_the_server_may_not_connect() {
    let mut host = Host::start(ServerOptions::default().hosts(["game.example", "h.example:99"]));
    let request = |name: &str| {
        REQUEST
            .replace("h.example:99", name)
            .replace("Upgrade: websocket", &format!("Upgrade: websocket\r\nOrigin: http://{name}"))
    };
    for (name, expected) in
        [("evil.example", 421), ("game.example", 101), ("game.example:1", 101), ("h.example:98", 421)]
    {
        let mut raw = host.connect_and_send(request(name));
        let head = host.until("an answer", |_| raw.head());
        assert_eq!(head[9..12].parse(), Ok(expected), "{name}");
    }
    host.open_client();
}

#[test]
fn with_a_list_of_origins_only_their_pages_may_connect() {
    let list = OriginPolicy::List(vec!["https://game.example".into(), "http://dev.example:8080".into()]);
    let mut host = Host::start(ServerOptions::default().origins(list));
    for (origin, expected) in [
        ("https://game.example", 101),
        ("http://dev.example:8080", 101),
        ("http://game.example", 403),
        ("http://dev.example", 403),
        ("https://h.example", 403),
        ("null", 403),
    ] {
        assert_eq!(status(&mut host, origin), expected, "{origin}");
    }
}

#[test]
fn any_page_may_connect_with_the_policy_any() {
    let mut host = Host::start(ServerOptions::default().origins(OriginPolicy::Any));
    for origin in ["https://evil.example", "null", ""] {
        assert_eq!(status(&mut host, origin), 101, "{origin}");
    }
}

#[test]
fn programs_without_an_origin_can_be_rejected() {
    let mut host = Host::start(ServerOptions::default().allow_missing_origin(false));
    assert_eq!(host.status_for(REQUEST), 403);
    assert_eq!(status(&mut host, "https://h.example"), 101);
}

#[test]
fn two_origins_get_400() {
    let mut host = Host::start(ServerOptions::default());
    let twice = ["Origin: https://h.example", "Origin: https://evil.example"];
    assert_eq!(host.status_for(request("/", &twice)), 400);
}

/// Log injection through reasons: text of the client cannot begin a new line.
#[test]
fn a_reason_cannot_forge_a_line_of_a_log() {
    let mut host = Host::start(ServerOptions::default());
    let (key, mut raw) = host.open_client();
    raw.send(client_frame(CLOSE, close_payload(4000, "bye\n[error] forged\r\x1B[2J")));
    let info = host.closed(key);
    assert_eq!(info.reason, "bye\n[error] forged\r\x1B[2J", "the reason is unchanged");
    assert!(!info.to_string().contains(|c: char| c.is_control()), "{info}");
}

/// Spoofing of peer ids in the payload.
#[test]
fn the_sender_of_a_packet_is_the_connection_that_it_came_from() {
    let mut host = Host::start(ServerOptions::default());
    let (one, mut raw) = host.open_client();
    let (other, _raw) = host.open_client();
    raw.send(client_frame(0x81, other.to_string()));
    assert_eq!(host.packet(one).as_text(), Some(&*other.to_string()));
    assert_eq!(host.events, []);
}
