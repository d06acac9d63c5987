//! Farewells. What an engine reads together with the end of a connection it loses: the last message before a kick is the one
//! that matters. So before a connection is closed its other end is asked something that engines answer when they have handled
//! all that came before: to confirm the path of the root.

use super::{Phase, Session, peers::Stage};
use crate::{
    close::{CloseCause, CloseCode, CloseInfo, Limit, Timeout},
    error::Error,
    multiplayer::{
        event::{AuthFailure, DisconnectReason, Event},
        id::PeerId,
        output::{Output, Recipients},
        paths::ROOT,
        rpc::NO_METHODS,
        wire::{Command, SimplifyPath},
    },
};

const KICKED: &str = "disconnected by the server";
const LEFT: &str = "the session was left";
const REJECTED: &str = "sent too many packets that were rejected";

impl Session {
    /// Sends a peer away. It is gone at once; its connection is closed when it has confirmed that it has read everything, or
    /// at [`farewell_timeout`](super::super::SessionOptions::farewell_timeout).
    ///
    /// A client can so disconnect the server only, which is to [`leave`](Self::leave).
    ///
    /// # Errors
    /// [`Error::UnknownPeer`] for a peer to which there is no connection, or one that is leaving already.
    ///
    /// Godot: `disconnect_peer`.
    pub fn disconnect_peer(&mut self, peer: PeerId) -> Result<(), Error> {
        if !self.is_server {
            return match self.peers.stage(peer) {
                Some(Stage::Arriving | Stage::Authenticating(_) | Stage::Admitted(_))
                    if peer == PeerId::SERVER =>
                {
                    self.leave();
                    Ok(())
                }
                _ => Err(Error::UnknownPeer),
            };
        }
        match self.peers.stage(peer) {
            Some(Stage::Admitted(_)) => self.see_off(&[peer], DisconnectReason::Kicked),
            Some(Stage::Authenticating(_)) => self.turn_away(peer, AuthFailure::Kicked, KICKED),
            // It is gone, and the program does not know that.
            _ if self.peers.is_known(peer) => {}
            Some(Stage::Arriving | Stage::Parting { .. }) | None => return Err(Error::UnknownPeer),
        }
        self.peers.unlearn(peer);
        Ok(())
    }

    /// Leaves the session; a server ends it. All peers are gone at once, without an event; events that were not read
    /// are dropped, but for this end's id and own calls. The connections are closed as in [`disconnect_peer`](Self::disconnect_peer).
    /// A client has [`Event::Disconnected`] at the end.
    ///
    /// Calls and packets to [`Target::All`](super::super::Target::All) are sent to no peer from now on, and are no error.
    ///
    /// Godot: `MultiplayerPeer.close`.
    #[doc(alias = "close")]
    pub fn leave(&mut self) {
        if self.phase == Phase::Running {
            self.end();
        }
        self.peers.unlearn_all();
        self.forget_unread();
    }

    /// Disconnects all peers, and is over when their connections are closed.
    fn end(&mut self) {
        self.phase = Phase::Leaving;
        if !self.is_server {
            self.lose_relayed(DisconnectReason::Kicked);
        }
        for peer in self.peers.all() {
            match self.peers.stage(peer) {
                Some(Stage::Arriving) => self.disconnect(peer, LEFT),
                Some(Stage::Authenticating(_)) => self.turn_away(peer, AuthFailure::Kicked, LEFT),
                Some(Stage::Admitted(_) | Stage::Parting { .. }) | None => {}
            }
        }
        let admitted = self.peers.admitted().to_vec();
        self.see_off(&admitted, DisconnectReason::Kicked);
        if self.peers.is_empty() {
            self.phase = Phase::Over;
        }
    }

    /// A peer's time has come.
    pub(super) fn time_out(&mut self, peer: PeerId) {
        match self.peers.stage(peer) {
            Some(Stage::Arriving) => {
                self.fault = Some(CloseCause::TimedOut(Timeout::Id));
                self.disconnect(peer, "the server said no id in time");
            }
            Some(Stage::Authenticating(_)) => {
                self.turn_away(peer, AuthFailure::TimedOut, "not authenticated in time");
            }
            Some(Stage::Parting { reason, .. }) => self.disconnect(peer, reason),
            Some(Stage::Admitted(_)) | None => {}
        }
    }

