//! The hook of `on_request`: what it gets, what it can decide, and how invalid decisions are answered.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use websocket_peer::{Admission, CloseCause, Limit, PeerOptions, RateLimits, Request, ServerOptions};

use crate::{
    common::raw::{BINARY, CLOSE, REQUEST, Raw, TEXT, client_frame},
    host::{Host, request, with_peer},
};

/// A server with this hook.
fn host(hook: impl FnMut(&Request) -> Admission + Send + Sync + 'static) -> Host {
    Host::with_hook(ServerOptions::default(), hook)
}

/// Opens a connection. Returns it and the head of the response.
#[track_caller]
fn answer(host: &mut Host, request: &str) -> (Raw, String) {
    let mut raw = host.connect_and_send(request);
    let head = host.until("the answer to the request", |_| raw.head());
    host.opened();
    (raw, head)
}

#[test]
fn the_hook_gets_the_whole_request() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let mut host = host({
        let seen = Arc::clone(&seen);
        move |request| {
            seen.lock().unwrap().push(request.clone());
            Admission::accept()
        }
    });
    let asked = request("/room/7?ticket=a", &["X-Own: 1", "Sec-WebSocket-Protocol: game, chat"]);
    let (key, raw) = host.open_client_with(&asked);
    let [request] = &seen.lock().unwrap()[..] else { panic!("not one call") };
    assert_eq!((request.path(), request.query()), ("/room/7", Some("ticket=a")));
    assert_eq!((request.host(), request.header("x-own")), ("h.example:99", Some(&b"1"[..])));
    assert_eq!(request.protocols().collect::<Vec<_>>(), ["game", "chat"]);
    assert_eq!((request.origin(), request.is_secure()), (None, false));
    assert_eq!(request.addr(), raw.tcp().local_addr().unwrap());
    let later = host.server.peer(key).unwrap();
    assert_eq!((later.addr(), later.request().url()), (request.addr(), request.url()));
}

#[test]
fn a_rejected_client_gets_the_status_and_the_fields_and_is_not_a_peer() {
    for status in [400, 401, 403, 404, 409, 429, 500, 503, 599] {
        let mut host = host(move |_| Admission::reject(status).header("X-Why", "because"));
        let mut raw = host.connect_and_send(REQUEST);
        let rejection = host.rejection(&mut raw);
        assert_eq!(rejection.status, status);
        assert!(rejection.head.contains("\r\nX-Why: because"), "{rejection:?}");
        drop(raw);
        host.until_empty();
        assert_eq!(host.events, []);
        let stats = host.server.stats();
        assert_eq!((stats.accepted, stats.rejected, stats.opened), (1, 1, 0));
    }
}

/// A hook that panics at the path `/panic`, and counts its calls in the response to every other request.
fn panicking_hook() -> impl FnMut(&Request) -> Admission + Send + Sync + 'static {
    let mut calls = 0;
    move |request| {
        calls += 1;
        assert!(request.path() != "/panic", "this panic is a part of the test");
        let admission =
            if request.is_upgrade() { Admission::accept() } else { Admission::respond(200, "ok") };
        admission.header("X-Calls", calls.to_string())
    }
}

#[test]
fn a_panic_of_the_hook_is_a_500_for_its_request_only() {
    let mut host = host(panicking_hook());
    let (before, mut before_raw) = host.open_client_with(REQUEST);
    // Requests of other clients are on their way while the hook panics.
    let mut half_sent: Vec<Raw> =
        (0..10).map(|_| host.connect_and_send(&REQUEST[..REQUEST.len() - 2])).collect();
    for round in 0..20_u64 {
        let panicking = match round % 2 {
            0 => request("/panic?token=s3cret", &["Cookie: s3cret"]),
            _ => "GET /panic HTTP/1.1\r\nHost: h\r\n\r\n".to_owned(),
        };
        let mut raw = host.connect_and_send(panicking);
        let rejection = host.rejection(&mut raw);
        assert_eq!(rejection.status, 500);
        assert!(!rejection.head.contains("X-Calls"), "{rejection:?}");
        let mut plain = host.connect_and_send("GET /health HTTP/1.1\r\nHost: h\r\n\r\n");
        let head = host.until("the answer of the hook", |_| plain.head());
        assert!(head.starts_with("HTTP/1.1 200"), "{head}");
        // It was called once for each request, so its state is as the panics left it.
        assert!(head.contains(&format!("X-Calls: {}\r\n", 2 * round + 3)), "{head}");
    }
    for raw in &mut half_sent {
        raw.send("\r\n");
        host.opened();
    }
    let (after, mut after_raw) = host.open_client_with(REQUEST);
    for (key, raw) in [(before, &mut before_raw), (after, &mut after_raw)] {
        raw.send(client_frame(TEXT, "still here"));
        assert_eq!(host.packet(key).as_text(), Some("still here"));
    }
    let stats = host.server.stats();
    assert_eq!((stats.opened, stats.rejected, stats.answered, stats.pending), (12, 20, 20, 0));
}

