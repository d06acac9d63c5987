//! The log: events have the right level, and no record has data that a client sent or secrets.

use std::{cell::RefCell, sync::Once, time::Duration};

use log::{Level, LevelFilter, Log, Metadata, Record};
use websocket_peer::{
    Admission, CloseCode, PeerOptions, RateLimits, ServerOptions, TlsCertificate, WebSocketServer,
};

use crate::{
    common::raw::{BINARY, CLOSE, PING, REQUEST, TEXT, client_frame, close_payload},
    host::{Host, request, unlimited, with_peer},
};

thread_local! {
    /// A server logs on the thread that polls it, so each test has its own records.
    static RECORDS: RefCell<Vec<(Level, String)>> = const { RefCell::new(Vec::new()) };
}

struct Recorder;

impl Log for Recorder {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &Record<'_>) {
        RECORDS.with_borrow_mut(|records| records.push((record.level(), record.args().to_string())));
    }

    fn flush(&self) {}
}

/// Records everything from now on.
fn record() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        log::set_logger(&Recorder).expect("no other logger");
        log::set_max_level(LevelFilter::Trace);
    });
    RECORDS.take();
}

/// Returns the records since the last call.
fn records() -> Vec<(Level, String)> {
    RECORDS.take()
}

#[track_caller]
fn assert_recorded(level: Level, parts: &[&str]) {
    let records = records();
    let is_it = |(_, text): &&(Level, String)| parts.iter().all(|part| text.contains(part));
    let found = records.iter().find(is_it).unwrap_or_else(|| panic!("no record of {parts:?}: {records:#?}"));
    assert_eq!(found.0, level, "{found:?}");
}

#[test]
fn bind_and_shutdown_are_logged_as_information() {
    record();
    let mut host = Host::start(ServerOptions::default());
    assert_recorded(Level::Info, &["listening", &host.addr().to_string()]);
    let (_, _raw) = host.open_client();
    records();
    host.server.shutdown(Duration::ZERO);
    assert_recorded(Level::Info, &["shutting down", "1 peer"]);
}

#[test]
fn opened_closed_and_rejected_clients_are_logged_for_debugging_with_address_and_cause() {
    record();
    let mut host = Host::start(ServerOptions::default().paths(["/chat"]));
    let (key, raw) = host.open_client();
    let addr = raw.tcp().local_addr().unwrap().to_string();
    assert_recorded(Level::Debug, &[&key.to_string(), &addr, "open"]);
    drop(raw);
    host.closed(key);
    assert_recorded(Level::Debug, &[&key.to_string(), &addr, "lost"]);

    let mut rejected = host.connect_and_send(REQUEST.replace("/chat", "/else"));
    let addr = rejected.tcp().local_addr().unwrap().to_string();
    host.rejection(&mut rejected);
    assert_recorded(Level::Debug, &[&addr, "path"]);
}

#[test]
fn a_mistake_of_the_hook_is_logged_as_an_error() {
    record();
    let mut host = Host::start(ServerOptions::default());
    host.server.on_request(|_| Admission::accept().protocol("s3cret"));
    host.status_for(REQUEST);
    assert_recorded(Level::Error, &["on_request", "protocol"]);
}

#[test]
fn a_panic_of_the_hook_is_logged_as_an_error_without_data_of_the_request() {
    record();
    let mut host = Host::start(ServerOptions::default());
    host.server.on_request(|request| panic!("the hook cannot handle {}", request.url()));
    let mut raw = host.connect_and_send(request("/chat?token=s3cret", &["Cookie: s3cret"]));
    let addr = raw.tcp().local_addr().unwrap().to_string();
    host.rejection(&mut raw);
    let records = records();
    let errors: Vec<_> = records.iter().filter(|(level, _)| *level == Level::Error).collect();
    assert!(
        matches!(&errors[..], [(_, text)] if text.contains("on_request panicked") && text.contains(&addr)),
        "{errors:?}"
    );
    assert!(!records.iter().any(|(_, text)| text.contains("s3cret")), "{records:#?}");
}

#[test]
fn clients_cannot_cause_warnings() {
    record();
    let mut host = Host::start(
        ServerOptions::default().max_peers(1).max_pending_handshakes(2).max_pending_handshakes_per_address(2),
    );
    let (_, _raw) = host.open_client();
    for bytes in ["nonsense\r\n\r\n", REQUEST, "POST / HTTP/1.1\r\n\r\n", "\x16\x03\x01"] {
        host.status_for(bytes);
    }
    let _silent = [host.connect(), host.connect(), host.connect()];
    host.until_so("one is rejected", |host| host.server.stats().rejected == 5);
    let loud: Vec<_> = records().into_iter().filter(|(level, _)| *level < Level::Info).collect();
    assert_eq!(loud, []);
}

