//! Frames against the rules (RFC 6455, section 5), and messages over the limits: the client gets a close frame with the
//! right code, even if it sends more.

use websocket_peer::{CloseCause, Packet, PeerOptions};

use crate::common::{
    closed,
    raw::{
        BINARY, CLOSE, End, PING, PONG, Raw, TEXT, accepted, client_frame, close_payload, end_from,
        frame_from, server_frame,
    },
    receive, until,
};

/// Sends these bytes, then `then`. Returns the code of the close frame that answers.
#[track_caller]
fn close_code(bytes: &[u8], then: &[u8]) -> u16 {
    let (mut peer, mut raw) = accepted(PeerOptions::for_server());
    raw.send(client_frame(TEXT, "before"));
    raw.send_while([bytes, then].concat(), || {
        peer.poll();
    });
    let frame = frame_from(&mut peer, &mut raw);
    let code = frame.close_code().expect("a code");
    assert!(!frame.masked, "a server does not mask");
    assert_eq!(end_from(&mut peer, &mut raw), End::Eof, "a reset would destroy the close frame");
    assert_eq!(raw.rest(), b"", "nothing follows a close frame");

    let info = closed(&mut peer);
    let expected = if code == 1009 { CloseCause::MessageTooBig } else { CloseCause::Protocol };
    assert_eq!((info.code, info.reason.as_str(), info.cause), (Some(code), "", expected));
    assert_eq!(peer.recv(), Some(Packet::text("before")), "earlier packets stay readable");
    assert_eq!(peer.recv(), None, "later packets are not delivered");
    code
}

/// Returns a masked frame with this header, up to its mask.
fn with_header<const LEN: usize>(header: &[u8], payload: [u8; LEN]) -> Vec<u8> {
    [header, &[0; 4], &payload].concat()
}

macro_rules! violations {
    ($($name:ident: $bytes:expr => $code:literal;)*) => {$(
        #[test]
        fn $name() {
            let bytes: Vec<u8> = $bytes;
            assert_eq!(close_code(&bytes, b""), $code);
            // The peer has stopped reading. Unread bytes in its kernel must not turn the close frame into a reset.
            assert_eq!(close_code(&bytes, &client_frame(BINARY, vec![7; 60_000]).repeat(10)), $code);
        }
    )*};
}

violations! {
    a_frame_without_mask: server_frame(TEXT, "hi") => 1002;
    a_ping_without_mask: server_frame(PING, "hi") => 1002;
    the_first_reserved_bit: client_frame(0xC1, "hi") => 1002;
    the_second_reserved_bit: client_frame(0xA1, "hi") => 1002;
    the_third_reserved_bit: client_frame(0x91, "hi") => 1002;
    a_reserved_bit_on_a_ping: client_frame(0xC9, "hi") => 1002;
    a_reserved_data_opcode: client_frame(0x83, "hi") => 1002;
    a_reserved_control_opcode: client_frame(0x8B, "hi") => 1002;
    a_fragmented_ping: client_frame(0x09, "hi") => 1002;
    a_ping_of_126_bytes: client_frame(PING, [0; 126]) => 1002;
    a_close_of_126_bytes: client_frame(CLOSE, close_payload(1000, &"x".repeat(124))) => 1002;
    a_length_of_3_in_2_bytes: with_header(&[BINARY, 0x80 | 126, 0, 3], [7; 3]) => 1002;
    a_length_of_125_in_2_bytes: with_header(&[BINARY, 0x80 | 126, 0, 125], [7; 125]) => 1002;
    a_length_of_65_535_in_8_bytes:
        with_header(&[BINARY, 0x80 | 127, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF], [7; 65_535]) => 1002;
    a_ping_with_its_length_in_2_bytes: with_header(&[PING, 0x80 | 126, 0, 3], [7; 3]) => 1002;
    a_length_over_63_bits: with_header(&[BINARY, 0x80 | 127, 0x80, 0, 0, 0, 0, 0, 0, 0], []) => 1002;
    a_continuation_of_nothing: client_frame(0x80, "hi") => 1002;
    a_message_inside_a_message: [client_frame(0x01, "one"), client_frame(TEXT, "two")].concat() => 1002;
    text_that_is_not_utf_8: client_frame(TEXT, b"\xc3\x28") => 1007;
    text_that_ends_within_a_character: client_frame(TEXT, b"\xf0\x9f\x8e") => 1007;
    fragmented_text_that_is_not_utf_8: [client_frame(0x01, b"\xc3"), client_frame(0x80, b"\x28")].concat() => 1007;
    a_close_with_half_a_code: client_frame(CLOSE, [3]) => 1002;
    a_close_with_code_999: client_frame(CLOSE, close_payload(999, "")) => 1002;
    a_close_with_code_1005: client_frame(CLOSE, close_payload(1005, "")) => 1002;
    a_close_with_code_1006: client_frame(CLOSE, close_payload(1006, "")) => 1002;
    a_close_with_code_5000: client_frame(CLOSE, close_payload(5000, "")) => 1002;
    a_close_reason_that_is_not_utf_8: client_frame(CLOSE, [3, 0xE8, 0xC3, 0x28]) => 1007;
    a_message_over_the_limit: client_frame(BINARY, vec![0; 64 * 1024 + 1]) => 1009;
    a_fragmented_message_over_the_limit:
        [client_frame(0x02, vec![0; 60_000]), client_frame(0x80, vec![0; 6_000])].concat() => 1009;
}

