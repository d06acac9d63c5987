//! Our server for a Godot session, with built-in behaviour only: it admits clients, announces them to each other, and
//! relays packets between them. With `--hz` it polls once per frame; without, it sleeps until data arrives.

use std::{
    thread,
    time::{Duration, Instant},
};

use servers::{Args, Outcome, announce};
use websocket_peer::{
    PeerOptions, RateLimits, ServerOptions,
    multiplayer::{MultiplayerOptions, SceneMultiplayer, SessionOptions},
};

fn main() -> Outcome {
    let args = Args::parse_for_events()?;
    let mut peer = SceneMultiplayer::bind(args.addr.as_str(), options())?;
    announce(peer.local_addr()?);
    let mut next = Instant::now();
    loop {
        match args.frame {
            None => peer.wait(Duration::from_millis(500)),
            Some(frame) => {
                peer.poll();
                // A late frame is not made up for.
                next = (next + frame).max(Instant::now());
                thread::sleep(next.saturating_duration_since(Instant::now()));
            }
        }
        // Connections, and messages to the server itself, are ignored.
        while peer.next_event().is_some() {}
    }
}

/// As in an engine: no pings and no rate limits. All clients connect at once, from one address.
fn options() -> MultiplayerOptions {
    let limits = RateLimits::default()
        .max_packets_per_second(0)
        .max_bytes_per_second(0)
        .max_control_frames_per_second(0)
        .max_fragments(0);
    let server = ServerOptions::default()
        .connection(PeerOptions::for_server().heartbeat_interval(Duration::ZERO))
        .rate_limits(limits)
        .max_peers(10_000)
        .max_pending_handshakes(10_000)
        .max_pending_handshakes_per_address(10_000)
        .max_peers_per_address(10_000)
        .max_connections_per_address_per_second(0)
        .max_buffered_bytes(4 << 30);
    let session = SessionOptions::default().max_relayed_bytes_per_second(0);
    MultiplayerOptions::default().server(server).session(session)
}
