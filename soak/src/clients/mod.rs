//! The clients: all of them on one thread, each a [`Player`] that comes and goes.

mod foreign;
mod line;
mod ours;
mod player;
mod visit;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::thread;
use std::time::{Duration, Instant};

use self::player::Player;
use self::visit::Style;
use crate::Load;

/// How often each client looks at its connection.
const FRAME: Duration = Duration::from_millis(20);

/// How many come in a second at first.
const ARRIVALS: usize = 2000;

/// How long the last may take to leave.
const PATIENCE: Duration = Duration::from_secs(40);

/// More faults than this say nothing new.
const MAX_FAULTS: usize = 20;

/// What the clients have to tell in the end.
#[derive(Default)]
struct Tally {
    visits: BTreeMap<&'static str, u64>,
    faults: u64,
}

impl Tally {
    fn ended(&mut self, how: Result<&'static str, String>) {
        match how {
            Ok(how) => *self.visits.entry(how).or_default() += 1,
            Err(fault) => {
                self.faults += 1;
                if self.faults <= MAX_FAULTS as u64 {
                    println!("  FAULT: a client: {fault}");
                }
            }
        }
    }
}

/// Whether everybody was content with the server.
pub fn run(addr: SocketAddr, load: &Load) -> bool {
    let begin = Instant::now();
    let end = begin + load.time;
    let arrivals = Duration::from_secs_f64(load.connections as f64 / ARRIVALS as f64);
    let style = Style { talk: load.talk, patience: load.patience };
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
            tally.ended(Err(format!("{} are still there", players.len())));
            for player in players.iter().take(MAX_FAULTS) {
                tally.ended(Err(player.to_string()));
            }
            break;
        }
        longest = longest.max(now.elapsed());
        thread::sleep(FRAME.saturating_sub(now.elapsed()));
    }
    println!("  the clients' longest frame took {longest:.1?}");
    for (how, count) in &tally.visits {
        println!("  {count:>8}  visits: {how}");
    }
    tally.faults == 0
}
