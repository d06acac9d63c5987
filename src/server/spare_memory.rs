//! Memory that connections keep for reuse. It is freed when they are quiet, so that a connection which has been active
//! once holds no more than one which never was.

use std::{collections::VecDeque, time::Duration};

use super::{PeerKey, WebSocketServer, key::Slots, peer_entry::PeerEntry};
use crate::sys::server::{Listener, ServerConnection};

/// The time after which memory that was not used is freed. At most two of these pass while the server is polled; a server
/// that sleeps frees it after the next event.
const ROUND: Duration = Duration::from_millis(100);

/// The number of connections that a poll checks.
const CHECKS: usize = 256;

/// The memory that a connection keeps for reuse.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Spare {
    #[default]
    None,
    /// It was used in this round.
    Used,
    /// It was not used since the last round.
    Unused,
}

/// The connections that keep memory for reuse.
#[derive(Debug, Default)]
pub(super) struct SpareMemory {
    keys: VecDeque<PeerKey>,
    /// The number of connections that are still to be checked in this round.
    left: usize,
    next_round: Duration,
}

impl SpareMemory {
    /// Notes that a connection has received or sent a packet.
    pub(super) fn used(&mut self, key: PeerKey, entry: &mut PeerEntry) {
        if std::mem::replace(&mut entry.spare, Spare::Used) == Spare::None {
            self.keys.push_back(key);
        }
    }

    /// Frees the memory of connections that have been quiet for a round. Returns `true` if a round begins.
    fn free(&mut self, now: Duration, entries: &mut Slots<PeerEntry>) -> bool {
        let begins = self.left == 0 && now >= self.next_round;
        if begins {
            self.left = self.keys.len();
            self.next_round = now + ROUND;
            if self.keys.capacity() > 4 * self.left {
                self.keys.shrink_to(2 * self.left);
            }
        }
        for _ in 0..CHECKS.min(self.left) {
            self.left -= 1;
            let Some(key) = self.keys.pop_front() else { break };
            let Some(entry) = entries.get_mut(key) else { continue };
            let is_free = entry.spare == Spare::Unused && entry.free_spare_memory();
            entry.spare = if is_free { Spare::None } else { Spare::Unused };
            self.keys.extend((!is_free).then_some(key));
        }
        begins
    }
}

impl PeerEntry {
    /// Frees memory that is only kept for reuse. Returns `true` if nothing waits, so that all of it was freed.
    fn free_spare_memory(&mut self) -> bool {
        self.connection.shrink();
        self.link.shrink()
    }
}

impl WebSocketServer {
    /// Frees the memory that is kept for reuse and was not used in the last round.
    pub(super) fn free_spare_memory(&mut self, now: Duration) {
        if self.spare_memory.free(now, &mut self.entries) {
            self.reactor.free_unused_memory();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::tests::{connected, until};

    #[test]
    fn memory_is_freed_when_a_connection_is_quiet_and_not_before() {
        let mut host = connected(2);
        let (quiet, active) = (host.keys[0], host.keys[1]);
        let spare = |host: &crate::server::tests::Connected, key| {
            host.server.entries.get(key).map(|entry| entry.spare).expect("it is connected")
        };
        until("both are quiet", || {
            host.poll();
            host.keys.iter().all(|key| spare(&host, *key) == Spare::None)
        });
        host.server.send(quiet, b"hello").expect("it is open");
        assert_eq!((spare(&host, quiet), spare(&host, active)), (Spare::Used, Spare::None));
        until("the first is quiet", || {
            host.server.send(active, b"hello").expect("it is open");
            host.poll();
            assert_ne!(spare(&host, active), Spare::None, "it is active");
            spare(&host, quiet) == Spare::None
        });
        assert_eq!(host.server.spare_memory.keys, [active]);
    }

    #[test]
    fn packets_that_wait_are_not_dropped() {
        let mut host = connected(1);
        let key = host.keys[0];
        host.clients[0].send_text("hello").expect("it is open");
        until("it has arrived, and has waited", || {
            host.poll();
            let entry = host.server.entries.get(key).expect("it is connected");
            entry.link.available() == 1 && entry.spare == Spare::Unused
        });
        let start = crate::sys::now();
        until("some rounds pass", || {
            host.poll();
            crate::sys::now() > start + 4 * ROUND
        });
        assert_eq!(host.server.spare_memory.keys, [key]);
        let event = host.server.next_event();
        assert!(
            matches!(&event, Some(crate::ServerEvent::Packet(_, packet)) if *packet == "hello"),
            "{event:?}"
        );
        until("the memory is freed", || {
            host.poll();
            host.server.spare_memory.keys.is_empty()
        });
    }
}