#[test]
fn a_server_that_refuses_new_connections_keeps_its_peers_and_can_accept_again() {
    let mut host = host(|_| Admission::accept());
    let (key, _raw) = host.open_client_with(REQUEST);
    host.server.refuse_new_connections(true);
    assert_eq!(host.status_for(REQUEST), 503);
    assert!(host.server.peer(key).is_some());
    host.server.refuse_new_connections(false);
    host.open_client_with(REQUEST);
}

#[test]
fn the_hook_gets_no_request_that_the_options_reject() {
    let options = ServerOptions::default().paths(["/game"]);
    let mut host = Host::with_hook(options, |_| panic!("the hook was called"));
    assert_eq!(host.status_for(REQUEST), 404);
    let foreign = request("/game", &["Origin: https://evil.example"]);
    assert_eq!(host.status_for(foreign), 403);
}

#[test]
fn the_response_has_the_fields_of_the_options_and_of_the_hook() {
    let peer = PeerOptions::for_server().header("X-All", "1");
    let mut host = Host::with_hook(with_peer(peer), |_| Admission::accept().header("X-One", "2"));
    let (_raw, head) = answer(&mut host, REQUEST);
    assert!(head.contains("\r\nX-All: 1\r\nX-One: 2\r\n"), "{head}");
}

#[test]
fn the_protocol_is_the_choice_of_the_hook_or_the_first_that_both_know() {
    let peer = || with_peer(PeerOptions::for_server().protocols(["chat", "game"]));
    let offer = request("/", &["Sec-WebSocket-Protocol: other, game, chat"]);
    let mut by_options = Host::start(peer());
    let (_raw, head) = answer(&mut by_options, &offer);
    assert!(head.contains("\r\nSec-WebSocket-Protocol: game\r\n"), "{head}");

    let mut by_hook = Host::with_hook(peer(), |_| Admission::accept().protocol("other"));
    let (key, raw) = by_hook.open_client_with(&offer);
    assert_eq!(by_hook.server.peer(key).unwrap().protocol(), Some("other"));
    drop(raw);

    let lenient = PeerOptions::for_server().protocols(["chat", "game"]).require_protocol(false);
    let mut unknown = Host::start(with_peer(lenient));
    let (_raw, head) = answer(&mut unknown, &request("/", &["Sec-WebSocket-Protocol: other"]));
    assert!(!head.contains("Sec-WebSocket-Protocol"), "{head}");
}

#[test]
fn a_client_that_offers_no_known_protocol_is_answered_400() {
    let mut host = Host::start(with_peer(PeerOptions::for_server().protocols(["chat", "game"])));
    for offer in [
        &[][..],
        &["Sec-WebSocket-Protocol: other"],
        &["Sec-WebSocket-Protocol: Chat, GAME, chat2"],
        &["Sec-WebSocket-Protocol:"],
        &["Sec-WebSocket-Protocol: chat game"],
    ] {
        assert_eq!(host.status_for(request("/", offer)), 400, "{offer:?}");
    }
    assert_eq!((host.server.peer_count(), host.server.stats().rejected), (0, 5));
    for (offer, chosen) in [
        (&["Sec-WebSocket-Protocol: game"][..], "game"),
        (&["Sec-WebSocket-Protocol: other, game"], "game"),
        (&["Sec-WebSocket-Protocol: other", "Sec-WebSocket-Protocol: chat"], "chat"),
    ] {
        let (key, _raw) = host.open_client_with(&request("/", offer));
        assert_eq!(host.server.peer(key).unwrap().protocol(), Some(chosen), "{offer:?}");
    }
}

#[test]
fn user_data_is_returned_by_its_type() {
    #[derive(Debug, PartialEq)]
    struct Player(String);
    let mut host = host(|request| match request.query() {
        Some(name) => Admission::accept().user_data(Player(name.to_owned())),
        None => Admission::accept(),
    });
    let (ann, _one) = host.open_client_with(&request("/?ann", &[]));
    let (bob, _two) = host.open_client_with(&request("/?bob", &[]));
    let (anonymous, _three) = host.open_client_with(&request("/", &[]));
    let player = |host: &Host, key| {
        host.server.peer(key).and_then(|peer| peer.user_data::<Player>().map(|player| player.0.clone()))
    };
    assert_eq!(player(&host, ann).as_deref(), Some("ann"));
    assert_eq!(player(&host, bob).as_deref(), Some("bob"));
    assert_eq!(player(&host, anonymous), None);
    assert!(host.server.peer(ann).unwrap().user_data::<String>().is_none());
}

