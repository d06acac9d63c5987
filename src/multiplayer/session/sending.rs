//! Sending packets: to connected peers directly, to others by relay.

use bytes::Bytes;

use super::Session;
use crate::{
    error::Error,
    multiplayer::{
        error::SessionError,
        id::{PeerId, Target},
        output::{Output, Recipients},
        rpc::TransferMode,
        wire::{Command, MEMBERSHIP_LEN, System, relay_header},
    },
    packet::{Packet, PacketKind},
};

/// The number of bytes that a relay adds to a packet.
pub(super) const RELAY_HEADER: usize = 6;

impl Session {
    /// Sends bytes. The receivers get [`Event::Packet`](super::super::Event::Packet).
    ///
    /// A client sends a packet to several peers only once: the server relays it to the peers that are admitted when it
    /// arrives there.
    ///
    /// # Errors
    /// [`SessionError::InvalidArguments`] for no bytes; [`Error::NotOpen`] without an id; [`Error::UnknownPeer`];
    /// [`Error::PacketTooBig`].
    ///
    /// Godot: `send_bytes`.
    pub fn send_bytes(&mut self, to: impl Into<Target>, bytes: &[u8]) -> Result<(), SessionError> {
        let to = to.into();
        let own = self.require_target(to)?;
        let relay = !self.is_server && self.options.relay && to != Target::SERVER;
        // The server sends it back, as with an engine.
        if to == Target::Peer(own) && !(relay && self.peers.is_admitted(PeerId::SERVER)) {
            return Err(Error::UnknownPeer.into());
        }
        if bytes.is_empty() {
            return Err(SessionError::InvalidArguments { reason: "there are no bytes".to_owned() });
        }
        let packet = encode(&Command::Raw(bytes));
        self.check_size(packet.len() + if relay { RELAY_HEADER } else { 0 })?;
        let is_one = matches!(to, Target::Peer(_));
        if !relay || !is_one && self.peers.has_unknown() {
            self.send_to(self.targets(to), packet);
        } else if self.peers.is_admitted(PeerId::SERVER) {
            // One packet for all of them, which the server relays.
            self.send(PeerId::SERVER, relayed(to.to_godot(), &packet));
        }
        Ok(())
    }

    /// Returns the admitted peers in a target that the program knows.
    pub(super) fn targets(&self, to: Target) -> Vec<PeerId> {
        match to {
            Target::Peer(peer) => {
                Some(peer).filter(|peer| self.peers.is_admitted(*peer)).into_iter().collect()
            }
            Target::All => self.peers.reachable(),
            Target::AllExcept(except) => {
                let mut peers = self.peers.reachable();
                peers.retain(|peer| *peer != except);
                peers
            }
        }
    }

    /// Sends a packet to admitted peers, reliably: see [`send_with`](Self::send_with).
    pub(super) fn send_to(&mut self, peers: Vec<PeerId>, packet: Vec<u8>) {
        self.send_with(peers, packet, 0, TransferMode::Reliable);
    }

    /// Sends a packet to admitted peers, by relay where they are not connected directly.
    pub(super) fn send_with(
        &mut self,
        peers: Vec<PeerId>,
        packet: Vec<u8>,
        channel: i32,
        transfer: TransferMode,
    ) {
        if self.is_server {
            if !peers.is_empty() {
                let (to, packet) = (peers.into(), Packet::binary(packet));
                self.queue_output(Output::Send { to, packet, channel, transfer });
            }
            return;
        }
        let packet = Packet::binary(packet);
        for peer in peers {
            let packet = if peer == PeerId::SERVER {
                packet.clone()
            } else {
                Packet::binary(relayed(peer.get(), &packet))
            };
            let to = Recipients::One(PeerId::SERVER);
            self.queue_output(Output::Send { to, packet, channel, transfer });
        }
    }

    /// Returns the number of bytes that relay adds to a packet for these peers.
    pub(super) fn relay_overhead(&self, peers: &[PeerId]) -> usize {
        let direct = self.is_server || peers.iter().all(|peer| *peer == PeerId::SERVER);
        if direct { 0 } else { RELAY_HEADER }
    }

    /// Sends a command to an admitted peer.
    pub(super) fn send_command(&mut self, to: PeerId, command: &Command<'_>) {
        self.send_to(vec![to], encode(command));
    }

    /// Sends a packet to a peer that is connected directly.
    pub(super) fn send(&mut self, to: PeerId, packet: Vec<u8>) {
        let to = Recipients::One(to);
        self.queue_output(Output::send(to, Packet::binary(packet)));
    }

    /// Sends a command to peers that are connected directly.
    pub(super) fn send_command_to(&mut self, to: Recipients, command: Command<'_>) {
        let packet = Packet::binary(encode(&command));
        self.queue_output(Output::send(to, packet));
    }

    /// Queues an output, after the announcements of departures before it.
    #[inline]
    pub(super) fn queue_output(&mut self, output: Output) {
        self.queue_departures();
        self.outputs.push_back(output);
    }

    /// Returns `true` if anything waits to be sent.
    pub(super) fn has_outputs(&self) -> bool {
        !self.outputs.is_empty() || !self.departed.is_empty()
    }

    /// Passes each output to `execute`, and drops it.
    // The outputs stay where they are: a packet in an output takes longer to move than to relay.
    pub(in super::super) fn execute_outputs(&mut self, execute: impl FnMut(&Output)) {
        if !self.has_outputs() {
            return;
        }
        self.queue_departures();
        self.outputs.iter().for_each(execute);
        self.outputs.clear();
    }

    /// Queues the announcements of collected departures, to the peers that are admitted now.
    ///
    /// Call it before a peer is admitted or removed. A peer that is admitted later must not receive these
    /// announcements, and a peer that is removed must.
    #[inline]
    pub(super) fn queue_departures(&mut self) {
        if !self.departed.is_empty() {
            self.announce_departures();
        }
    }

    fn announce_departures(&mut self) {
        let departed = std::mem::take(&mut self.departed);
        let admitted = self.peers.admitted();
        if !admitted.is_empty() {
            let to = admitted.to_vec().into();
            let packets = system_packets(departed, System::DelPeer);
            self.outputs.push_back(Output::SendAll { to, packets });
        }
    }

    /// Checks the length of a packet.
    pub(super) fn check_size(&self, len: usize) -> Result<(), Error> {
        let max = self.options.max_packet_size;
        if len > max { Err(Error::PacketTooBig { len, max }) } else { Ok(()) }
    }
}

pub(super) fn encode(command: &Command<'_>) -> Vec<u8> {
    let mut packet = Vec::new();
    command.encode(&mut packet);
    packet
}

/// Returns a packet about each of these peers, ADD_PEER or DEL_PEER. All of them share one allocation.
pub(super) fn system_packets(
    peers: impl IntoIterator<Item = PeerId>,
    about: fn(i32) -> System<'static>,
) -> Vec<Packet> {
    let peers = peers.into_iter();
    let most = peers.size_hint().1.unwrap_or_default();
    let mut all = Vec::with_capacity(most * MEMBERSHIP_LEN);
    peers.for_each(|peer| Command::System(about(peer.get())).encode(&mut all));
    let all = Bytes::from(all);
    let packet = |at: usize| Packet::from_bytes(PacketKind::Binary, all.slice(at..at + MEMBERSHIP_LEN));
    (0..all.len()).step_by(MEMBERSHIP_LEN).map(packet).collect()
}

/// Returns a relay packet for `peer`, or from it.
pub(super) fn relayed(peer: i32, inner: &[u8]) -> Vec<u8> {
    [&relay_header(peer), inner].concat()
}
