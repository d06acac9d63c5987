//! A server that sends every packet back: `cargo run --release --example echo_server -- ADDR [--max-message BYTES] [--hz N]
//! [--broadcast]`.
//!
//! With `--hz` it polls N times a second, as a game does; otherwise it sleeps until there is something to do. With
//! `--broadcast` a packet goes to every peer. It is made for benchmarks, and has limits that no load reaches and no heartbeat:
//! do not expose it to a network. With `--hz` it ends with its standard input, and prints how long the polls took since the
//! last line of that.

use std::{
    env, io,
    process::ExitCode,
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::{Duration, Instant},
};

use websocket_peer::{PeerOptions, RateLimits, ServerEvent, ServerOptions, WebSocketServer};

const USAGE: &str = "usage: echo_server ADDR [--max-message BYTES] [--hz N] [--broadcast]";

static RESTART: AtomicBool = AtomicBool::new(false);
static INPUT_ENDED: AtomicBool = AtomicBool::new(false);

fn main() -> ExitCode {
    let Some(args) = Args::parse(env::args().skip(1)) else {
        eprintln!("{USAGE}");
        return ExitCode::FAILURE;
    };
    match serve(&args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("cannot serve at {}: {error}", args.address);
            ExitCode::FAILURE
        }
    }
}

struct Args {
    address: String,
    max_message: usize,
    hz: Option<u32>,
    broadcast: bool,
}

impl Args {
    fn parse(mut args: impl Iterator<Item = String>) -> Option<Self> {
        let mut parsed = Self { address: args.next()?, max_message: 1024 * 1024, hz: None, broadcast: false };
        while let Some(arg) = args.next() {
            match arg.as_str() {
                "--max-message" => parsed.max_message = args.next()?.parse().ok()?,
                "--hz" => parsed.hz = Some(args.next()?.parse().ok().filter(|hz| *hz > 0)?),
                "--broadcast" => parsed.broadcast = true,
                _ => return None,
            }
        }
        Some(parsed)
    }
}

fn serve(args: &Args) -> Result<(), websocket_peer::Error> {
    const MOST: usize = i32::MAX as usize;
    let buffers = args.max_message.saturating_mul(4).clamp(16 * 1024 * 1024, MOST);
    let peer = PeerOptions::for_server()
        .max_message_size(args.max_message)
        .inbound_buffer_size(buffers)
        .outbound_buffer_size(buffers)
        .backlog_buffer_size(buffers)
        .heartbeat_interval(Duration::ZERO);
    // All load comes from one address, at once, and as fast as possible. Limits that it never reaches cost as much as others.
    let limits = RateLimits::default()
        .max_packets_per_second(1_000_000_000)
        .max_bytes_per_second(u32::MAX)
        .max_control_frames_per_second(1_000_000)
        .max_fragments(1_000_000);
    let options = ServerOptions::default()
        .connection(peer)
        .rate_limits(limits)
        .max_buffered_bytes(usize::MAX)
        .max_peers(50_000)
        .max_peers_per_address(50_000)
        .max_connections_per_address_per_second(0)
        .max_pending_handshakes(10_000)
        .max_pending_handshakes_per_address(10_000);
    let mut server = WebSocketServer::bind(args.address.as_str(), options)?;
    println!("Listening on ws://{}", server.local_addr()?);

    let frame = args.hz.map(|hz| Duration::from_secs(1) / hz);
    if frame.is_some() {
        thread::spawn(|| {
            for _ in io::stdin().lines().map_while(Result::ok) {
                RESTART.store(true, Ordering::Relaxed);
            }
            INPUT_ENDED.store(true, Ordering::Relaxed);
        });
    }
    let mut took = Vec::new();
    let mut next_frame = Instant::now();
    while !INPUT_ENDED.load(Ordering::Relaxed) {
        match frame {
            None => server.wait(Duration::from_millis(500)),
            Some(frame) => {
                next_frame += frame;
                thread::sleep(next_frame.saturating_duration_since(Instant::now()));
                if RESTART.swap(false, Ordering::Relaxed) {
                    took.clear();
                }
                let start = Instant::now();
                server.poll();
                took.push(start.elapsed());
            }
        }
        // Used where it is, because a move of an event costs a few nanoseconds.
        while let Some(event) = &server.next_event() {
            answer(&mut server, event, args.broadcast);
        }
    }
    report(took);
    Ok(())
}

fn answer(server: &mut WebSocketServer, event: &ServerEvent, broadcast: bool) {
    if let ServerEvent::Packet(from, packet) = event {
        if broadcast {
            server.broadcast(packet, None);
        } else if let Err(error) = server.send_packet(*from, packet) {
            eprintln!("{from} misses a packet: {error}");
        }
    }
}

fn report(mut took: Vec<Duration>) {
    took.sort_unstable();
    let Some(max) = took.last() else { return };
    let quantile = |per_mille: usize| took[(took.len() - 1) * per_mille / 1000].as_secs_f64() * 1e6;
    let max = max.as_secs_f64() * 1e6;
    println!("poll: p50 {:.1} µs, p99.9 {:.1} µs, max {max:.1} µs", quantile(500), quantile(999));
}