#[test]
fn user_data_lives_as_long_as_the_peer() {
    let token = Arc::new(());
    let mut host = host({
        let token = Arc::clone(&token);
        move |_| Admission::accept().user_data(Arc::clone(&token))
    });
    let (key, raw) = host.open_client();
    assert_eq!(Arc::strong_count(&token), 3);
    drop(raw);
    host.closed(key);
    host.until_so("the data is dropped", |_| Arc::strong_count(&token) == 2);
}

#[test]
fn options_for_one_peer_do_not_affect_others() {
    let mut host = host(|request| match request.path() {
        "/small" => Admission::accept().connection(
            PeerOptions::for_server().max_message_size(10).outbound_buffer_size(20).protocols(["x"]),
        ),
        _ => Admission::accept(),
    });
    let (small, mut raw) = host.open_client_with(&request("/small", &["Sec-WebSocket-Protocol: x"]));
    let (other, mut other_raw) = host.open_client_with(&request("/", &["Sec-WebSocket-Protocol: x"]));
    assert_eq!(host.server.peer(small).unwrap().protocol(), Some("x"));
    assert_eq!(host.server.peer(other).unwrap().protocol(), None);
    assert!(host.server.send(small, &[0; 21]).is_err());
    assert!(host.server.send(other, &[0; 21]).is_ok());
    other_raw.send(client_frame(BINARY, [0; 11]));
    assert_eq!(host.packet(other).len(), 11);
    raw.send(client_frame(BINARY, [0; 11]));
    assert_eq!(host.closed(small).cause, CloseCause::MessageTooBig);
}

#[test]
fn rate_limits_for_one_peer_do_not_affect_others() {
    let mut host = host(|request| match request.path() {
        "/slow" => Admission::accept().rate_limits(RateLimits::default().max_packets_per_second(1)),
        _ => Admission::accept(),
    });
    let (slow, mut raw) = host.open_client_with(&request("/slow", &[]));
    let (other, mut other_raw) = host.open_client_with(&request("/", &[]));
    let packets = client_frame(TEXT, "x").repeat(50);
    other_raw.send(&packets);
    raw.send(&packets);
    assert_eq!(host.closed(slow).cause, CloseCause::LimitExceeded(Limit::PacketRate));
    for _ in 0..50 {
        host.packet(other);
    }
}

/// The timeout for the close is its own, too.
#[test]
fn timeouts_for_one_peer_do_not_affect_others() {
    let mut host = host(|_| {
        let times = PeerOptions::for_server().heartbeat_interval(Duration::from_millis(50));
        Admission::accept().connection(times.heartbeat_timeout(Duration::from_secs(60)))
    });
    let (_key, mut raw) = host.open_client();
    assert_ne!(host.frame(&mut raw).first, CLOSE);
}

#[test]
fn an_invalid_admission_is_answered_500_and_the_server_continues() {
    let wrong: [fn() -> Admission; 6] = [
        || Admission::accept().protocol("never offered"),
        || Admission::accept().header("X", "forged\r\nSet-Cookie: a"),
        || Admission::accept().header("Sec-WebSocket-Accept", "mine"),
        || Admission::accept().connection(PeerOptions::for_server().max_message_size(0)),
        || Admission::accept().rate_limits(RateLimits::default().max_message_time(Duration::MAX)),
        || Admission::reject(403).header("Content-Length", "0"),
    ];
    for make in wrong {
        let mut host = host(move |request| if request.path() == "/" { make() } else { Admission::accept() });
        let mut raw = host.connect_and_send(request("/", &[]));
        let rejection = host.rejection(&mut raw);
        assert_eq!(rejection.status, 500);
        assert!(!rejection.head.contains("Set-Cookie") && !rejection.head.contains("mine"), "{rejection:?}");
        host.open_client_with(&request("/other", &[]));
    }
}

/// It is neither `Opened` nor `Closed`, because it was never open.
#[test]
fn a_client_that_resets_while_it_is_admitted_causes_no_event() {
    let waiting: Arc<Mutex<Option<Raw>>> = Arc::default();
    let mut host = host({
        let waiting = Arc::clone(&waiting);
        move |_| {
            if let Some(raw) = waiting.lock().unwrap().take() {
                raw.reset();
            }
            Admission::accept()
        }
    });
    *waiting.lock().unwrap() = Some(host.connect_and_send(REQUEST));
    host.until_so("it is gone", |host| host.server.stats().rejected == 1);
    host.until_empty();
    assert_eq!(host.events, []);
    let stats = host.server.stats();
    assert_eq!((stats.accepted, stats.opened, stats.closed), (1, 0, 0));
    host.open_client();
}
