//! Closing a peer's connection.

use super::WebSocketPeer;
use crate::{
    close::{CloseCause, CloseCode, CloseInfo, check_reason},
    error::Error,
    state::ReadyState,
    sys::{Notify, PeerConnection},
};

impl WebSocketPeer {
    /// Closes the connection with code 1000 and no reason. See [`close_with`](Self::close_with).
    ///
    /// Godot: `close`.
    pub fn close(&mut self) {
        self.begin_close(CloseCode::NORMAL, "");
    }

    /// Starts the closing handshake. Packets that were sent before are delivered first.
    ///
    /// The state is [`ReadyState::Closing`] until the other end answers, or until
    /// [`PeerOptions::close_timeout`](crate::PeerOptions::close_timeout) has passed. While connecting, the attempt is
    /// cancelled, and the state is [`ReadyState::Closed`] at once. While closing or closed, the call has no effect.
    ///
    /// Platform: natively, packets that arrive while closing can be read. A browser drops them.
    ///
    /// # Errors
    /// - [`Error::ReasonTooLong`] for a reason of more than 123 bytes of UTF-8.
    /// - [`Error::InvalidCloseCode`] for a code other than 1000 and 3000 to 4999 on a peer that connected.
    ///
    /// Godot: `close`.
    #[doc(alias = "close")]
    pub fn close_with(&mut self, code: CloseCode, reason: &str) -> Result<(), Error> {
        check_reason(reason)?;
        if !self.is_server && !code.is_for_clients() {
            return Err(Error::InvalidCloseCode { code: code.get() });
        }
        self.begin_close(code, reason);
        Ok(())
    }

    fn begin_close(&mut self, code: CloseCode, reason: &str) {
        match (self.link.state(), &mut self.socket) {
            (ReadyState::Open, Some(socket)) => {
                socket.close(code, reason, &mut self.link);
                self.notifier.changed(socket, &self.link);
            }
            (ReadyState::Connecting, _) => self.abort(),
            _ => {}
        }
    }

    /// Ends the connection at once, without a closing handshake. Packets that have arrived can still be read.
    ///
    /// Godot: `close(-1)`.
    #[doc(alias = "close")]
    pub fn abort(&mut self) {
        self.drop_socket();
        self.link.set_closed(CloseInfo::new(CloseCause::Aborted));
    }

    /// Returns how the last connection ended. `None` while no connection has ended, and after the next
    /// [`connect`](Self::connect).
    ///
    /// Godot: `get_close_code`, `get_close_reason`.
    #[doc(alias = "get_close_code")]
    #[doc(alias = "get_close_reason")]
    pub fn close_info(&self) -> Option<&CloseInfo> {
        self.link.close_info()
    }
}