#[test]
fn scarce_memory_is_logged_as_one_warning() {
    record();
    // The clients hold more than the common pool.
    let options =
        ServerOptions::default().max_peers(8).max_buffered_bytes(10 * 144 * 1024).rate_limits(unlimited());
    let mut host = Host::start(options);
    let mut clients: Vec<_> = (0..8).map(|_| (host.open_client().1, 0)).collect();
    let message = client_frame(BINARY, vec![0; 60_000]);
    let mut loud = Vec::new();
    let is_loud = |(level, _): &(Level, String)| *level < Level::Info;
    host.until_so("there is a warning", |_| {
        for (raw, sent) in &mut clients {
            *sent += raw.offer(&message[*sent..59_000]);
        }
        loud.extend(records().into_iter().filter(is_loud));
        !loud.is_empty()
    });
    host.run(crate::common::A_WHILE);
    loud.extend(records().into_iter().filter(is_loud));
    assert!(matches!(&loud[..], [(Level::Warn, text)] if text.contains("bytes are held")), "{loud:#?}");
}

/// All data that is sent or configured contains this.
const SECRET: &str = "s3cret";

/// Other servers log tokens in URLs.
#[test]
fn no_payload_query_token_or_field_is_ever_logged() {
    record();
    let peer = PeerOptions::for_server()
        .header("X-Own", SECRET)
        .max_message_size(100)
        .heartbeat_interval(Duration::from_millis(50))
        .heartbeat_timeout(Duration::from_secs(1));
    let limits = RateLimits::default().max_message_time(Duration::from_millis(100));
    let mut host = Host::start(with_peer(peer).rate_limits(limits));
    host.server.on_request(|request| match request.path() {
        "/refused" => Admission::reject(401).header("X-Why", SECRET),
        "/mistake" => Admission::accept().protocol(format!("{SECRET}-other")),
        "/forged" => Admission::accept().header(SECRET, "a\r\nb"),
        _ => Admission::accept().protocol(SECRET).user_data(SECRET),
    });
    let fields = [
        "Sec-WebSocket-Protocol: s3cret",
        "Cookie: session=s3cret",
        "Authorization: Bearer s3cret",
        "X-s3cret: s3cret",
    ];
    let request_for = |path: &str| request(&format!("{path}?ticket=s3cret"), &fields);
    for path in ["/refused", "/mistake", "/forged"] {
        host.status_for(request_for(path));
    }
    for wrong in [
        "GET /?s3cret HTTP/1.1\r\nHost: s3cret@h\r\n\r\n".into(),
        "s3cret\r\n\r\n".into(),
        format!("GET /s3cret HTTP/1.1\r\nX: s3cret{}", "s3cret".repeat(2000)),
        request_for("/").replace("Upgrade: websocket", "Upgrade: s3cret"),
        request("/", &["Origin: https://s3cret.example"]),
    ] {
        host.status_for(wrong);
    }
    for last in [
        client_frame(TEXT, SECRET),
        client_frame(PING, SECRET),
        client_frame(TEXT, SECRET.repeat(100)),
        client_frame(BINARY, [SECRET.as_bytes(), &[0xFF]].concat()),
        client_frame(TEXT, [SECRET.as_bytes(), &[0xFF]].concat()),
        client_frame(0x01, SECRET),
        client_frame(0x83, SECRET),
        client_frame(CLOSE, close_payload(4001, SECRET)),
        client_frame(CLOSE, close_payload(1006, SECRET)),
    ] {
        let (key, mut raw) = host.open_client_with(&request_for("/"));
        host.server.send_text(key, SECRET).unwrap();
        raw.send(client_frame(TEXT, SECRET));
        raw.send(last);
        host.packet(key);
        host.closed(key);
    }
    let (key, _raw) = host.open_client_with(&request_for("/"));
    host.server.close_with(key, CloseCode::NORMAL, SECRET).unwrap();
    host.server.shutdown(Duration::from_millis(100));
    host.until_so("it is shut down", |host| host.server.is_shut_down());

    let records = records();
    assert!(records.len() > 20, "{records:#?}");
    for (level, text) in records {
        assert!(!text.to_ascii_lowercase().contains(SECRET), "{level}: {text}");
        assert!(!text.contains(|c: char| c.is_control()), "{level}: {text:?}");
    }
}

#[test]
fn no_key_is_ever_logged() {
    record();
    let identity = TlsCertificate::from_pem(SECRET, SECRET);
    let tls = websocket_peer::TlsOptions::default().certificate(identity);
    let refused = WebSocketServer::bind("127.0.0.1:0", with_peer(PeerOptions::for_server().tls(tls)));
    let error = refused.expect_err("no certificate").to_string();
    let all = records().into_iter().map(|(_, text)| text).chain([error]);
    for text in all {
        assert!(!text.contains(SECRET), "{text}");
    }
}
