//! Peers that move from one session of a server to another, and keep their connection and id.
//!
//! For the peer, the others leave, the nodes of the server are despawned, and then others join. The two sessions must
//! not mix: what the peer sends before it knows of the move is about things of the former session. So that session ends
//! with a packet that every end answers when it has handled everything before it, an announcement of the root's path.
//! Until the answer arrives, the new session drops what the peer sends, except what both sessions share: path ids.

use std::{fmt, time::Duration};

use super::{
    Session, SessionPhase,
    peers::{AdmittedPeer, ClosePayload, PeerState},
    sending::{encode, system_packets},
};
use crate::{
    close::CloseCode,
    error::Error,
    multiplayer::{
        event::{DisconnectReason, Event},
        id::PeerId,
        output::{Output, Recipients},
        packet_error::PacketError,
        path_ids::MAX_PATH_ID,
        paths::{PeerAcks, ROOT, relative},
        replication::ReplicationError,
        wire::{Command, SimplifyPath, System},
    },
    packet::Packet,
    rate::Rate,
};

/// What a session knows about a peer that moves to another session: the result of
/// [`Session::release_peer`]. [`Session::adopt_peer`] takes it.
///
/// The connection of the peer has no session meanwhile. If you drop the transfer, close the connection.
#[derive(Default)]
pub struct PeerTransfer {
    pub(super) peer: AdmittedPeer,
    /// The path ids of the server that the peer knows.
    pub(super) acks: PeerAcks,
    /// The time of the last SYNC to it.
    pub(super) sync_time: Option<u16>,
    pub(super) rejected: Option<Rate>,
}

impl PeerTransfer {
    /// Returns the number that the peer confirms when it has read everything of its former session. It is above all
    /// numbers of nodes, and no other move of the peer has it.
    fn confirmation(&self) -> u32 {
        MAX_PATH_ID + 1 + self.peer.moves % MAX_PATH_ID
    }
}

impl fmt::Debug for PeerTransfer {
    /// Omits the paths.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PeerTransfer").field("moves", &self.peer.moves).finish_non_exhaustive()
    }
}

impl Session {
    /// At a server: removes a peer, which is about to move to another session of this server. Its connection stays.
    /// Execute the outputs of this session before those of the other one, and call [`adopt_peer`](Self::adopt_peer) of
    /// that one before you pass another packet of the peer.
    ///
    /// The others see the peer leave, and the peer sees the others leave. Nodes that were spawned at the peer are
    /// despawned there, and nodes that the peer has spawned are despawned here. This session reports
    /// [`Event::PeerDisconnected`] with [`DisconnectReason::Moved`].
    ///
    /// # Errors
    /// [`Error::UnknownPeer`] for a peer that is not admitted, or not connected directly.
    pub fn release_peer(&mut self, peer: PeerId) -> Result<PeerTransfer, Error> {
        if !self.is_server || !self.peers.is_admitted(peer) {
            return Err(Error::UnknownPeer);
        }
        let mut transfer = PeerTransfer {
            acks: self.nodes.take_acks(peer),
            sync_time: self.replication.outgoing.sync_time(peer),
            rejected: self.peers.rejected(peer),
            peer: self.peers.admitted_mut(peer).map(std::mem::take).unwrap_or_default(),
        };
        transfer.peer.prepare_move(self.nodes.path_ids());

        let mut packets = Vec::new();
        if self.options.relay {
            let others = self.peers.admitted().iter().copied().filter(|other| *other != peer);
            packets = system_packets(others, System::DelPeer);
        }
        let despawns = self.replication.outgoing.spawned_at(peer);
        packets.extend(despawns.map(|node| Packet::binary(encode(&node.despawn_packet()))));
        let request = self.root_announcement(transfer.confirmation());
        packets.push(Packet::binary(encode(&Command::SimplifyPath(request))));
        self.queue_output(Output::SendAll { to: Recipients::One(peer), packets });

        self.remove_peer(peer, DisconnectReason::Moved);
        self.peers.mark_unknown(peer);
        Ok(transfer)
    }

