//! Reports rejected packets, at most one line per second.

use std::time::{Duration, Instant};

use websocket_peer::multiplayer::{PacketError, PeerId};

const PAUSE: Duration = Duration::from_secs(1);

#[derive(Default)]
pub struct Rejections {
    last: Option<(PeerId, PacketError)>,
    reported: u64,
    reported_at: Option<Instant>,
}

impl Rejections {
    /// Remembers the latest rejection.
    pub fn note(&mut self, from: PeerId, error: PacketError) {
        self.last = Some((from, error));
    }

    /// Prints a line if the count has grown and the last line is a second old.
    pub fn report(&mut self, count: u64) {
        let is_early = self.reported_at.is_some_and(|at| at.elapsed() < PAUSE);
        if count == self.reported || is_early {
            return;
        }
        (self.reported, self.reported_at) = (count, Some(Instant::now()));
        if let Some((from, error)) = &self.last {
            eprintln!("rejected so far: {count}, the last from {from}: {error}");
        }
    }
}
