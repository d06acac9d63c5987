//! The way in: what a packet is depends on how far its sender has come, and on the way that it took.

use std::time::Duration;

use bytes::Bytes;

use super::{
    Session, SessionPhase,
    peers::PeerState,
    sending::{RELAY_HEADER, relayed},
};
use crate::{
    close::CloseCause,
    multiplayer::{
        event::Event,
        id::{PeerId, Target},
        output::{Output, Recipients},
        packet_error::PacketError,
        wire::{Command, System, is_system, relay_header, relay_target},
    },
    packet::Packet,
};

impl Session {
    /// A packet came, by the connection to this peer; at a client that is always [`PeerId::SERVER`]. Text is taken for
    /// the bytes that it is.
    ///
    /// What the packet means is decided now. So read all events before the next packet is received: an event may lead the
    /// program to declare the node that the next packet calls. The outputs wait without a limit.
    pub fn receive(&mut self, from: PeerId, packet: Packet, now: Duration) {
        self.tick(now);
        if self.phase == SessionPhase::Closed {
            return;
        }
        let packet = packet.into_data();
        let refused = self.stats.rejected_packets;
        let done = match self.peers.state(from) {
            // A client knows others; but nothing comes from them directly.
            _ if !self.is_server && from != PeerId::SERVER => Err(PacketError::UnknownPeer),
            None => Err(PacketError::UnknownPeer),
            Some(PeerState::AwaitingId) => self.handle_id(&packet),
            Some(PeerState::Authenticating(_)) => self.handle_auth(from, &packet),
            Some(PeerState::Admitted(_)) => self.handle_packet(from, packet),
            Some(PeerState::Disconnecting { .. }) => {
                self.handle_disconnecting(from, &packet);
                Ok(())
            }
        };
        if let Err(what) = done {
            self.reject(from, what);
        }
        // What is wrong with several parts of a packet is refused several times.
        if self.is_server && self.stats.rejected_packets > refused {
            let limit = self.options.max_rejected_packets_per_second;
            if !self.peers.count_rejected(from, limit, self.now) {
                self.disconnect_over_limit(from);
            }
        }
    }

    /// At a client: the server's first packet is the client's id, and nothing else.
    fn handle_id(&mut self, packet: &[u8]) -> Result<(), PacketError> {
        let id = packet.try_into().ok().map(i32::from_le_bytes).and_then(PeerId::new);
        let Some(id) = id.filter(|id| *id != PeerId::SERVER) else {
            self.failure =
                Some(CloseCause::HandshakeFailed { reason: "the server's first packet was no id" });
            self.disconnect(PeerId::SERVER, "the first packet was no id");
            return Err(PacketError::InvalidId);
        };
        self.id = Some(id);
        self.push_event(Event::Connected { id });
        self.start_admission(PeerId::SERVER);
        Ok(())
    }

    /// A peer that takes part, and is connected, says something.
    fn handle_packet(&mut self, from: PeerId, packet: Bytes) -> Result<(), PacketError> {
        if let Some(target) = relay_target(&packet).filter(|_| self.is_server) {
            return self.relay(from, target, packet);
        }
        match Command::decode(&packet)? {
            Command::System(System::Relay { peer, inner }) => {
                self.handle_relayed(peer, &packet.slice_ref(inner))
            }
            Command::System(System::AddPeer(peer)) => self.handle_add_peer(from, peer),
            Command::System(System::DelPeer(peer)) => self.handle_del_peer(from, peer),
            // The other end authenticates, this one does not: it had let the other in at once.
            Command::System(System::Auth([])) => Ok(()),
            Command::System(System::Auth(_)) => Err(PacketError::NotAuthenticating),
            command => self.handle_command(from, command, &packet),
        }
    }

    /// A client asks the server to carry a packet on. Whom it is from is for the server to say: where nobody else has the
    /// packet, it is written over whom it is for.
    fn relay(&mut self, from: PeerId, target: i32, packet: Bytes) -> Result<(), PacketError> {
        if !self.options.relay {
            return Err(PacketError::RelayOff);
        }
        if is_system(&packet[RELAY_HEADER..]) {
            return Err(PacketError::RelayedSystem);
        }
        let target = Target::from_godot(target).ok_or(PacketError::UnknownPeer)?;
        let to = match target {
            Target::Peer(peer) if self.peers.is_admitted(peer) => Recipients::One(peer),
            Target::Peer(_) => return Err(PacketError::UnknownPeer),
            Target::All | Target::AllExcept(_) => {
                let is_meant = |peer: &PeerId| *peer != from && target != Target::AllExcept(*peer);
                self.peers.admitted().iter().copied().filter(is_meant).collect::<Vec<_>>().into()
            }
        };
        let for_server = match target {
            Target::Peer(_) | Target::AllExcept(PeerId::SERVER) => None,
            Target::All | Target::AllExcept(_) => Some(packet.slice(RELAY_HEADER..)),
        };
        if !to.as_slice().is_empty() {
            let packet = match packet.try_into_mut() {
                Ok(mut packet) => {
                    packet[..RELAY_HEADER].copy_from_slice(&relay_header(from.get()));
                    packet.freeze()
                }
                Err(packet) => relayed(from.get(), &packet[RELAY_HEADER..]).into(),
            };
            self.queue_output(Output::Send { to, packet: Packet::from_binary(packet) });
            self.stats.relayed += 1;
        }
        match for_server {
            Some(inner) => self.handle_command(from, Command::decode(&inner)?, &inner),
            None => Ok(()),
        }
    }

    /// The server has carried a packet to this client.
    fn handle_relayed(&mut self, source: i32, inner: &Bytes) -> Result<(), PacketError> {
        if !self.options.relay {
            return Err(PacketError::RelayOff);
        }
        if is_system(inner) {
            return Err(PacketError::RelayedSystem);
        }
        // It may be this client itself, which has sent something to its own id.
        let is_here = |peer: &PeerId| {
            *peer != PeerId::SERVER && (self.peers.is_admitted(*peer) || Some(*peer) == self.id)
        };
        let source = PeerId::new(source).filter(is_here).ok_or(PacketError::UnknownPeer)?;
        let done = Command::decode(inner).map_err(PacketError::from);
        // What is wrong with it is not the server's fault.
        if let Err(what) = done.and_then(|command| self.handle_command(source, command, inner)) {
            self.reject(source, what);
        }
        Ok(())
    }
}
