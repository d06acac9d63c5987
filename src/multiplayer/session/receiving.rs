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
        self.receive_from(from, &mut packet, now, None);
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
        self.receive_from(from, &mut packet, now, Some(relay));
    }

    /// Handles a packet like [`receive_with`](Self::receive_with), and may take it out of its place.
    // By reference, because the way to an output takes longer with each move.
    pub(in super::super) fn receive_from(
        &mut self,
        from: PeerId,
        packet: &mut Packet,
        now: Duration,
        relay: Option<RelayDecider<'_>>,
    ) {
        self.tick(now);
        if self.phase == SessionPhase::Closed {
            return;
        }
        packet.prepare_parts();
        let rejected_before = self.stats.rejected_packets;
        let result = match self.peers.state(from) {
            // A client is connected to the server only.
            _ if !self.is_server && from != PeerId::SERVER => Err(PacketError::UnknownPeer),
            None => Err(PacketError::UnknownPeer),
            Some(PeerState::Authenticating(_)) => self.handle_auth(from, packet),
            Some(PeerState::Admitted(_)) => self.handle_packet(from, packet, relay),
            Some(PeerState::Arriving(_)) => self.handle_arriving(from, packet),
            Some(PeerState::Disconnecting { .. }) => {
                self.handle_disconnecting(from, packet);
                Ok(())
            }
        };
        if let Err(error) = result {
            self.reject(from, error);
        }
        // A packet with several invalid parts counts as one here, but has several events.
        if self.is_server && self.stats.rejected_packets > rejected_before {
            let limit = self.options.max_rejected_packets_per_second;
            if !self.peers.count_rejected(from, limit, self.now) {
                self.disconnect_over_limit(from);
            }
        }
    }

    /// Handles a packet of a peer that is admitted and connected directly.
    fn handle_packet(
        &mut self,
        from: PeerId,
        packet: &mut Packet,
        relay: Option<RelayDecider<'_>>,
    ) -> Result<(), PacketError> {
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
        }
    }

    /// Relays a packet for a client, unless the program decides otherwise. The sender's id replaces the receiver's.
    fn relay(
        &mut self,
        from: PeerId,
        target: i32,
        packet: &mut Packet,
        hook: Option<RelayDecider<'_>>,
    ) -> Result<(), PacketError> {
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
                return Ok(());
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
            let relayed = if is_for_server { packet.clone() } else { packet.take() };
            self.queue_output(Output::send(to, relayed));
        }
        match is_for_server {
            true => self.handle_command(from, Command::decode(&packet[RELAY_HEADER..])?, packet),
            false => Ok(()),
        }
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
