//! HTTP responses on the server's port, such as health checks.

use std::time::Duration;

use websocket_peer::{Admission, OriginPolicy, PeerOptions, Request, ServerOptions};

use crate::{
    common::{
        PATIENCE, eventually,
        raw::{BINARY, End, REQUEST, client_frame},
    },
    host::{Host, request, with_peer},
};

const HEALTH: &str = "GET /health HTTP/1.1\r\nHost: h.example:99\r\n\r\n";
const OK: &str = "HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\
                  Content-Length: 3\r\n\r\nok\n";

/// Answers health checks, and accepts upgrade requests.
fn healthy(request: &Request) -> Admission {
    match (request.path(), request.is_upgrade()) {
        ("/health", false) => Admission::respond(200, "ok\n"),
        (_, true) => Admission::accept(),
        (_, false) => Admission::reject(404),
    }
}

/// Returns the whole response to these bytes.
#[track_caller]
fn answer(host: &mut Host, bytes: impl AsRef<[u8]>) -> String {
    let mut raw = host.connect_and_send(bytes);
    assert_eq!(host.end(&mut raw), End::Eof, "a reset would destroy the response");
    String::from_utf8(raw.rest().to_vec()).expect("the response is text")
}

#[test]
fn a_health_check_is_answered_without_effect_on_peers() {
    let mut host = Host::with_hook(ServerOptions::default(), healthy);
    let (key, mut raw) = host.open_client();
    for _ in 0..3 {
        assert_eq!(answer(&mut host, HEALTH), OK);
    }
    assert_eq!(host.status_for("GET /other HTTP/1.1\r\nHost: h\r\n\r\n"), 404);
    raw.send(client_frame(BINARY, b"still here"));
    assert_eq!(host.packet(key).as_bytes(), b"still here");
    host.until_so("only the peer is left", |host| host.server.stats().pending == 0);
    let stats = host.server.stats();
    assert_eq!((stats.accepted, stats.opened, stats.answered, stats.rejected), (5, 1, 3, 1));
    drop(raw);
    host.closed(key);
    host.until_empty();
    assert!(host.events.is_empty(), "a health check causes no event: {:?}", host.events);
}

#[test]
fn the_hook_sees_which_requests_ask_for_a_websocket() {
    let mut host = Host::with_hook(ServerOptions::default(), |request| {
        assert_eq!(request.is_upgrade(), request.path() == "/game");
        Admission::respond(200, format!("{} {} {:?}", request.method(), request.url(), request.header("x-a")))
    });
    for (asked, seen) in [
        (request("/game", &[]), "GET ws://h.example:99/game None"),
        (HEALTH.into(), "GET http://h.example:99/health None"),
        ("GET /a?b HTTP/1.0\r\nX-A: c\r\n\r\n".into(), "GET http:///a?b Some([99])"),
        ("GET http://o/a HTTP/1.1\r\nHost: h\r\n\r\n".into(), "GET http://o/a None"),
    ] {
        let answer = answer(&mut host, &asked);
        assert!(answer.ends_with(&format!("\r\n\r\n{seen}")), "{asked}\n→ {answer}");
    }
}

#[test]
fn a_head_request_gets_the_head_that_get_would_and_no_body() {
    let mut host = Host::with_hook(ServerOptions::default(), healthy);
    let (head, _) = OK.split_at(OK.len() - 3);
    assert_eq!(answer(&mut host, HEALTH.replace("GET", "HEAD")), head);
    let refused = answer(&mut host, "HEAD /other HTTP/1.1\r\nHost: h\r\n\r\n");
    assert!(refused.starts_with("HTTP/1.1 404 Not Found\r\n") && refused.ends_with("\r\n\r\n"), "{refused}");
}

