//! The client for Autobahn's fuzzing server: runs each case as an echo, and requests the reports. `cargo xtask autobahn` runs
//! it.
//!
//! `cargo run --release --example autobahn_client -- ws://127.0.0.1:9001 [AGENT]`

use std::{env, error::Error as StdError, process::ExitCode, thread, time::Duration};

use websocket_peer::{Error, Packet, PeerOptions, ReadyState, WebSocketPeer};

/// The size of the suite's largest messages.
const MAX_MESSAGE: usize = 16 * 1024 * 1024;

/// The sleep between polls. A game sleeps for a frame; here it delays each of many thousand round trips.
const PAUSE: Duration = Duration::from_micros(100);

fn main() -> ExitCode {
    let mut args = env::args().skip(1);
    let server = args.next().unwrap_or_else(|| "ws://127.0.0.1:9001".to_owned());
    let agent = args.next().unwrap_or_else(|| env!("CARGO_PKG_NAME").to_owned());
    match run_cases(server.trim_end_matches('/'), &agent) {
        Ok(cases) => {
            println!("{cases} cases were run");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{server}: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Runs all cases, and returns their number. The server judges them.
fn run_cases(server: &str, agent: &str) -> Result<u32, Box<dyn StdError>> {
    let mut count = None;
    run(&format!("{server}/getCaseCount"), |_, packet| {
        count = packet.as_text().and_then(|text| text.parse().ok());
        Ok(())
    })?;
    let count = count.ok_or("the server sent no number of cases")?;
    for case in 1..=count {
        run(&format!("{server}/runCase?case={case}&agent={agent}"), |peer, packet| peer.send_packet(packet))?;
    }
    run(&format!("{server}/updateReports?agent={agent}"), |_, _| Ok(()))?;
    Ok(count)
}

/// Connects, and passes every packet to `on_packet` until the connection ends.
fn run(
    url: &str,
    mut on_packet: impl FnMut(&mut WebSocketPeer, &Packet) -> Result<(), Error>,
) -> Result<(), Box<dyn StdError>> {
    let options = PeerOptions::default()
        .max_message_size(MAX_MESSAGE)
        .inbound_buffer_size(2 * MAX_MESSAGE)
        .outbound_buffer_size(2 * MAX_MESSAGE)
        .backlog_buffer_size(2 * MAX_MESSAGE);
    let mut peer = WebSocketPeer::with_options(options);
    peer.connect(url)?;
    let mut opened = false;
    loop {
        let state = peer.poll();
        opened |= state == ReadyState::Open;
        let mut was_idle = true;
        while let Some(packet) = peer.recv() {
            was_idle = false;
            match on_packet(&mut peer, &packet) {
                // The connection may have ended after the packet.
                Ok(()) | Err(Error::NotOpen { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        if let Some(info) = peer.close_info() {
            // Cases end with protocol errors. Only a server that cannot be reached is an error.
            return if opened { Ok(()) } else { Err(info.to_string().into()) };
        }
        if was_idle {
            thread::sleep(PAUSE);
        }
    }
}
