//! The server: lets two waves of clients come and go, and compares what it holds after the first with what it holds after
//! the second. The first makes sure that whatever grows once has grown.

mod ledger;

use std::env;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use websocket_peer::{PeerOptions, ServerOptions, WebSocketServer};

use self::ledger::Ledger;
use crate::measure::{Bytes, Held};
use crate::{Failure, Load};

/// How long the first wave lasts at most; a third of the second otherwise.
const WARM_UP: Duration = Duration::from_secs(30);

/// How long the server sleeps at most: what it has to say unasked is said so often.
const FRAME: Duration = Duration::from_millis(10);

/// How often it tells how it is.
const REPORT: Duration = Duration::from_secs(10);

/// How long the server may take to be empty when all clients have left.
const PATIENCE: Duration = Duration::from_secs(30);

/// Whether nothing was wrong.
pub fn run(load: &Load) -> Result<bool, Failure> {
    println!("soak: {} connections, {} s, seed {}", load.connections, load.time.as_secs(), load.seed);
    let mut server = WebSocketServer::bind("127.0.0.1:0", options(load))?;
    let mut faults = Vec::new();

    let warm_up = Load { time: WARM_UP.min(load.time / 3), seed: load.seed + 1, ..*load };
    wave("the first wave, to warm up", &mut server, &warm_up, &mut faults)?;
    let before = Held::now();
    wave("the second wave", &mut server, load, &mut faults)?;
    let after = Held::now();
    println!("before: {before}\nafter:  {after}");
    compare(&before, &after, load, &mut faults);

    server.shutdown(Duration::ZERO);
    while server.next_event().is_some() {
        faults.push("an empty server had something to tell at the end".to_owned());
    }
    if !server.is_shut_down() {
        faults.push("an empty server took time to shut down".to_owned());
    }
    for fault in &faults {
        println!("FAULT: {fault}");
    }
    println!("{} faults", faults.len());
    Ok(faults.is_empty())
}

fn options(load: &Load) -> ServerOptions {
    let connections = load.connections;
    let peer = PeerOptions::for_server()
        .outbound_buffer_size(256 << 10)
        .heartbeat_interval(load.patience)
        .heartbeat_timeout(load.patience);
    ServerOptions::default()
        .connection(peer)
        // Who has vanished is still there for a while when he comes back.
        .max_peers(2 * connections)
        .max_pending_handshakes(connections)
        .max_pending_handshakes_per_address(connections)
        // All of them come from one address.
        .max_peers_per_address(2 * connections)
        .max_connections_per_address_per_second(0)
        .max_buffered_bytes(4 << 30)
        .slow_reader_timeout(load.patience * 3 / 2)
}

/// Lets clients come and go, until the last has left.
fn wave(
    name: &str,
    server: &mut WebSocketServer,
    load: &Load,
    faults: &mut Vec<String>,
) -> Result<(), Failure> {
    println!("{name}: {} s", load.time.as_secs());
    let begin = Instant::now();
    let mut clients = Clients::start(server, load)?;
    let mut ledger = Ledger::new(server.stats());
    let mut next_report = begin + REPORT;
    let mut left_at = None;
    let mut longest = Duration::ZERO;
    loop {
        let frame = Instant::now();
        server.wait(FRAME);
        while let Some(event) = server.next_event() {
            ledger.take(server, event);
        }
        ledger.speak(server);
        longest = longest.max(frame.elapsed());
        if Instant::now() >= next_report {
            next_report += REPORT;
            let stats = server.stats();
            println!(
                "{:>5} s: {} peers, {} pending, {} waiting; {} opened, {} closed; {} packets in, {} out; {}",
                begin.elapsed().as_secs(),
                stats.peers,
                stats.pending,
                Bytes(stats.memory),
                stats.opened,
                stats.closed,
                stats.packets_received,
                stats.packets_sent,
                Held::now(),
            );
        }
        if left_at.is_none() && clients.have_left()? {
            left_at = Some(Instant::now());
        }
        let Some(left_at) = left_at else { continue };
        let stats = server.stats();
        if ledger.is_empty() && (stats.peers, stats.pending, stats.memory) == (0, 0, 0) {
            break;
        }
        if left_at.elapsed() > PATIENCE {
            faults.push(format!("everybody has left, but the server still has {stats:?}"));
            break;
        }
    }
    if !clients.are_content()? {
        faults.push("the clients were not content".to_owned());
    }
    println!("  the server's longest frame took {longest:.1?}");
    ledger.conclude(&server.stats(), faults);
    Ok(())
}

/// Nothing may be left of the second wave. What the server keeps for later, such as room in its tables, may differ a little:
/// the two waves were not alike.
fn compare(before: &Held, after: &Held, load: &Load, faults: &mut Vec<String>) {
    let heap = (64 << 10) + 64 * load.connections;
    if after.heap > before.heap + heap {
        faults.push(format!("{} more are allocated than before", Bytes(after.heap - before.heap)));
    }
    if let (Some(before), Some(after)) = (before.resident, after.resident) {
        // The allocator gives back pages, not bytes.
        if after > before + before / 4 + (8 << 20) {
            faults.push(format!("{} more are resident than before", Bytes(after - before)));
        }
    }
    if before.descriptors != after.descriptors {
        faults.push("descriptors were left open".to_owned());
    }
}

/// The process of the clients. It is killed when this is dropped.
struct Clients(Child);

impl Clients {
    fn start(server: &WebSocketServer, load: &Load) -> Result<Self, Failure> {
        let mut command = Command::new(env::current_exe()?);
        command.args(["--clients-of", &server.local_addr()?.to_string()]);
        command.args(["--connections", &load.connections.to_string()]);
        command.args(["--seconds", &load.time.as_secs().to_string()]);
        command.args(["--patience", &load.patience.as_secs().to_string()]);
        command.args(["--talk", &load.talk.as_secs().to_string()]);
        command.args(["--seed", &load.seed.to_string()]);
        Ok(Self(command.spawn()?))
    }

    fn have_left(&mut self) -> Result<bool, Failure> {
        Ok(self.0.try_wait()?.is_some())
    }

    fn are_content(&mut self) -> Result<bool, Failure> {
        Ok(self.0.wait()?.success())
    }
}

impl Drop for Clients {
    fn drop(&mut self) {
        // One that has ended cannot be killed, and need not be.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