    /// At a server: takes over a peer that another session of this server has [released](Self::release_peer). Both must
    /// share their [`PathIds`](super::super::PathIds), and get times of the same clock.
    ///
    /// The peer is admitted, with [`Event::PeerConnected`], when it has confirmed that it has read everything of its
    /// former session. If it has not done that after `timeout`, it is disconnected with code 1008. Zero: no limit. Until
    /// then it is not among the [`peers`](Self::peers), and what it sends is dropped: it was sent before the peer knew
    /// of the move. [`disconnect_peer`](Self::disconnect_peer) disconnects it. Exactly one of `PeerConnected` and
    /// [`Event::ArrivalFailed`] follows, unless the program [leaves](Self::leave).
    ///
    /// The peer is not authenticated again: engines cannot do that.
    ///
    /// A peer that has the id already, or cannot have it, is not replaced: the call has no effect. If the program has
    /// left the session, the peer is disconnected.
    pub fn adopt_peer(&mut self, peer: PeerId, transfer: PeerTransfer, timeout: Duration, now: Duration) {
        self.tick(now);
        if !self.is_server || peer == PeerId::SERVER || self.peers.state(peer).is_some() {
            return;
        }
        if self.phase != SessionPhase::Running {
            self.disconnect(peer, self.end.clone());
            return;
        }
        let rejected = transfer.rejected;
        self.peers.set_state(peer, PeerState::Arriving(Box::new(transfer)), self.deadline(timeout));
        self.peers.set_rejected(peer, rejected);
        self.memory_usage_changed = true;
    }

    /// Handles a packet that a peer has sent before it has read everything of its former session.
    pub(super) fn handle_arriving(&mut self, from: PeerId, packet: &Packet) -> Result<(), PacketError> {
        let command = Command::decode(packet)?;
        let Some(transfer) = self.peers.arriving(from) else { return Err(PacketError::UnknownPeer) };
        match command {
            Command::ConfirmPath { id, .. } if id == transfer.confirmation() => self.finish_arrival(from),
            Command::ConfirmPath { id, .. } => transfer.acks.confirm(id),
            Command::SimplifyPath(announcement) => {
                self.memory_usage_changed = true;
                return self.handle_late_path(from, announcement);
            }
            Command::Spawn(spawn) => {
                transfer.peer.skip_spawned(&spawn);
                self.stats.outdated_packets += 1;
            }
            _ => self.stats.outdated_packets += 1,
        }
        Ok(())
    }

    /// Handles the announcement of a path of the former session. An end announces a path once, so it would never use
    /// the id if this were not confirmed.
    fn handle_late_path(&mut self, from: PeerId, announcement: SimplifyPath<'_>) -> Result<(), PacketError> {
        let SimplifyPath { md5, id, path } = announcement;
        let path_ids = self.nodes.path_ids();
        let known = relative(path, &self.options.root_path).and_then(|path| match path {
            // The root always exists.
            ROOT => path_ids.find(path, &md5).or_else(|| Some((path_ids.root().clone(), true))),
            path => path_ids.find(path, &md5),
        });
        let max = self.max_paths();
        let Some(transfer) = self.peers.arriving(from) else { return Err(PacketError::UnknownPeer) };
        let Some((path, valid)) = known else {
            transfer.peer.skip_path(id);
            self.stats.outdated_packets += 1;
            return Ok(());
        };
        transfer.peer.paths.insert(id, path, None, max)?;
        transfer.peer.skip_path(id);
        self.send_command_to(Recipients::One(from), Command::ConfirmPath { valid, id });
        Ok(())
    }

    /// Admits a peer that has read everything of its former session.
    fn finish_arrival(&mut self, peer: PeerId) {
        let Some(PeerTransfer { peer: admitted, acks, sync_time, .. }) =
            self.peers.arriving(peer).map(std::mem::take)
        else {
            return;
        };
        self.nodes.add_confirmed(peer, acks.into_confirmed());
        self.admit_as(peer, admitted, sync_time);
    }

    /// Disconnects a peer that has not confirmed in time that it has read everything of its former session.
    pub(super) fn time_out_arrival(&mut self, peer: PeerId) {
        let reason = "did not confirm the move to another room in time".into();
        self.disconnect(peer, ClosePayload { code: CloseCode::POLICY_VIOLATION, reason });
        self.fail_arrival(peer, DisconnectReason::TimedOut);
    }

    /// Reports that a peer that was arriving is gone.
    pub(super) fn fail_arrival(&mut self, peer: PeerId, reason: DisconnectReason) {
        self.push_event(Event::ArrivalFailed { peer, reason });
    }

    /// Returns `true` if a packet was invalid because it is about a node of the sender's former session. An end that
    /// moves goes on using these nodes: to it, the server has never left.
    pub(super) fn is_outdated(&self, from: PeerId, error: &PacketError) -> bool {
        let Some(PeerState::Admitted(peer)) = self.peers.state(from) else { return false };
        match error {
            PacketError::UnknownNode { id } => peer.is_former_path(*id),
            PacketError::Replication(ReplicationError::UnknownId { id }) => peer.is_former_node(*id),
            _ => false,
        }
    }
}
