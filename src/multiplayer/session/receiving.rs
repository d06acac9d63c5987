//! Received packets: their meaning depends on the state of the sender, and on relay.

use std::time::Duration;

use super::{Session, SessionPhase, peers::PeerState, sending::RELAY_HEADER};
use crate::{
    multiplayer::{
        id::{PeerId, Target},
        output::{Output, Recipients},
        packet_error::PacketError,
        relay_decision::{RelayDecision, RelayedPacket},
        wire::{Command, System, is_system, relay_header, relay_target},
    },
    packet::Packet,
};

/// The hook that decides about relayed packets.
type RelayDecider<'a> = &'a mut dyn FnMut(&RelayedPacket<'_>) -> RelayDecision;

impl Session {
    /// Handles a packet that was received from a directly connected peer; at a client that is always
    /// [`PeerId::SERVER`]. Text is treated as bytes.
    ///
    /// The packet is interpreted now. So read all events before you pass the next packet: an event may lead the program
    /// to register the node that the next packet calls. Take all outputs after each call: they are queued until
    /// [`next_output`](Self::next_output) takes them.
    pub fn receive(&mut self, from: PeerId, mut packet: Packet, now: Duration) {
        let relayed_to = self.receive_from(from, &mut packet, now, None);
        self.queue_relayed(relayed_to, packet);
    }

    /// Handles a packet like [`receive`](Self::receive). `relay` decides about a packet of a client for other clients:
    /// at a server, each packet that it would relay. It is called at most once.
    ///
    /// [`RelayDecision::Drop`] concerns only the other clients. If a packet is also for the server, the server handles
    /// it in any case: a call to all is a packet to the server and one to each other client, so this holds for
    /// [`send_bytes`](Self::send_bytes) to all as well.
    ///
    /// If `relay` panics, the packet has no effect, and the session can still be used.
    pub fn receive_with(
        &mut self,
        from: PeerId,
        mut packet: Packet,
        now: Duration,
        relay: &mut dyn FnMut(&RelayedPacket<'_>) -> RelayDecision,
    ) {
        let relayed_to = self.receive_from(from, &mut packet, now, Some(relay));
        self.queue_relayed(relayed_to, packet);
    }

    /// Handles a packet like [`receive_with`](Self::receive_with), and may change it or take it out of its place. If its only
    /// effect is that it has to be sent to another client, as it is then, returns that client, and queues nothing.
    // By reference, and not queued, because a packet takes longer to move than to relay.
    pub(in super::super) fn receive_from(
        &mut self,
        from: PeerId,
        packet: &mut Packet,
        now: Duration,
        relay: Option<RelayDecider<'_>>,
    ) -> Option<PeerId> {
        self.tick(now);
        if self.phase == SessionPhase::Closed {
            return None;
        }
        packet.prepare_parts();
        let rejected_before = self.stats.rejected_packets;
        let result = match self.peers.state(from) {
            // A client is connected to the server only.
            _ if !self.is_server && from != PeerId::SERVER => Err(PacketError::UnknownPeer),
            None => Err(PacketError::UnknownPeer),
            Some(PeerState::Authenticating(_)) => self.handle_auth(from, packet).map(|()| None),
            Some(PeerState::Admitted(_)) => self.handle_packet(from, packet, relay),
            Some(PeerState::Arriving(_)) => self.handle_arriving(from, packet).map(|()| None),
            Some(PeerState::Disconnecting { .. }) => {
                self.handle_disconnecting(from, packet);
                Ok(None)
            }
        };
        let relayed_to = result.unwrap_or_else(|error| {
            self.reject(from, error);
            None
        });
        // A packet with several invalid parts counts as one here, but has several events.
        if self.is_server && self.stats.rejected_packets > rejected_before {
            let limit = self.options.max_rejected_packets_per_second;
            if !self.peers.count_rejected(from, limit, self.now) {
                self.disconnect_over_limit(from);
            }
        }
        relayed_to
    }

    fn queue_relayed(&mut self, to: Option<PeerId>, packet: Packet) {
        if let Some(to) = to {
            self.queue_output(Output::send(Recipients::One(to), packet));
        }
    }

    /// Handles a packet of a peer that is admitted and connected directly.
    fn handle_packet(
        &mut self,
        from: PeerId,
        packet: &mut Packet,
        relay: Option<RelayDecider<'_>>,
    ) -> Result<Option<PeerId>, PacketError> {
        if let Some(target) = relay_target(packet).filter(|_| self.is_server) {
            return self.relay(from, target, packet, relay);
        }
        match Command::decode(packet)? {
            Command::System(System::Relay { peer, inner }) => self.handle_relayed(peer, inner, packet),
            Command::System(System::AddPeer(peer)) => self.handle_add_peer(from, peer),
            Command::System(System::DelPeer(peer)) => self.handle_del_peer(from, peer),
            // Only the other end requires authentication. This end has admitted it, so an empty reply means nothing.
            Command::System(System::Auth([])) => Ok(()),
            Command::System(System::Auth(_)) => Err(PacketError::NotAuthenticating),
            command => self.handle_command(from, command, packet),
        }?;
        Ok(None)
    }

    /// Relays a packet for a client, unless the program decides otherwise. The sender's id replaces the receiver's. Returns
    /// the receiver if there is only one and nothing has to be sent before.
    fn relay(
        &mut self,
        from: PeerId,
        target: i32,
        packet: &mut Packet,
        hook: Option<RelayDecider<'_>>,
    ) -> Result<Option<PeerId>, PacketError> {
        if !self.options.relay {
            return Err(PacketError::RelayOff);
        }
        if is_system(&packet[RELAY_HEADER..]) {
            return Err(PacketError::RelayedSystem);
        }
        let target = Target::from_godot(target).ok_or(PacketError::UnknownPeer)?;
        let to = match target {
            Target::Peer(peer) if self.peers.is_admitted(peer) => Recipients::One(peer),
            // The sender did not know that the receiver has left.
            Target::Peer(peer) if self.former_peers.contains(peer) => {
                self.stats.outdated_packets += 1;
                return Ok(None);
            }
            Target::Peer(_) => return Err(PacketError::UnknownPeer),
            Target::All | Target::AllExcept(_) => {
                let is_meant = |peer: &PeerId| *peer != from && target != Target::AllExcept(*peer);
                self.peers.admitted().iter().copied().filter(is_meant).collect::<Vec<_>>().into()
            }
        };
        let is_for_server = match target {
            Target::Peer(_) | Target::AllExcept(PeerId::SERVER) => false,
            Target::All | Target::AllExcept(_) => true,
        };
        let decision = match hook {
            Some(decide) if !to.as_slice().is_empty() => {
                decide(&RelayedPacket::new(from, target, &packet[RELAY_HEADER..]))
            }
            _ => RelayDecision::Pass,
        };
        if decision == RelayDecision::Drop {
            self.stats.dropped_relays += 1;
        } else if !to.as_slice().is_empty() {
            packet.replace_start(&relay_header(from.get()));
            self.stats.relayed += 1;
            match to {
                Recipients::One(to) if !is_for_server && !self.has_outputs() => return Ok(Some(to)),
                _ => {
                    let relayed = if is_for_server { packet.clone() } else { packet.take() };
                    self.queue_output(Output::send(to, relayed));
                }
            }
        }
        if is_for_server {
            self.handle_command(from, Command::decode(&packet[RELAY_HEADER..])?, packet)?;
        }
        Ok(None)
    }

    /// Handles a packet that the server relayed to this client.
    fn handle_relayed(&mut self, source: i32, inner: &[u8], packet: &Packet) -> Result<(), PacketError> {
        if !self.options.relay {
            return Err(PacketError::RelayOff);
        }
        if is_system(inner) {
            return Err(PacketError::RelayedSystem);
        }
        // It may be this client, if it has sent a packet to its own id.
        let is_here = |peer: &PeerId| {
            *peer != PeerId::SERVER && (self.peers.is_admitted(*peer) || Some(*peer) == self.id)
        };
        let source = PeerId::new(source).filter(is_here).ok_or(PacketError::UnknownPeer)?;
        let result = Command::decode(inner).map_err(PacketError::from);
        // The sender is reported, not the server.
        if let Err(error) = result.and_then(|command| self.handle_command(source, command, packet)) {
            self.reject(source, error);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        close::{CloseCause, CloseInfo},
        multiplayer::{SessionOptions, session::sending::relayed},
    };

    const NOW: Duration = Duration::ZERO;

    fn peer(id: i32) -> PeerId {
        PeerId::new(id).expect("a valid id")
    }

    /// A server with the peers 2, 3 and 4, which has sent everything.
    fn server() -> Session {
        let mut server = Session::server(SessionOptions::default());
        (2..=4).for_each(|id| server.peer_joined(peer(id), NOW));
        while server.next_output().is_some() {}
        server
    }

    /// A packet with one byte of the program, to or from a peer.
    fn packet(id: i32) -> Packet {
        Packet::binary(relayed(id, &[3, 9]))
    }

    #[test]
    fn a_packet_for_one_client_is_left_to_the_caller_if_nothing_is_sent_before() {
        let mut server = server();
        let mut received = packet(3);
        assert_eq!(server.receive_from(peer(2), &mut received, NOW, None), Some(peer(3)));
        assert_eq!(received, *packet(2), "the sender's id replaces the receiver's");
        assert_eq!((server.next_output(), server.stats().relayed), (None, 1));
        // For the public method it is an output.
        server.receive(peer(2), packet(3), NOW);
        assert_eq!(server.next_output(), Some(Output::send(Recipients::One(peer(3)), packet(2))));
        assert_eq!(server.next_output(), None);
    }

    #[test]
    fn a_relayed_packet_follows_what_was_to_be_sent_before() {
        let mut server = server();
        server.peer_left(peer(4), CloseInfo::from(CloseCause::ConnectionLost));
        assert_eq!(server.receive_from(peer(2), &mut packet(3), NOW, None), None);
        // Now an output waits, and not only a departure.
        assert_eq!(server.receive_from(peer(3), &mut packet(2), NOW, None), None);
        let departure = server.next_output();
        assert!(matches!(departure, Some(Output::SendAll { .. })), "{departure:?}");
        assert_eq!(server.next_output(), Some(Output::send(Recipients::One(peer(3)), packet(2))));
        assert_eq!(server.next_output(), Some(Output::send(Recipients::One(peer(2)), packet(3))));
    }

    #[test]
    fn a_packet_that_the_server_handles_too_is_an_output() {
        let mut server = server();
        let to_all = Target::All.to_godot();
        assert_eq!(server.receive_from(peer(2), &mut packet(to_all), NOW, None), None);
        let to = Recipients::Many(vec![peer(3), peer(4)]);
        assert_eq!(server.next_output(), Some(Output::send(to, packet(2))));
    }
}
