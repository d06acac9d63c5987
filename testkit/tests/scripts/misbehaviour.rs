//! The scripts that misbehave.

use std::io::Write;
use std::time::{Duration, Instant};

use crate::client::{End, PATIENCE, bytes, head, open, request, rest, server, silence, tcp, texts};
use tungstenite::Message;

#[test]
fn unknown_paths_and_rejections_are_answered_with_their_status() {
    let server = server();
    for (path, status) in
        [("/nonsense", 404), ("/reject/403", 403), ("/reject/301", 301), ("/reject/503", 503)]
    {
        let mut tcp = request(&server, path);
        let head = head(&mut tcp);
        assert!(head.starts_with(&format!("HTTP/1.1 {status} ")), "{head}");
        assert_eq!(head.contains("\r\nLocation: /echo\r\n"), status == 301);
        assert_eq!(rest(&mut tcp).1, End::Eof);
    }
}

#[test]
fn silent_scripts_stop_before_within_and_after_the_answer() {
    let server = server();
    assert_eq!(silence(&mut request(&server, "/stall-before")), b"");

    let mut tcp = request(&server, "/stall-within");
    assert_eq!(bytes(&mut tcp, 13), b"HTTP/1.1 101 ");
    assert!(!silence(&mut tcp).ends_with(b"\r\n\r\n"));

    for path in ["/stall", "/silent"] {
        let mut tcp = request(&server, path);
        head(&mut tcp);
        tcp.write_all(b"\x89\x80\0\0\0\0\x88\x80\0\0\0\0").unwrap();
        assert_eq!(silence(&mut tcp), b"", "{path}");
    }
}

#[test]
fn slow_answers_arrive() {
    let server = server();
    let begin = Instant::now();
    open(&server, "/slow/100");
    assert!(begin.elapsed() >= Duration::from_millis(100));

    // tungstenite's client rejects so slow an answer as an attack.
    let mut tcp = request(&server, "/drip");
    head(&mut tcp);
    assert_eq!(bytes(&mut tcp, 9), b"\x81\x07dripped");
}

#[test]
fn cuts_end_tcp_without_a_close_frame() {
    let server = server();
    assert_eq!(rest(&mut request(&server, "/cut-before")), (Vec::new(), End::Eof));
    assert_eq!(rest(&mut request(&server, "/reset-before")).1, End::Reset);

    let after_head = |path| {
        let mut tcp = request(&server, path);
        head(&mut tcp);
        rest(&mut tcp)
    };
    assert_eq!(after_head("/cut"), (Vec::new(), End::Eof));
    assert_eq!(after_head("/half-close"), (Vec::new(), End::Eof));
    assert_eq!(after_head("/send-then-cut/2"), (b"\x81\x010\x81\x011".to_vec(), End::Eof));
    let (half, end) = after_head("/cut-mid-frame");
    assert_eq!(end, End::Eof);
    assert!(half.len() > 2 && half.len() < 2 + usize::from(half[1]), "{half:?}");
}

#[test]
fn a_script_may_wait_for_the_first_message() {
    let server = server();
    let mut client = open(&server, "/reset?wait=message");
    client.send(Message::text("go")).unwrap();
    assert_eq!(rest(client.get_mut()).1, End::Reset);
}

#[test]
fn raw_bytes_arrive_unchanged() {
    let server = server();
    let mut tcp = request(&server, "/raw/c1026869?key=raw");
    head(&mut tcp);
    assert_eq!(bytes(&mut tcp, 4), b"\xc1\x02hi");
    assert_eq!(silence(&mut tcp), b"");
    tcp.write_all(b"\x88\x82\0\0\0\0\x03\xea").unwrap();
    assert_eq!(rest(&mut tcp), (Vec::new(), End::Eof));
    let events = server.events().wait("raw", Some("close"), PATIENCE);
    assert!(events.contains("\nframe masked=yes mask=00000000\nclose 1002"), "{events}");

    let mut tcp = request(&server, "/huge-declared/9223372036854775807");
    head(&mut tcp);
    assert_eq!(bytes(&mut tcp, 10), b"\x82\x7f\x7f\xff\xff\xff\xff\xff\xff\xff");
}

#[test]
fn answers_are_changed_as_scripted() {
    let server = server();
    let answer = |path| head(&mut request(&server, path));
    let correct = answer("/echo");
    assert!(correct.contains("\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: "));

    assert!(!answer("/no-accept").contains("Accept"));
    assert!(!answer("/no-upgrade-header").contains("\r\nUpgrade"));
    assert!(!answer("/no-protocol").contains("Protocol:"));
    assert!(answer("/wrong-accept").len() == correct.len() && answer("/wrong-accept") != correct);
    assert!(answer("/connection-list").contains("\r\nConnection: keep-alive, Upgrade\r\n"));
    assert!(answer("/protocol/other").contains("\r\nSec-WebSocket-Protocol: other\r\n"));
    assert!(answer("/two-protocols").contains("\r\nSec-WebSocket-Protocol: one, two\r\n"));
    assert!(answer("/extension").contains("\r\nSec-WebSocket-Extensions: x-unasked\r\n"));
    assert!(answer("/deflate").contains("\r\nSec-WebSocket-Extensions: permessage-deflate\r\n"));
    assert!(answer("/http10").starts_with("HTTP/1.0 101 "));
    assert!(answer("/big-head").len() > 16 * 1024);
    assert_eq!(answer("/many-headers").matches("\r\nX-").count(), 400);
    assert!(answer("/many-headers").len() < 16 * 1024);
    assert!(answer("/folded").contains("\r\nConnection: keep-alive,\r\n\tUpgrade\r\n"));
    assert!(answer("/space-before-colon").contains("\r\nX-Spaced : a\r\n"));
    assert!(answer("/interim/1").starts_with("HTTP/1.1 100 "));
    assert!(answer("/interim-forever").starts_with("HTTP/1.1 100 "));
    assert!(!answer("/garbage").starts_with("HTTP"));
}

#[test]
fn a_frame_arrives_together_with_the_head() {
    let server = server();
    assert_eq!(texts(&mut open(&server, "/with-head"), 1), ["with the head"]);
}

#[test]
fn dropping_the_server_ends_its_connections() {
    let server = server();
    let mut stalled: Vec<_> =
        ["/stall", "/silent", "/stall-before", "/echo"].map(|path| request(&server, path)).into();
    stalled.push(tcp(&server));
    let begin = Instant::now();
    drop(server);
    assert!(begin.elapsed() < PATIENCE / 2);
    for mut tcp in stalled {
        assert_ne!(rest(&mut tcp).1, End::Silence);
    }
}
