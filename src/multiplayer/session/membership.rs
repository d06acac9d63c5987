//! Who comes and who goes: what the transport tells of connections, and the server of other clients.

use std::time::Duration;

use super::{
    Phase, Session,
    peers::{Authentication, Stage},
    sending::system_packets,
};
use crate::{
    close::CloseInfo,
    multiplayer::{
        event::{AuthFailure, DisconnectReason, Event},
        id::PeerId,
        output::{Output, Recipients},
        paths::ReceivedPaths,
        refusal::PacketError,
        wire::{Command, System},
    },
};

impl Session {
    /// A connection was made. At a server: to a client, which shall have this id; it is told so by the first packet that
    /// goes out to it. At a client: to [`PeerId::SERVER`], whose first packet is waited for from now on.
    ///
    /// No two connections may have the same id at a time, and none may have the server's. A call that breaks this does
    /// nothing.
    pub fn peer_joined(&mut self, peer: PeerId, now: Duration) {
        self.tick(now);
        if !self.is_server {
            if matches!(self.peers.stage(peer), Some(Stage::Arriving)) {
                self.peers.enter(peer, Stage::Arriving, self.deadline(self.options.id_timeout));
            }
            return;
        }
        if peer == PeerId::SERVER || self.peers.stage(peer).is_some() {
            return;
        }
        if self.phase != Phase::Running {
            self.disconnect(peer, "the session is over");
            return;
        }
        self.send(peer, peer.get().to_le_bytes().to_vec());
        self.greet(peer);
    }

    /// The connection to this peer ended. At a client, whose only one is that to [`PeerId::SERVER`], that is the end of
    /// the session.
    pub fn peer_left(&mut self, peer: PeerId, info: CloseInfo) {
        if !self.is_server && peer != PeerId::SERVER {
            return;
        }
        let Some(stage) = self.peers.remove(peer) else { return };
        if !self.is_server {
            self.lose_server(stage, info);
            return;
        }
        match stage {
            Stage::Admitted(_) => self.depart(peer, DisconnectReason::Closed(info)),
            Stage::Authenticating(_) => {
                self.tell(Event::AuthFailed { peer, reason: AuthFailure::Closed(info) });
            }
            Stage::Arriving | Stage::Parting { .. } => {}
        }
        if self.phase == Phase::Leaving && self.peers.is_empty() {
            self.phase = Phase::Over;
        }
    }

    /// A peer to which there is a connection, and an id for this end, is to be admitted.
    pub(super) fn greet(&mut self, peer: PeerId) {
        if self.options.authenticate {
            let stage = Stage::Authenticating(Authentication::default());
            self.peers.enter(peer, stage, self.deadline(self.options.auth_timeout));
            self.tell(Event::Authenticating(peer));
        } else {
            self.admit(peer);
        }
    }

    /// A peer takes part from now on.
    pub(super) fn admit(&mut self, peer: PeerId) {
        self.put_out_departures();
        if self.is_server && self.options.relay {
            self.introduce(peer);
        }
        self.peers.enter(peer, Stage::Admitted(ReceivedPaths::default()), None);
        self.tell(Event::PeerConnected(peer));
        self.replicate_to(peer);
    }

    /// The newcomer is told of all, and all of the newcomer.
    fn introduce(&mut self, newcomer: PeerId) {
        let present = self.peers.admitted();
        if present.is_empty() {
            return;
        }
        let packets = system_packets(present.iter().copied(), System::AddPeer);
        let others = present.to_vec().into();
        self.send_command_to(others, Command::System(System::AddPeer(newcomer.get())));
        self.put_out(Output::SendAll { to: Recipients::One(newcomer), packets });
    }

    /// A peer that took part, and was taken out of the list, is gone: everybody is told.
    pub(super) fn depart(&mut self, peer: PeerId, why: DisconnectReason) {
        self.nodes.forget_peer(peer);
        if self.is_server && self.options.relay && self.phase == Phase::Running {
            self.departed.push(peer);
        }
        self.lose_replicas(peer);
        self.tell(Event::PeerDisconnected(peer, why));
    }

    /// At a client: nothing is left.
    fn lose_server(&mut self, stage: Stage, info: CloseInfo) {
        match stage {
            Stage::Admitted(_) => {
                self.lose_relayed(DisconnectReason::ServerLost);
                self.depart(PeerId::SERVER, DisconnectReason::Closed(info.clone()));
            }
            Stage::Authenticating(_) => {
                let why = AuthFailure::Closed(info.clone());
                self.tell(Event::AuthFailed { peer: PeerId::SERVER, reason: why });
            }
            Stage::Arriving | Stage::Parting { .. } => {}
        }
        self.phase = Phase::Over;
        let event = match (self.id, self.fault.take()) {
            (Some(_), _) => Event::Disconnected { info },
            (None, Some(cause)) => Event::ConnectionFailed { info: CloseInfo { cause, ..info } },
            (None, None) => Event::ConnectionFailed { info },
        };
        self.tell(event);
    }

    /// At a client: those who are reached through the server are gone.
    pub(super) fn lose_relayed(&mut self, why: DisconnectReason) {
        for peer in self.peers.admitted().to_vec() {
            if peer != PeerId::SERVER {
                self.peers.remove(peer);
                self.depart(peer, why.clone());
            }
        }
    }

    /// The server tells a client that another one has come.
    pub(super) fn add_peer(&mut self, from: PeerId, peer: i32) -> Result<(), PacketError> {
        let peer = self.reported(from, peer)?;
        if peer == PeerId::SERVER || Some(peer) == self.id || self.peers.stage(peer).is_some() {
            return Err(PacketError::PeerTaken(peer));
        }
        // The server is in the list, too.
        if self.peers.admitted().len() > self.options.max_peers {
            return Err(PacketError::TooManyPeers);
        }
        self.admit(peer);
        Ok(())
    }

    /// The server tells a client that another one has gone.
    pub(super) fn remove_peer(&mut self, from: PeerId, peer: i32) -> Result<(), PacketError> {
        let peer = self.reported(from, peer)?;
        if peer == PeerId::SERVER || self.peers.remove(peer).is_none() {
            return Err(PacketError::UnknownPeer);
        }
        self.depart(peer, DisconnectReason::ReportedByServer);
        Ok(())
    }

    /// Whom the server tells a client of.
    fn reported(&self, from: PeerId, peer: i32) -> Result<PeerId, PacketError> {
        if self.is_server || from != PeerId::SERVER {
            return Err(PacketError::NotServer);
        }
        if !self.options.relay {
            return Err(PacketError::RelayOff);
        }
        PeerId::new(peer).ok_or(PacketError::UnknownPeer)
    }
}
