//! The clients, all on one thread. Each is a [`Player`] that connects again and again.

mod client;
mod client_run;
mod ours;
mod player;
mod third_party;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::thread;
use std::time::{Duration, Instant};

use self::client_run::Durations;
use self::player::Player;
use crate::Load;

/// The time between two polls of each client.
const FRAME: Duration = Duration::from_millis(20);

/// The number of clients that connect per second at first.
const ARRIVALS: usize = 2000;

/// The longest time that the last clients may take to disconnect.
const PATIENCE: Duration = Duration::from_secs(40);

/// The most faults that are printed.
const MAX_FAULTS: usize = 20;

/// The results of the clients.
#[derive(Default)]
struct Tally {
    runs: BTreeMap<&'static str, u64>,
    faults: u64,
}

impl Tally {
    fn ended(&mut self, how: Result<&'static str, String>) {
        match how {
            Ok(how) => *self.runs.entry(how).or_default() += 1,
            Err(fault) => {
                self.faults += 1;
                if self.faults <= MAX_FAULTS as u64 {
                    println!("  FAULT: a client: {fault}");
                }
            }
        }
    }
}

/// Returns `true` if no client found a fault.
pub fn run(addr: SocketAddr, load: &Load) -> bool {
    let begin = Instant::now();
    let end = begin + load.time;
    let arrivals = Duration::from_secs_f64(load.connections as f64 / ARRIVALS as f64);
    let style = Durations { talk: load.talk, patience: load.patience };
    let mut players: Vec<Player> = (0..load.connections)
        .map(|number| {
            let seed = load.seed.wrapping_mul(1_000_003).wrapping_add(number as u64);
            Player::new(addr, style, seed, begin, arrivals)
        })
        .collect();
    let mut tally = Tally::default();
    let mut longest = Duration::ZERO;
    loop {
        let now = Instant::now();
        players.retain_mut(|player| player.step(now, end, &mut tally));
        if players.is_empty() {
            break;
        }
        if now > end + PATIENCE {
            tally.ended(Err(format!("{} clients are still connected", players.len())));
            for player in players.iter().take(MAX_FAULTS) {
                tally.ended(Err(player.to_string()));
            }
            break;
        }
        longest = longest.max(now.elapsed());
        thread::sleep(FRAME.saturating_sub(now.elapsed()));
    }
    println!("  the clients' longest frame took {longest:.1?}");
    for (how, count) in &tally.runs {
        println!("  {count:>8}  runs: {how}");
    }
    tally.faults == 0
}