#[test]
fn plain_requests_are_rejected_without_a_hook_and_if_the_hook_accepts_them() {
    let plain = Host::start(ServerOptions::default().paths(["/game"]));
    let accepting = Host::with_hook(ServerOptions::default(), |_| Admission::accept().header("X-A", "1"));
    for mut host in [plain, accepting] {
        for (asked, status) in [
            (HEALTH.into(), 426),
            (HEALTH.replace("/1.1", "/1.0"), 400),
            (HEALTH.replace("GET", "POST"), 405),
            ("GET /health HTTP/1.1\r\n\r\n".into(), 400),
        ] {
            assert_eq!(host.status_for(&asked), status, "{asked}");
        }
        let head = answer(&mut host, HEALTH.replace("GET", "HEAD"));
        assert!(head.starts_with("HTTP/1.1 405 ") && head.contains("\r\nAllow: GET\r\n"), "{head}");
        let get = answer(&mut host, HEALTH);
        assert!(get.contains("\r\nSec-WebSocket-Version: 13\r\n") && !get.contains("X-A"), "{get}");
        host.until_empty();
        assert_eq!(host.server.stats().answered, 0);
    }
}

#[test]
fn invalid_upgrade_requests_do_not_reach_the_hook() {
    let mut host = Host::with_hook(ServerOptions::default(), |request| panic!("{request:?}"));
    for (line, status) in
        [("Upgrade: websocket", 426), ("Connection: Upgrade", 426), ("Sec-WebSocket-Key", 400)]
    {
        let lines = REQUEST.split_inclusive("\r\n").filter(|kept| !kept.starts_with(line));
        assert_eq!(host.status_for(lines.collect::<String>()), status, "without {line}");
    }
}

#[test]
fn a_websocket_client_can_be_answered_over_http_too() {
    let mut host = Host::with_hook(ServerOptions::default(), |_| {
        Admission::respond(307, "").header("Location", "wss://elsewhere.example/")
    });
    let moved = answer(&mut host, REQUEST);
    let expected = "HTTP/1.1 307 Temporary Redirect\r\nLocation: wss://elsewhere.example/\r\nConnection: close\r\n\
                    Content-Length: 0\r\n\r\n";
    assert_eq!(moved, expected);
    host.until_empty();
    assert!(host.events.is_empty());
}

