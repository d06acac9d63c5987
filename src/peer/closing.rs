//! The end of a peer's connection.

use super::WebSocketPeer;
use crate::{
    close::{CloseCause, CloseCode, CloseInfo, MAX_REASON},
    error::Error,
    state::ReadyState,
    sys::{Notify, PeerConnection},
};

impl WebSocketPeer {
    /// Closes the connection with code 1000 and no reason, as [`close_with`](Self::close_with) does.
    ///
    /// Godot: `close`.
    pub fn close(&mut self) {
        self.begin_close(CloseCode::NORMAL, "");
    }

    /// Asks the other end to close. What was sent before still goes out.
    ///
    /// The state is [`ReadyState::Closing`] until the other end answers, or [`PeerOptions::close_timeout`](crate::PeerOptions::close_timeout) is over. While
    /// connecting there is nobody to ask: the attempt is given up, and the state is [`ReadyState::Closed`] at once. When
    /// closing or closed already, nothing happens.
    ///
    /// Platform: natively packets that still arrive while closing can be read. A browser drops them.
    ///
    /// # Errors
    /// - [`Error::ReasonTooLong`] for a reason of more than 123 bytes of UTF-8.
    /// - [`Error::InvalidCloseCode`] for a code of [`CloseCode::new`] on a peer that connected.
    ///
    /// Godot: `close`.
    pub fn close_with(&mut self, code: CloseCode, reason: &str) -> Result<(), Error> {
        if reason.len() > MAX_REASON {
            return Err(Error::ReasonTooLong { len: reason.len() });
        }
        if !self.accepted && !code.is_for_clients() {
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

    /// Ends the connection at once, without a closing handshake. Packets that arrived stay readable.
    ///
    /// Godot: `close(-1)`.
    pub fn abort(&mut self) {
        self.let_go();
        self.link.set_closed(CloseInfo::new(CloseCause::Aborted));
    }

    /// How the last connection ended; `None` before the first end and from the next [`connect`](Self::connect) on.
    ///
    /// Godot: `get_close_code`, `get_close_reason`.
    #[doc(alias = "get_close_code")]
    #[doc(alias = "get_close_reason")]
    pub fn close_info(&self) -> Option<&CloseInfo> {
        self.link.close_info()
    }
}
