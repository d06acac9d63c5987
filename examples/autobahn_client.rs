//! The client that Autobahn's fuzzing server examines: asks how many cases there are, goes through them as an echo, and
//! has the reports written. `cargo xtask autobahn` runs it.
//!
//! `cargo run --release --example autobahn_client -- ws://127.0.0.1:9001 [AGENT]`

use std::{env, error::Error as StdError, process::ExitCode, thread, time::Duration};

use websocket_peer::{Error, Packet, PeerOptions, ReadyState, WebSocketPeer};

/// The largest messages of the suite have 16 MiB.
const MAX_MESSAGE: usize = 16 * 1024 * 1024;

/// For a game a frame; here every round trip waits for it, and there are many thousands.
const PAUSE: Duration = Duration::from_micros(100);

fn main() -> ExitCode {
    let mut args = env::args().skip(1);
    let server = args.next().unwrap_or_else(|| "ws://127.0.0.1:9001".to_owned());
    let agent = args.next().unwrap_or_else(|| env!("CARGO_PKG_NAME").to_owned());
    match examine(server.trim_end_matches('/'), &agent) {
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

/// Goes through all cases; gives how many there were. What came of each is for the server to judge.
fn examine(server: &str, agent: &str) -> Result<u32, Box<dyn StdError>> {
    let mut count = None;
    visit(&format!("{server}/getCaseCount"), |_, packet| {
        count = packet.as_text().and_then(|text| text.parse().ok());
        Ok(())
    })?;
    let count = count.ok_or("it does not tell how many cases there are")?;
    for case in 1..=count {
        visit(&format!("{server}/runCase?case={case}&agent={agent}"), WebSocketPeer::send_packet)?;
    }
    visit(&format!("{server}/updateReports?agent={agent}"), |_, _| Ok(()))?;
    Ok(count)
}

/// Connects, and gives every packet to `on_packet` until the connection ends.
fn visit(
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
                // The end may have come right behind the packet.
                Ok(()) | Err(Error::NotOpen { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        if let Some(info) = peer.close_info() {
            // Broken rules are what the cases are about; a server that cannot be reached is something else.
            return if opened { Ok(()) } else { Err(info.to_string().into()) };
        }
        if was_idle {
            thread::sleep(PAUSE);
        }
    }
}
