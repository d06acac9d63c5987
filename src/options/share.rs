//! The memory that is one peer's own, and whether a server has as much for each.

use super::{PeerOptions, ServerOptions};
use crate::error::Error;

/// The memory that is one peer's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Share {
    /// For what the peer sends: its request and a message.
    pub(crate) inbound: usize,
    /// For what is sent to it: a message.
    pub(crate) outbound: usize,
}

impl Share {
    /// What a message takes beside its payload: its entries in queues, and control frames that wait with it.
    const OVERHEAD: usize = 4 * 1024;

    pub(crate) fn total(self) -> usize {
        self.inbound.saturating_add(self.outbound)
    }

    /// Is in neither direction smaller than another.
    pub(crate) fn at_least(self, other: Self) -> Self {
        Self { inbound: self.inbound.max(other.inbound), outbound: self.outbound.max(other.outbound) }
    }

    /// Has room for packets of this size to be sent.
    pub(crate) fn to_send(self, packet: usize) -> Self {
        Self { outbound: self.outbound.max(packet.saturating_add(Self::OVERHEAD)), ..self }
    }
}

impl ServerOptions {
    /// The share of a peer with the options of all.
    pub(crate) fn share(&self) -> Share {
        self.share_of(&self.connection)
    }

    /// The share of a peer with options of its own.
    pub(crate) fn share_of(&self, peer: &PeerOptions) -> Share {
        let message = peer.max_message_size.saturating_add(Share::OVERHEAD);
        Share { inbound: message.saturating_add(self.max_request_size), outbound: message }
    }

    /// Checks that every peer can have this share, and that enough is common beside them.
    pub(crate) fn check_memory(&self, share: Share) -> Result<(), Error> {
        let shares = share.total().saturating_mul(self.max_peers.saturating_add(2));
        if self.max_buffered_bytes < shares {
            let why = "it is too small for `max_peers` peers that each hold a request and a message of \
                       `max_message_size` each way, and two more; raise it, or lower one of those";
            return Err(Error::InvalidOption { option: "max_buffered_bytes", reason: why });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{super::KIB, *};

    #[track_caller]
    fn assert_invalid(options: &ServerOptions) {
        let answer = options.check();
        assert!(
            matches!(answer, Err(Error::InvalidOption { option: "max_buffered_bytes", .. })),
            "{answer:?}"
        );
    }

    #[test]
    fn memory_must_suffice_for_a_message_of_each_peer_both_ways() {
        let options = |memory| ServerOptions::default().max_peers(6).max_buffered_bytes(memory);
        let share = options(0).share();
        assert!(share.inbound > 64 * KIB + options(0).max_request_size && share.outbound > 64 * KIB);
        assert_eq!(options(8 * share.total()).check(), Ok(()));
        assert_invalid(&options(8 * share.total() - 1));
        assert_invalid(&options(8 * share.total()).max_peers(7));
        let larger = PeerOptions::for_server().max_message_size(64 * KIB + 1);
        assert_invalid(&options(8 * share.total()).connection(larger));
        assert_invalid(&ServerOptions::default().max_buffered_bytes(0));
        let huge = PeerOptions::for_server()
            .max_message_size(i32::MAX as usize)
            .inbound_buffer_size(i32::MAX as usize);
        assert_invalid(&ServerOptions::default().connection(huge.backlog_buffer_size(i32::MAX as usize)));
    }
}
