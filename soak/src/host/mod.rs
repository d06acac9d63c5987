//! The server: serves two waves of clients, and compares its resources after the first with those after the second. Whatever
//! grows once has grown in the first.

mod accounts;

use std::env;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use websocket_peer::{PeerOptions, ServerOptions, WebSocketServer};

use self::accounts::Accounts;
use crate::measure::{Bytes, Resources};
use crate::{Failure, Load};

/// The longest duration of the first wave, which has a third of the second.
const WARM_UP: Duration = Duration::from_secs(30);

/// The longest sleep of the server, and so the time between its own messages.
const FRAME: Duration = Duration::from_millis(10);

/// The time between two lines of statistics.
const REPORT: Duration = Duration::from_secs(10);

/// The longest time until the server is empty after the last client.
const PATIENCE: Duration = Duration::from_secs(30);

/// Returns `true` if there were no faults.
pub fn run(load: &Load) -> Result<bool, Failure> {
    println!("soak: {} connections, {} s, seed {}", load.connections, load.time.as_secs(), load.seed);
    let mut server = WebSocketServer::bind("127.0.0.1:0", options(load))?;
    let mut faults = Vec::new();

    let warm_up = Load { time: WARM_UP.min(load.time / 3), seed: load.seed + 1, ..*load };
    wave("the first wave, to warm up", &mut server, &warm_up, &mut faults)?;
    let before = Resources::now();
    wave("the second wave", &mut server, load, &mut faults)?;
    let after = Resources::now();
    println!("before: {before}\nafter:  {after}");
    compare(&before, &after, load, &mut faults);

    server.shutdown(Duration::ZERO);
    while server.next_event().is_some() {
        faults.push("an empty server had an event at the end".to_owned());
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
        // A lost connection is still counted when its client connects again.
        .max_peers(2 * connections)
        .max_pending_handshakes(connections)
        .max_pending_handshakes_per_address(connections)
        // All of them come from one address.
        .max_peers_per_address(2 * connections)
        .max_connections_per_address_per_second(0)
        .max_buffered_bytes(4 << 30)
        .slow_reader_timeout(load.patience * 3 / 2)
}

/// Serves one wave of clients until the last has disconnected.
fn wave(
    name: &str,
    server: &mut WebSocketServer,
    load: &Load,
    faults: &mut Vec<String>,
) -> Result<(), Failure> {
    println!("{name}: {} s", load.time.as_secs());
    let begin = Instant::now();
    let mut clients = Clients::start(server, load)?;
    let mut accounts = Accounts::new(server.stats());
    let mut next_report = begin + REPORT;
    let mut ended_at = None;
    let mut longest = Duration::ZERO;
    loop {
        let frame = Instant::now();
        server.wait(FRAME);
        while let Some(event) = server.next_event() {
            accounts.handle(server, event);
        }
        accounts.send(server);
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
                Resources::now(),
            );
        }
        if ended_at.is_none() && clients.have_ended()? {
            ended_at = Some(Instant::now());
        }
        let Some(ended_at) = ended_at else { continue };
        let stats = server.stats();
        if accounts.is_empty() && (stats.peers, stats.pending, stats.memory) == (0, 0, 0) {
            break;
        }
        if ended_at.elapsed() > PATIENCE {
            faults.push(format!("all clients have ended, but the server still has {stats:?}"));
            break;
        }
    }
    if !clients.found_no_faults()? {
        faults.push("the clients found faults".to_owned());
    }
    println!("  the server's longest frame took {longest:.1?}");
    accounts.conclude(&server.stats(), faults);
    Ok(())
}

/// Reports what is left of the second wave. Capacity that the server keeps may differ a little, as the waves do.
fn compare(before: &Resources, after: &Resources, load: &Load, faults: &mut Vec<String>) {
    let heap = (64 << 10) + 64 * load.connections;
    if after.heap > before.heap + heap {
        faults.push(format!("{} more are allocated than before", Bytes(after.heap - before.heap)));
    }
    if let (Some(before), Some(after)) = (before.resident, after.resident) {
        // The allocator returns pages, not bytes.
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

    fn have_ended(&mut self) -> Result<bool, Failure> {
        Ok(self.0.try_wait()?.is_some())
    }

    fn found_no_faults(&mut self) -> Result<bool, Failure> {
        Ok(self.0.wait()?.success())
    }
}

impl Drop for Clients {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
