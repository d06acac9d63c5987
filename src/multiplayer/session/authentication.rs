//! Authentication: both ends exchange data until both have completed it.

use super::{Session, peers::Authentication};
use crate::{
    error::Error,
    multiplayer::{
        error::SessionError,
        event::Event,
        id::PeerId,
        packet_error::PacketError,
        wire::{Command, System},
    },
    packet::Packet,
};

impl Session {
    /// Sends data to a peer that is [authenticating](Event::Authenticating).
    ///
    /// # Errors
    /// [`SessionError::NotAuthenticating`] for a peer that is admitted, and if either end has completed authentication;
    /// [`SessionError::InvalidArguments`] for no bytes, which would complete it; [`Error::UnknownPeer`];
    /// [`Error::PacketTooBig`].
    ///
    /// Godot: `send_auth`.
    pub fn send_auth(&mut self, peer: PeerId, data: &[u8]) -> Result<(), SessionError> {
        let authentication = self.authentication(peer)?;
        if authentication.completed_here || authentication.completed_there {
            return Err(SessionError::NotAuthenticating);
        }
        if data.is_empty() {
            return Err(SessionError::InvalidArguments { reason: "there are no bytes".to_owned() });
        }
        let packet = encoded(data);
        self.check_size(packet.len())?;
        self.send(peer, packet);
        self.authentication(peer)?.data_sent = true;
        Ok(())
    }

    /// Accepts a peer that is [authenticating](Event::Authenticating). It is [admitted](Event::PeerConnected) when the
    /// other end has accepted, too.
    ///
    /// # Errors
    /// [`SessionError::NotAuthenticating`] for a peer that is admitted, and for one that this end has accepted;
    /// [`Error::UnknownPeer`].
    ///
    /// Godot: `complete_auth`.
    pub fn complete_auth(&mut self, peer: PeerId) -> Result<(), SessionError> {
        let authentication = self.authentication(peer)?;
        if authentication.completed_here {
            return Err(SessionError::NotAuthenticating);
        }
        authentication.completed_here = true;
        let both = authentication.completed_there;
        self.send(peer, encoded(&[]));
        if both {
            self.admit(peer);
        }
        Ok(())
    }

    /// Returns the authentication of a peer, which must be authenticating.
    fn authentication(&mut self, peer: PeerId) -> Result<&mut Authentication, SessionError> {
        self.require_open()?;
        let is_admitted = self.peers.is_admitted(peer);
        self.peers.authentication(peer).ok_or(match is_admitted {
            true => SessionError::NotAuthenticating,
            false => Error::UnknownPeer.into(),
        })
    }

    /// Handles a packet of a peer that is not admitted yet.
    pub(super) fn handle_auth(&mut self, from: PeerId, packet: &Packet) -> Result<(), PacketError> {
        let Command::System(System::Auth(data)) = Command::decode(packet)? else {
            return Err(PacketError::NotAuthenticated);
        };
        let Some(authentication) = self.peers.authentication(from) else {
            return Err(PacketError::NotAuthenticating);
        };
        if authentication.completed_there {
            return Err(PacketError::NotAuthenticating);
        }
        if !data.is_empty() {
            let data = packet.part(data);
            self.push_event(Event::Auth { from, data });
            return Ok(());
        }
        authentication.completed_there = true;
        if authentication.completed_here {
            self.admit(from);
        }
        Ok(())
    }
}

fn encoded(data: &[u8]) -> Vec<u8> {
    let mut packet = Vec::with_capacity(2 + data.len());
    Command::System(System::Auth(data)).encode(&mut packet);
    packet
}