#[test]
fn a_header_that_announces_too_much_closes_with_1009() {
    let header = [BINARY, 0x80 | 127, 0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 1, 2, 3, 4];
    assert_eq!(close_code(&header, b""), 1009);
}

#[test]
fn a_message_of_exactly_the_limit_is_accepted() {
    let (mut peer, mut raw) = accepted(PeerOptions::for_server());
    for message in [
        client_frame(BINARY, vec![1; 64 * 1024]),
        [client_frame(0x02, vec![2; 60_000]), client_frame(0x80, vec![2; 5_536])].concat(),
    ] {
        raw.send_while(message, || {
            peer.poll();
        });
        assert_eq!(receive(&mut peer).len(), 64 * 1024);
    }
}

#[test]
fn packets_before_a_protocol_error_are_delivered() {
    let (mut peer, mut raw) = accepted(PeerOptions::for_server());
    let frames = [client_frame(TEXT, "one"), client_frame(TEXT, "two"), client_frame(0x83, "")].concat();
    raw.send(frames);
    assert_eq!(closed(&mut peer).cause, CloseCause::Protocol);
    assert_eq!(peer.available(), 2);
    assert_eq!(peer.recv().unwrap().as_text(), Some("one"));
    assert_eq!(peer.recv().unwrap().as_text(), Some("two"));
}

#[test]
fn pings_are_answered_with_their_payload() {
    let (mut peer, mut raw) = accepted(PeerOptions::for_server());
    for payload in [&b""[..], b"beat", &[0xAB; 125]] {
        raw.send(client_frame(PING, payload));
        let pong = frame_from(&mut peer, &mut raw);
        assert_eq!((pong.first, pong.masked, &pong.payload[..]), (PONG, false, payload));
    }
    assert_eq!(peer.available(), 0);
    assert_eq!(peer.stats().packets_received, 0);
}

#[test]
fn pings_between_fragments_are_answered_and_the_message_is_delivered() {
    let (mut peer, mut raw) = accepted(PeerOptions::for_server());
    raw.send(
        [client_frame(0x01, "frag"), client_frame(PING, "between"), client_frame(0x80, "ments")].concat(),
    );
    assert_eq!(frame_from(&mut peer, &mut raw).payload, b"between");
    assert_eq!(receive(&mut peer).as_text(), Some("fragments"));
}

#[test]
fn endless_pings_of_a_client_that_never_reads_take_little_memory() {
    const FLOOD: usize = 64 << 20;
    let (mut peer, raw) = accepted(PeerOptions::for_server());
    let mut tcp = raw.tcp().try_clone().unwrap();
    let flood = std::thread::spawn(move || {
        let pings = client_frame(PING, [1; 125]).repeat(1000);
        let mut sent = 0;
        // It ends when the peer takes no more, or has taken very much.
        tcp.set_write_timeout(Some(std::time::Duration::from_secs(1))).unwrap();
        while sent < FLOOD {
            match std::io::Write::write(&mut tcp, &pings) {
                Ok(written) => sent += written,
                Err(_) => break,
            }
        }
        sent
    });
    until("the flood ends", || {
        peer.poll();
        flood.is_finished()
    });
    flood.join().unwrap();
    assert!(answers(&mut peer, raw) < 8 << 20, "pongs wait without limit");
}

/// Returns how many bytes the peer sends to a client that begins to read.
fn answers(peer: &mut websocket_peer::WebSocketPeer, mut raw: Raw) -> usize {
    let (mut bytes, mut quiet) = (0, 0);
    until("the peer has nothing left", || {
        peer.poll();
        let read = raw.look();
        bytes += read;
        quiet = if read == 0 { quiet + 1 } else { 0 };
        quiet > 200
    });
    bytes
}