#[test]
fn fields_of_the_hook_replace_the_default_fields() {
    let mut host = Host::with_hook(ServerOptions::default(), |_| {
        let json = Admission::respond(503, r#"{"ok":false}"#).header("Content-Type", "application/json");
        json.header("Retry-After", "60")
    });
    let expected = "HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\nRetry-After: 60\r\n\
                    Connection: close\r\nContent-Length: 12\r\n\r\n{\"ok\":false}";
    assert_eq!(answer(&mut host, HEALTH), expected);
}

#[test]
fn an_invalid_response_of_the_hook_is_answered_500() {
    let wrong: [fn() -> Admission; 6] = [
        || Admission::respond(101, ""),
        || Admission::respond(199, ""),
        || Admission::respond(600, ""),
        || Admission::respond(204, "body"),
        || Admission::respond(200, vec![b'x'; 64 * 1024 + 1]),
        || Admission::respond(200, "ok").header("Transfer-Encoding", "chunked"),
    ];
    for make in wrong {
        let mut host = Host::with_hook(ServerOptions::default(), move |_| make());
        assert_eq!(host.status_for(HEALTH), 500);
        assert_eq!(host.status_for(REQUEST), 500);
    }
}

#[test]
fn a_long_response_arrives_complete_at_a_client_that_reads_late() {
    const LENGTH: usize = 64 * 1024;
    let peer = PeerOptions::for_server().close_timeout(PATIENCE);
    let mut host = Host::with_hook(with_peer(peer), |_| Admission::respond(200, vec![b'x'; LENGTH]));
    // Unread bytes must not cause a reset.
    let mut raw = host.connect_and_send([HEALTH, "GET /again HTTP/1.1\r\nHost: h\r\n\r\n"].concat());
    host.run(Duration::from_millis(300));
    let stats = host.server.stats();
    assert_eq!((stats.answered, stats.pending), (1, 0));
    assert!(stats.memory <= 2 * LENGTH, "{stats:?}");
    assert_eq!(host.end(&mut raw), End::Eof);
    let (head, body) = raw.rest().split_at(raw.rest().len() - LENGTH);
    assert!(head.ends_with(b"Content-Length: 65536\r\n\r\n"), "{}", head.escape_ascii());
    assert!(body.iter().all(|byte| *byte == b'x'));
    drop(raw);
    host.until_empty();
}

#[test]
fn a_response_that_was_sent_uses_no_memory_while_its_client_stays() {
    let peer = PeerOptions::for_server().close_timeout(PATIENCE);
    let mut host = Host::with_hook(with_peer(peer), |_| Admission::respond(200, vec![b'x'; 64 * 1024]));
    let mut raw = host.connect_and_send(HEALTH);
    assert_eq!(host.end(&mut raw), End::Eof);
    assert!(raw.rest().len() > 64 * 1024);
    let stats = host.server.stats();
    assert_eq!((stats.answered, stats.memory), (1, 0));
}

#[test]
fn a_client_that_never_reads_its_response_is_cut_off() {
    let peer = PeerOptions::for_server().close_timeout(Duration::from_millis(200));
    let mut host = Host::with_hook(with_peer(peer), |_| Admission::respond(200, vec![b'x'; 64 * 1024]));
    let _raw = host.connect_and_send(HEALTH);
    host.until_so("it is answered", |host| host.server.stats().answered == 1);
    host.until_empty();
}

#[test]
fn a_server_that_is_full_still_answers_health_checks() {
    let mut host = Host::with_hook(ServerOptions::default().max_peers(1), healthy);
    let (_key, _raw) = host.open_client();
    assert_eq!(host.status_for(REQUEST), 503, "it is full");
    assert_eq!(answer(&mut host, HEALTH), OK);
    host.server.refuse_new_connections(true);
    assert_eq!(answer(&mut host, HEALTH), OK);
}

#[test]
fn limits_on_connections_apply_to_health_checks_too() {
    let options = ServerOptions::default().max_connections_per_address_per_second(1);
    let mut host = Host::with_hook(options, healthy);
    assert_eq!(answer(&mut host, HEALTH), OK);
    eventually("the rate is used up", || (host.status_for(HEALTH) == 429).then_some(()));

    let peer = PeerOptions::for_server().connect_timeout(Duration::from_millis(200));
    let mut slow = Host::with_hook(with_peer(peer), healthy);
    let mut raw = slow.connect_and_send("GET /health HTTP/1.1\r\nHost: ");
    slow.end(&mut raw);
    assert_eq!((raw.rest(), slow.server.stats().rejected), (&b""[..], 1));

    let mut small = Host::with_hook(ServerOptions::default().max_request_size(100), healthy);
    assert_eq!(
        small.status_for(format!("{}X: {}\r\n\r\n", &HEALTH[..HEALTH.len() - 2], "x".repeat(100))),
        431
    );
}

#[test]
fn hosts_apply_to_plain_requests_and_paths_and_origins_do_not() {
    let origins = OriginPolicy::List(vec!["https://game.example".into()]);
    let options = ServerOptions::default().hosts(["h.example"]).paths(["/game"]).origins(origins);
    let mut host = Host::with_hook(options.allow_missing_origin(false), healthy);
    assert_eq!(answer(&mut host, HEALTH), OK);
    for other in [HEALTH.replace("h.example", "evil.example"), "GET /health HTTP/1.0\r\n\r\n".into()] {
        assert_eq!(host.status_for(&other), 421, "{other}");
    }
    assert_eq!(host.status_for(request("/health", &["Origin: https://game.example"])), 404);
    assert_eq!(host.status_for(request("/game", &[])), 403);
}
