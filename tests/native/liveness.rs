//! `PeerOptions::liveness`, where the test holds the other end: bytes of half a message, and an outbox without room.

use std::{
    thread,
    time::{Duration, Instant},
};

use websocket_peer::{Liveness, Packet, PeerOptions, ReadyState};

use crate::common::{
    A_WHILE, PATIENCE,
    raw::{BINARY, KERNEL, TEXT, accepted, connected, server_frame},
    until,
};

/// Nothing but the probe finds out anything.
fn asking(silence: Duration, timeout: Duration) -> PeerOptions {
    let liveness = Liveness::new(Packet::text("there?")).silence(silence).timeout(timeout);
    PeerOptions::default().heartbeat_interval(Duration::ZERO).liveness(liveness)
}

#[test]
fn a_message_that_takes_longer_than_silence_and_timeout_is_a_sign_of_life() {
    let second = Duration::from_secs(1);
    let (mut peer, mut raw) = connected(asking(second, second));
    let frame = server_frame(BINARY, [7; 3000]);
    let start = Instant::now();
    for piece in frame.chunks(frame.len() / 50) {
        raw.send(piece);
        peer.poll();
        thread::sleep(second / 20);
    }
    assert!(start.elapsed() > 2 * second);
    until("the message is there", || (peer.poll(), peer.recv()).1.is_some());
    assert_eq!((peer.state(), peer.stats().packets_sent), (ReadyState::Open, 0));
}

#[test]
fn a_probe_is_sent_behind_what_fills_the_outbox() {
    let size = 32 * KERNEL;
    let (mut peer, mut raw) = accepted(asking(A_WHILE, PATIENCE).outbound_buffer_size(size));
    peer.send(&vec![7; size]).unwrap();
    assert!(peer.send(&[7]).is_err(), "the outbox is full");
    until("the silence is asked about", || (peer.poll(), peer.stats().packets_sent).1 == 2);
    assert_eq!(peer.buffered(), size + "there?".len());
    assert!(peer.send(&[]).is_ok() && peer.send(&[7]).is_err(), "it takes no room from what is checked");
    let mut frames = Vec::new();
    until("all come", || {
        peer.poll();
        frames.extend(raw.frame());
        frames.len() == 3
    });
    assert_eq!((frames[1].first, frames[1].payload.as_slice()), (TEXT, &b"there?"[..]));
}