    /// A peer that is parting says something.
    pub(super) fn hear_parting(&mut self, from: PeerId, packet: &[u8]) {
        let Some(&Stage::Parting { asked: true, reason }) = self.peers.stage(from) else { return };
        match Command::decode(packet) {
            Ok(Command::ConfirmPath { id, .. }) if Some(id) == self.nodes.farewell() => {
                self.disconnect(from, reason);
            }
            // Both ends part, and each waits for the other's answer.
            Ok(Command::SimplifyPath(question)) if question.path == ROOT => {
                let answer = Command::ConfirmPath { valid: true, id: question.id };
                self.send_command_to(Recipients::One(from), answer);
            }
            _ => {}
        }
    }

    /// The connection to a peer is to be closed, and nothing of the peer matters any more.
    pub(super) fn disconnect(&mut self, peer: PeerId, reason: &'static str) {
        self.disconnect_with(peer, CloseCode::NORMAL, reason);
    }

    /// Disconnects a peer that sent too many packets that were rejected. It is asked nothing first.
    pub(super) fn expel(&mut self, peer: PeerId) {
        let cause = CloseCause::LimitExceeded(Limit::RejectedPacketRate);
        let info = CloseInfo::with_code(cause, CloseCode::POLICY_VIOLATION.get());
        match self.peers.stage(peer) {
            Some(Stage::Admitted(_)) => {
                self.disconnect_with(peer, CloseCode::POLICY_VIOLATION, REJECTED);
                self.depart(peer, DisconnectReason::Closed(info));
            }
            Some(Stage::Authenticating(_)) => {
                self.disconnect_with(peer, CloseCode::POLICY_VIOLATION, REJECTED);
                self.tell(Event::AuthFailed { peer, reason: AuthFailure::Closed(info) });
            }
            Some(Stage::Arriving | Stage::Parting { .. }) | None => {}
        }
    }

    fn disconnect_with(&mut self, peer: PeerId, code: CloseCode, reason: &'static str) {
        self.peers.enter(peer, Stage::Parting { asked: false, reason }, None);
        // Departures may follow: they are not sent to this peer. So peers that are expelled together are one output.
        self.outputs.push_back(Output::Disconnect { peer, code, reason });
    }

    /// Peers that are admitted, and directly connected, shall be no more.
    fn see_off(&mut self, peers: &[PeerId], why: DisconnectReason) {
        self.put_out_departures();
        for peer in peers {
            self.peers.remove(*peer);
        }
        for peer in peers {
            self.depart(*peer, why.clone());
        }
        let reason = if self.phase == Phase::Running { KICKED } else { LEFT };
        let deadline = self.deadline(self.options.farewell_timeout);
        let Some((id, deadline)) = self.nodes.farewell_or_new().zip(deadline) else {
            for peer in peers {
                self.disconnect(*peer, reason);
            }
            return;
        };
        for peer in peers {
            self.peers.enter(*peer, Stage::Parting { asked: true, reason }, Some(deadline));
        }
        if !peers.is_empty() {
            let root = self.nodes.at(ROOT).and_then(|key| self.nodes.get(key));
            let md5 = root.map_or(*NO_METHODS, |root| *root.methods.md5_digits());
            let question = SimplifyPath { md5, id, path: ROOT };
            self.send_command_to(peers.to_vec().into(), Command::SimplifyPath(question));
        }
    }

    /// A peer that is not admitted is not going to be. Engines answer no question before they are: if it was told something,
    /// it is given a little time to read that.
    fn turn_away(&mut self, peer: PeerId, why: AuthFailure, reason: &'static str) {
        let spoken = self.peers.authentication(peer).is_some_and(|authentication| authentication.spoken);
        self.tell(Event::AuthFailed { peer, reason: why });
        match self.deadline(self.options.farewell_timeout / 4).filter(|_| spoken) {
            Some(deadline) => {
                self.peers.enter(peer, Stage::Parting { asked: false, reason }, Some(deadline));
            }
            None => self.disconnect(peer, reason),
        }
    }
}
