//! Disconnecting peers. An engine drops packets that it has not handled when a connection ends, such as a last message
//! before a kick. So before a connection is closed, this end sends a packet that an engine answers when it has handled
//! everything before it: an announcement of the root's path, which the engine confirms.

use super::{
    Session, SessionPhase,
    peers::{ClosePayload, PeerState},
};
use crate::{
    close::{CloseCause, CloseCode, CloseInfo, Limit, check_reason},
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
/// The reason of [`Session::leave`].
pub(super) const LEFT: &str = "the session was left";
const REJECTED: &str = "sent too many packets that were rejected";

impl Session {
    /// Disconnects a peer with code 1000. It is gone at once. Its connection is closed when it has confirmed that it
    /// has read everything, or at [`drain_timeout`](super::super::SessionOptions::drain_timeout).
    ///
    /// A client can only disconnect the server, which is the same as [`leave`](Self::leave).
    ///
    /// # Errors
    /// [`Error::UnknownPeer`] for a peer that is not connected directly, or is disconnecting.
    ///
    /// Godot: `disconnect_peer`.
    pub fn disconnect_peer(&mut self, peer: PeerId) -> Result<(), Error> {
        let reason = if self.is_server { KICKED } else { LEFT };
        self.disconnect_peer_with(peer, CloseCode::NORMAL, reason)
    }

    /// Disconnects a peer with this code and reason, which programs at the other end can read. Otherwise like
    /// [`disconnect_peer`](Self::disconnect_peer).
    ///
    /// # Errors
    /// - [`Error::UnknownPeer`] for a peer that is not connected directly, or is disconnecting.
    /// - [`Error::ReasonTooLong`] for a reason of more than 123 bytes of UTF-8.
    /// - [`Error::InvalidCloseCode`] at a client, for a code other than 1000 and 3000 to 4999.
    ///
    /// Godot: `disconnect_peer`, which sends code 1000 without a reason.
    #[doc(alias = "disconnect_peer")]
    pub fn disconnect_peer_with(&mut self, peer: PeerId, code: CloseCode, reason: &str) -> Result<(), Error> {
        let close = self.close_payload(code, reason)?;
        if !self.is_server {
            return match self.peers.state(peer) {
                _ if peer != PeerId::SERVER || self.has_left() => Err(Error::UnknownPeer),
                // Without an id it is connecting, and gives up.
                Some(PeerState::Authenticating(_) | PeerState::Admitted(_)) | None => {
                    self.leave_as(close);
                    Ok(())
                }
                Some(PeerState::Arriving(_) | PeerState::Disconnecting { .. }) => Err(Error::UnknownPeer),
            };
        }
        match self.peers.state(peer) {
            Some(PeerState::Admitted(_)) => {
                self.disconnect_gracefully(&[peer], DisconnectReason::Kicked, &close);
            }
            Some(PeerState::Authenticating(_)) => self.reject_auth(peer, AuthFailure::Kicked, close),
            Some(PeerState::Arriving(_)) => {
                self.drain(&[peer], &close);
                self.fail_arrival(peer, DisconnectReason::Kicked);
            }
            // It is gone, and the program has not read that.
            _ if self.peers.is_known(peer) => {}
            Some(PeerState::Disconnecting { .. }) | None => return Err(Error::UnknownPeer),
        }
        self.peers.mark_unknown(peer);
        Ok(())
    }

    /// Leaves the session with code 1000. A server ends it. All peers are gone at once, without events. Unread events are dropped,
    /// except this end's id and local calls. The connections are closed as in
    /// [`disconnect_peer`](Self::disconnect_peer). At a client, [`Event::Disconnected`] follows at the end.
    ///
    /// From now on, calls and packets to [`Target::All`](super::super::Target::All) are sent to no peer, and are not an
    /// error.
    ///
    /// Godot: `MultiplayerPeer.close`.
    #[doc(alias = "close")]
    pub fn leave(&mut self) {
        self.leave_as(ClosePayload::normal(LEFT));
    }

    /// Leaves the session with this code and reason, which programs at the other ends can read. Otherwise like
    /// [`leave`](Self::leave). After the session was left, it changes nothing about the connections that remain.
    ///
    /// # Errors
    /// - [`Error::ReasonTooLong`] for a reason of more than 123 bytes of UTF-8.
    /// - [`Error::InvalidCloseCode`] at a client, for a code other than 1000 and 3000 to 4999.
    pub fn leave_with(&mut self, code: CloseCode, reason: &str) -> Result<(), Error> {
        let close = self.close_payload(code, reason)?;
        self.leave_as(close);
        Ok(())
    }

    /// Returns what this end may write into a close frame.
    fn close_payload(&self, code: CloseCode, reason: &str) -> Result<ClosePayload, Error> {
        if !self.is_server && !code.is_for_clients() {
            return Err(Error::InvalidCloseCode { code: code.get() });
        }
        check_reason(reason)?;
        Ok(ClosePayload { code, reason: reason.to_owned().into() })
    }

    fn leave_as(&mut self, close: ClosePayload) {
        if self.phase == SessionPhase::Running {
            self.end = close;
            self.disconnect_all();
        }
        self.peers.clear_known();
        self.drop_unread_events();
    }

    /// Disconnects all peers. The session is closed when their connections are.
    fn disconnect_all(&mut self) {
        self.phase = SessionPhase::Leaving;
        if !self.is_server {
            self.remove_relayed_peers(DisconnectReason::Kicked);
            if self.id.is_none() {
                self.disconnect(PeerId::SERVER, self.end.clone());
            }
        }
        for peer in self.peers.all() {
            if let Some(PeerState::Authenticating(_)) = self.peers.state(peer) {
                self.reject_auth(peer, AuthFailure::Kicked, self.end.clone());
            }
        }
        let admitted = self.peers.admitted().to_vec();
        self.disconnect_gracefully(&admitted, DisconnectReason::Kicked, &self.end.clone());
        self.drain(&self.peers.all_arriving(), &self.end.clone());
        if self.peers.is_empty() {
            self.phase = SessionPhase::Closed;
        }
    }

    /// Handles a peer whose deadline has passed.
    pub(super) fn time_out(&mut self, peer: PeerId) {
        match self.peers.state(peer) {
            Some(PeerState::Authenticating(_)) => {
                let close = ClosePayload::normal("not authenticated in time");
                self.reject_auth(peer, AuthFailure::TimedOut, close);
            }
            Some(PeerState::Arriving(_)) => self.time_out_arrival(peer),
            Some(PeerState::Disconnecting { close, .. }) => self.disconnect(peer, close.clone()),
            Some(PeerState::Admitted(_)) | None => {}
        }
    }

    /// Handles a packet of a peer that is disconnecting.
    pub(super) fn handle_disconnecting(&mut self, from: PeerId, packet: &[u8]) {
        let Some(PeerState::Disconnecting { awaits_confirmation: true, close }) = self.peers.state(from)
        else {
            return;
        };
        match Command::decode(packet) {
            Ok(Command::ConfirmPath { id, .. }) if Some(id) == self.nodes.path_ids().drain_id() => {
                self.disconnect(from, close.clone());
            }
            // Both ends disconnect, and each waits for the other's answer.
            Ok(Command::SimplifyPath(request)) if request.path == ROOT => {
                let answer = Command::ConfirmPath { valid: true, id: request.id };
                self.send_command_to(Recipients::One(from), answer);
            }
            _ => {}
        }
    }

    /// Disconnects a peer that exceeded the limit for rejected packets, without waiting for a confirmation.
    pub(super) fn disconnect_over_limit(&mut self, peer: PeerId) {
        let cause = CloseCause::LimitExceeded(Limit::RejectedPacketRate);
        let info = CloseInfo::with_code(cause, CloseCode::POLICY_VIOLATION.get());
        let close = ClosePayload { code: CloseCode::POLICY_VIOLATION, reason: REJECTED.into() };
        match self.peers.state(peer) {
            Some(PeerState::Admitted(_)) => {
                self.remove_peer(peer, DisconnectReason::Closed(info));
                self.disconnect(peer, close);
            }
            Some(PeerState::Authenticating(_)) => {
                self.disconnect(peer, close);
                self.push_event(Event::AuthFailed { peer, reason: AuthFailure::Closed(info) });
            }
            Some(PeerState::Arriving(_)) => {
                self.disconnect(peer, close);
                self.fail_arrival(peer, DisconnectReason::Closed(info));
            }
            Some(PeerState::Disconnecting { .. }) | None => {}
        }
    }

    /// Closes the connection to a peer, and ignores what it sends.
    pub(super) fn disconnect(&mut self, peer: PeerId, close: ClosePayload) {
        let ClosePayload { code, reason } = close.clone();
        self.peers.set_state(peer, PeerState::Disconnecting { awaits_confirmation: false, close }, None);
        // Announcements of departures may follow, since they are not sent to this peer. So when several peers are
        // disconnected, they are one output.
        self.outputs.push_back(Output::Disconnect { peer, code, reason });
    }

    /// Disconnects peers that are admitted and connected directly, when they have confirmed that they have read
    /// everything.
    fn disconnect_gracefully(&mut self, peers: &[PeerId], cause: DisconnectReason, close: &ClosePayload) {
        self.queue_departures();
        for peer in peers {
            self.remove_peer(*peer, cause.clone());
        }
        self.drain(peers, close);
    }

    /// Closes the connections to peers when they have confirmed that they have read everything.
    fn drain(&mut self, peers: &[PeerId], close: &ClosePayload) {
        let deadline = self.deadline(self.options.drain_timeout);
        let Some((id, deadline)) = self.nodes.path_ids().drain_id_or_new().zip(deadline) else {
            for peer in peers {
                self.disconnect(*peer, close.clone());
            }
            return;
        };
        for peer in peers {
            self.peers.set_state(
                *peer,
                PeerState::Disconnecting { awaits_confirmation: true, close: close.clone() },
                Some(deadline),
            );
        }
        if !peers.is_empty() {
            let request = self.root_announcement(id);
            self.send_command_to(peers.to_vec().into(), Command::SimplifyPath(request));
        }
    }

    /// Returns the announcement of the root with this id, which requests a confirmation.
    pub(super) fn root_announcement(&self, id: u32) -> SimplifyPath<'static> {
        let root = self.nodes.at(ROOT).and_then(|key| self.nodes.get(key));
        let md5 = root.map_or(*NO_METHODS, |root| *root.methods.md5_digits());
        SimplifyPath { md5, id, path: ROOT }
    }

    /// Disconnects a peer that is not admitted. Engines confirm nothing before they are admitted: if data was sent to
    /// the peer, it gets some time to read that.
    fn reject_auth(&mut self, peer: PeerId, failure: AuthFailure, close: ClosePayload) {
        let data_sent =
            self.peers.authentication(peer).is_some_and(|authentication| authentication.data_sent);
        self.push_event(Event::AuthFailed { peer, reason: failure });
        match self.deadline(self.options.drain_timeout / 4).filter(|_| data_sent) {
            Some(deadline) => {
                self.peers.set_state(
                    peer,
                    PeerState::Disconnecting { awaits_confirmation: false, close },
                    Some(deadline),
                );
            }
            None => self.disconnect(peer, close),
        }
    }
}
