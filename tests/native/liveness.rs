//! `PeerOptions::liveness` with a scripted other end: half a message, and a full outbox.

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

/// Options with the probe alone.
fn probing(silence: Duration, timeout: Duration) -> PeerOptions {
    let liveness = Liveness::new(Packet::text("there?")).silence(silence).timeout(timeout);
    PeerOptions::default().heartbeat_interval(Duration::ZERO).liveness(liveness)
}

#[test]
fn an_incomplete_message_prevents_the_timeout() {
    let second = Duration::from_secs(1);
    let (mut peer, mut raw) = connected(probing(second, second));
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
fn a_probe_is_sent_behind_a_full_outbox() {
    let size = 32 * KERNEL;
    let (mut peer, mut raw) = accepted(probing(A_WHILE, PATIENCE).outbound_buffer_size(size));
    peer.send(&vec![7; size]).unwrap();
    assert!(peer.send(&[7]).is_err(), "the outbox is full");
    until("the probe is queued", || (peer.poll(), peer.stats().packets_sent).1 == 2);
    assert_eq!(peer.buffered(), size + "there?".len());
    assert!(peer.send(&[]).is_ok() && peer.send(&[7]).is_err(), "the probe takes no room from packets");
    let mut frames = Vec::new();
    until("all frames arrive", || {
        peer.poll();
        frames.extend(raw.frame());
        frames.len() == 3
    });
    assert_eq!((frames[1].first, frames[1].payload.as_slice()), (TEXT, &b"there?"[..]));
}
