//! Connections that the browser makes for a page or a dedicated worker: the part that does not depend on how the
//! program calls JavaScript.
//!
//! The browser does DNS, TLS, handshake, masking, pings and the closing handshake. A backend implements [`PageSocket`]
//! with a `WebSocket` of the browser. [`Socket`] makes a connection of the seam from it: the order of events, timeouts,
//! the liveness probe. [`Notifier`] wakes the program.
//!
//! Nothing here uses `window`, which a worker does not have.

mod deadline;
mod end;
mod exception;
mod notify;
mod packet;
mod probe;
mod reactor;
mod socket;
mod timeout;
mod wake_signal;

use std::time::Duration;

pub(super) use self::{
    deadline::{Expiry, WakeDeadline},
    end::{BacklogError, End},
    exception::refused,
    wake_signal::{LocalHook, WakeSignal},
};
pub(crate) use self::{
    notify::Notifier,
    probe::LivenessStarter,
    reactor::{Reactor, ServerSocket},
    socket::Socket,
};
use crate::{close::CloseCode, error::Error, link::Link, options::PeerOptions, url::Url};

/// A `WebSocket` of the browser, and its events that no poll has reported.
///
/// The browser has no backpressure: events arrive even if the program does not poll, and a hidden tab may not poll for
/// minutes. So the limits `max_message_size`, `backlog_buffer_size` and `max_backlog_packets` apply where events arrive.
/// An exceeded limit closes the socket at once, with the code of its [`BacklogError`].
///
/// `Drop` closes the socket. No event of it is reported afterwards.
pub(crate) trait PageSocket: Sized + 'static {
    /// Begins to connect. If the browser refuses, that is the end of the connection, which a poll reports.
    ///
    /// URL and protocols were checked more strictly than browsers do. If the browser throws an exception, the reason is
    /// one that other browsers report with an event: a `ws:` URL in an `https:` page, or a policy of the page.
    fn connect(url: &Url, options: &PeerOptions) -> Result<Self, Error>;

    /// Returns `true` if the connection has opened.
    fn is_open(&self) -> bool;

    /// Returns the sub-protocol that the server chose.
    fn protocol(&self) -> Option<String>;

    /// Moves packets into the inbox while it has room. Returns `true` if any was moved.
    fn deliver(&self, link: &mut Link) -> bool;

    /// Returns `true` if packets wait for room in the inbox.
    fn has_packets(&self) -> bool;

    /// Returns the end, even if packets before it wait.
    fn end(&self) -> Option<End>;

    fn send_text(&self, text: &str) -> Result<(), Error>;

    fn send_binary(&self, data: &[u8]) -> Result<(), Error>;

    /// Returns the number of payload bytes that the network has not taken.
    fn buffered(&self) -> usize;

    /// Begins the closing handshake.
    fn close(&self, code: CloseCode, reason: &str);

    /// Begins to listen for events of the network, the page and the machine after which connections are often dead
    /// without a close. Each also wakes the program.
    fn listen_for_signals(&mut self) -> Result<(), Error>;

    /// Returns `true` if such an event was fired since the last call.
    fn take_signal(&self) -> bool;

    /// Returns the signal that wakes the program. Events notify it.
    fn wake(&self) -> &WakeSignal;

    /// Calls [`WakeSignal::notify_pending`] when the current task of the page has ended.
    fn notify_later(&self);

    /// Returns the deadline at which the program is woken.
    fn deadline(&self) -> &WakeDeadline;

    /// Replaces the timer of the browser: it calls [`WakeDeadline::expire`] after this time, and acts on the result.
    fn start_timer(&self, wait: Duration);
}
