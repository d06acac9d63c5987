//! The memory that a server guarantees to each peer.

use super::{PeerOptions, ServerOptions};
use crate::error::Error;

/// The memory that is guaranteed to one peer, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Share {
    /// For data from the peer: its request and a message.
    pub(crate) inbound: usize,
    /// For data to the peer: a message.
    pub(crate) outbound: usize,
}

impl Share {
    /// The memory of a message beside its payload: entries in queues, and control frames that are queued with it.
    const OVERHEAD: usize = 4 * 1024;

    pub(crate) fn total(self) -> usize {
        self.inbound.saturating_add(self.outbound)
    }

    /// Returns the larger of two shares in each direction.
    pub(crate) fn at_least(self, other: Self) -> Self {
        Self { inbound: self.inbound.max(other.inbound), outbound: self.outbound.max(other.outbound) }
    }

    /// Returns a share that also has room for a packet of `len` bytes to the peer.
    pub(crate) fn with_outbound_packet(self, len: usize) -> Self {
        Self { outbound: self.outbound.max(len.saturating_add(Self::OVERHEAD)), ..self }
    }
}

impl ServerOptions {
    /// Returns the share of a peer with the options of [`connection`](Self::connection).
    pub(crate) fn share(&self) -> Share {
        self.share_of(&self.connection)
    }

    /// Returns the share of a peer with its own options.
    pub(crate) fn share_of(&self, peer: &PeerOptions) -> Share {
        let message = peer.max_message_size.saturating_add(Share::OVERHEAD);
        Share { inbound: message.saturating_add(self.max_request_size), outbound: message }
    }

    /// Checks that `max_buffered_bytes` suffices for this share for each peer and a common pool of two more.
    pub(crate) fn check_memory(&self, share: Share) -> Result<(), Error> {
        let shares = share.total().saturating_mul(self.max_peers.saturating_add(2));
        if self.max_buffered_bytes < shares {
            let reason = "it is too small for a request and a message of `max_message_size` in each direction, for \
                       `max_peers` peers and two more; raise it, or lower one of those";
            return Err(Error::InvalidOption { option: "max_buffered_bytes", reason });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{super::KIB, *};

    #[track_caller]
    fn assert_invalid(options: &ServerOptions) {
        let result = options.check();
        assert!(
            matches!(result, Err(Error::InvalidOption { option: "max_buffered_bytes", .. })),
            "{result:?}"
        );
    }

    #[test]
    fn memory_must_suffice_for_a_message_of_each_peer_in_each_direction() {
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
