//! Peers that join and leave: connections, as the transport reports them, and other clients, as the server reports
//! them.

use std::time::Duration;

use super::{
    Session, SessionPhase,
    peers::{AdmittedPeer, Authentication, PeerState},
    sending::system_packets,
};
use crate::{
    close::CloseInfo,
    multiplayer::{
        event::{AuthFailure, DisconnectReason, Event},
        id::PeerId,
        output::{Output, Recipients},
        packet_error::PacketError,
        wire::{Command, System},
    },
};

impl Session {
    /// At a client: handles that it is connected to the server, and has this id.
    ///
    /// The id is not the server's, and is assigned once. A call that breaks this has no effect.
    pub fn connected(&mut self, id: PeerId, now: Duration) {
        self.tick(now);
        let is_connecting = self.id.is_none() && self.phase == SessionPhase::Running;
        if is_connecting && id != PeerId::SERVER {
            self.id = Some(id);
            self.push_event(Event::Connected { id });
            self.start_admission(PeerId::SERVER);
        }
    }

    /// At a server: handles a new connection, to a client that has this id, and knows it.
    ///
    /// No two connections may have the same id at a time, and none may have the server's. A call that breaks this has
    /// no effect.
    pub fn peer_joined(&mut self, peer: PeerId, now: Duration) {
        self.tick(now);
        if !self.is_server || peer == PeerId::SERVER || self.peers.state(peer).is_some() {
            return;
        }
        if self.phase != SessionPhase::Running {
            self.disconnect(peer, self.end.clone());
            return;
        }
        self.start_admission(peer);
    }

    /// Handles the end of the connection to a peer. A client's only connection is that to [`PeerId::SERVER`], so the
    /// session ends with it. Before the client is [`connected`](Self::connected), that connection has failed.
    pub fn peer_left(&mut self, peer: PeerId, info: CloseInfo) {
        if !self.is_server {
            if peer == PeerId::SERVER && self.phase != SessionPhase::Closed {
                self.handle_server_lost(info);
            }
            return;
        }
        let Some(state) = self.peers.remove(peer) else { return };
        match state {
            PeerState::Admitted(_) => self.remove_peer(peer, DisconnectReason::Closed(info)),
            PeerState::Authenticating(_) => {
                self.push_event(Event::AuthFailed { peer, reason: AuthFailure::Closed(info) });
            }
            PeerState::Arriving(_) => self.fail_arrival(peer, DisconnectReason::Closed(info)),
            PeerState::Disconnecting { .. } => {}
        }
        if self.phase == SessionPhase::Leaving && self.peers.is_empty() {
            self.phase = SessionPhase::Closed;
        }
    }

    /// Starts to admit a peer that is connected, once this end has an id.
    pub(super) fn start_admission(&mut self, peer: PeerId) {
        if self.options.authenticate {
            let state = PeerState::Authenticating(Authentication::default());
            self.peers.set_state(peer, state, self.deadline(self.options.auth_timeout));
            self.push_event(Event::Authenticating(peer));
        } else {
            self.admit(peer);
        }
    }

    /// Admits a peer.
    pub(super) fn admit(&mut self, peer: PeerId) {
        self.admit_as(peer, AdmittedPeer::default(), None);
    }

    /// Admits a peer, with what another session knows about it, and the time of that session's last SYNC to it.
    pub(super) fn admit_as(&mut self, peer: PeerId, admitted: AdmittedPeer, sync_time: Option<u16>) {
        self.queue_departures();
        if self.is_server && self.options.relay {
            self.announce_peer(peer);
        }
        self.peers.set_state(peer, PeerState::Admitted(admitted), None);
        self.push_event(Event::PeerConnected(peer));
        self.start_replicating_to(peer, sync_time);
    }

    /// Announces the new peer to all others, and all others to it.
    fn announce_peer(&mut self, new_peer: PeerId) {
        let present = self.peers.admitted();
        if present.is_empty() {
            return;
        }
        let packets = system_packets(present.iter().copied(), System::AddPeer);
        let others = present.to_vec().into();
        self.send_command_to(others, Command::System(System::AddPeer(new_peer.get())));
        self.queue_output(Output::SendAll { to: Recipients::One(new_peer), packets });
    }

    /// Removes an admitted peer, reports that to the program, and announces it to the other peers.
    pub(super) fn remove_peer(&mut self, peer: PeerId, reason: DisconnectReason) {
        self.peers.remove(peer);
        self.nodes.forget_peer(peer);
        if self.is_server && self.options.relay && self.phase == SessionPhase::Running {
            self.departed.push(peer);
            self.former_peers.add(peer, self.now);
        }
        self.remove_replicas_of(peer);
        self.push_event(Event::PeerDisconnected(peer, reason));
    }

    /// At a client: handles the end of the connection.
    fn handle_server_lost(&mut self, info: CloseInfo) {
        match self.peers.remove(PeerId::SERVER) {
            Some(PeerState::Admitted(_)) => {
                self.remove_relayed_peers(DisconnectReason::ServerLost);
                self.remove_peer(PeerId::SERVER, DisconnectReason::Closed(info.clone()));
            }
            Some(PeerState::Authenticating(_)) => {
                let reason = AuthFailure::Closed(info.clone());
                self.push_event(Event::AuthFailed { peer: PeerId::SERVER, reason });
            }
            Some(PeerState::Arriving(_) | PeerState::Disconnecting { .. }) | None => {}
        }
        self.phase = SessionPhase::Closed;
        self.push_event(match self.id {
            Some(_) => Event::Disconnected { info },
            None => Event::ConnectionFailed { info },
        });
    }

    /// At a client: removes the peers that are reached through the server.
    pub(super) fn remove_relayed_peers(&mut self, reason: DisconnectReason) {
        for peer in self.peers.admitted().to_vec() {
            if peer != PeerId::SERVER {
                self.remove_peer(peer, reason.clone());
            }
        }
    }

    /// At a client: handles the server's announcement of another client.
    pub(super) fn handle_add_peer(&mut self, from: PeerId, peer: i32) -> Result<(), PacketError> {
        let peer = self.check_reported_peer(from, peer)?;
        if peer == PeerId::SERVER || Some(peer) == self.id || self.peers.state(peer).is_some() {
            return Err(PacketError::PeerIdTaken(peer));
        }
        // The server is in the list.
        if self.peers.admitted().len() > self.options.max_peers {
            return Err(PacketError::TooManyPeers);
        }
        self.admit(peer);
        Ok(())
    }

    /// At a client: handles the server's announcement that another client is gone.
    pub(super) fn handle_del_peer(&mut self, from: PeerId, peer: i32) -> Result<(), PacketError> {
        let peer = self.check_reported_peer(from, peer)?;
        if peer == PeerId::SERVER || self.peers.state(peer).is_none() {
            return Err(PacketError::UnknownPeer);
        }
        self.remove_peer(peer, DisconnectReason::ReportedByServer);
        Ok(())
    }

    /// Returns the peer that an announcement is about, if the server may send it.
    fn check_reported_peer(&self, from: PeerId, peer: i32) -> Result<PeerId, PacketError> {
        if self.is_server || from != PeerId::SERVER {
            return Err(PacketError::NotServer);
        }
        if !self.options.relay {
            return Err(PacketError::RelayOff);
        }
        PeerId::new(peer).ok_or(PacketError::UnknownPeer)
    }
}
