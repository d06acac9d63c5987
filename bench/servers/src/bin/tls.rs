//! Our echo server over TLS, like the example `echo_server` otherwise.

use std::{io, time::Duration};

use servers::{Args, Outcome};
use websocket_peer::{
    PeerOptions, RateLimits, ServerEvent, ServerOptions, TlsCertificate, TlsOptions, WebSocketServer,
};

fn main() -> Outcome {
    let args = Args::parse_for_events()?;
    let [certificate, key] = args.tls.as_ref().ok_or("`--tls CERTIFICATE KEY` is missing")?;
    let tls = TlsOptions::default().certificate(TlsCertificate::from_files(certificate, key)?);
    let mut server = WebSocketServer::bind(args.addr.as_str(), options().connection(peer(&args).tls(tls)))?;
    println!("Listening on wss://{}", server.local_addr()?);
    loop {
        server.wait(Duration::from_millis(500));
        while let Some(event) = server.next_event() {
            if let ServerEvent::Packet(from, packet) = event {
                server.send_packet(from, &packet).map_err(io::Error::other)?;
            }
        }
    }
}

fn peer(args: &Args) -> PeerOptions {
    const MOST: usize = i32::MAX as usize;
    let buffers = args.max_message.saturating_mul(4).clamp(16 * 1024 * 1024, MOST);
    PeerOptions::for_server()
        .max_message_size(args.max_message)
        .inbound_buffer_size(buffers)
        .outbound_buffer_size(buffers)
        .backlog_buffer_size(buffers)
}

/// All load comes from one address, at once, and as fast as possible.
fn options() -> ServerOptions {
    let limits = RateLimits::default()
        .max_packets_per_second(0)
        .max_bytes_per_second(0)
        .max_control_frames_per_second(0)
        .max_fragments(0);
    ServerOptions::default()
        .rate_limits(limits)
        .max_buffered_bytes(usize::MAX)
        .max_peers(50_000)
        .max_peers_per_address(50_000)
        .max_connections_per_address_per_second(0)
        .max_pending_handshakes(10_000)
        .max_pending_handshakes_per_address(10_000)
}
