//! Waiting and wake-ups, for programs without a frame loop.

use std::{task::Waker, time::Duration};

use super::WebSocketPeer;
use crate::{error::Error, state::ReadyState, sys::Notify};

impl WebSocketPeer {
    /// Sleeps until there is something to do, for at most `at_most`; then [polls](Self::poll) and returns the state.
    /// For programs without a frame loop.
    ///
    /// It wakes when the socket is readable, or writable while bytes are queued; when connecting makes progress; when a
    /// deadline such as the heartbeat's expires; and by the [`waker`](Self::waker). It does not sleep while the inbox
    /// has packets, nor if the state has changed since it was last returned. It may return early. Without a connection
    /// it sleeps for all of `at_most`.
    ///
    /// The first call takes two or three file descriptors, which are kept until the peer is dropped. If none are left,
    /// `wait` checks the socket every 10 ms instead.
    ///
    /// Platform: pages cannot sleep. In a browser it polls and returns at once: use [`on_wake`](Self::on_wake), or poll
    /// once a frame.
    ///
    /// ```no_run
    /// use std::time::Duration;
    /// use websocket_peer::{ReadyState, WebSocketPeer};
    ///
    /// let mut peer = WebSocketPeer::new();
    /// peer.connect("ws://127.0.0.1:9080")?;
    /// loop {
    ///     let state = peer.wait(Duration::from_secs(1));
    ///     while let Some(packet) = peer.recv() {
    ///         println!("got {packet:?}");
    ///     }
    ///     // Last, so that packets from before the close are read.
    ///     if state == ReadyState::Closed {
    ///         break;
    ///     }
    /// }
    /// # Ok::<(), websocket_peer::Error>(())
    /// ```
    pub fn wait(&mut self, at_most: Duration) -> ReadyState {
        self.flush();
        let has_news = self.available() > 0 || self.state() != self.reported;
        if !has_news && !at_most.is_zero() {
            let connection = self.socket.as_mut().map(|socket| (socket, &self.link));
            self.notifier.wait(connection, at_most);
        }
        self.poll()
    }

    /// Returns a handle with which another thread ends the current [`wait`](Self::wait), or else the next one. It is
    /// valid for all connections of this peer.
    ///
    /// ```no_run
    /// use std::{sync::mpsc, thread, time::Duration};
    /// use websocket_peer::{ReadyState, WebSocketPeer};
    ///
    /// let mut peer = WebSocketPeer::new();
    /// peer.connect("ws://127.0.0.1:9080")?;
    /// let (sender, lines) = mpsc::channel();
    /// let waker = peer.waker();
    /// thread::spawn(move || {
    ///     for line in std::io::stdin().lines().map_while(Result::ok) {
    ///         if sender.send(line).is_err() {
    ///             break;
    ///         }
    ///         waker.wake_by_ref();
    ///     }
    /// });
    /// loop {
    ///     let state = peer.wait(Duration::from_secs(60));
    ///     if state == ReadyState::Open {
    ///         for line in lines.try_iter() {
    ///             peer.send_text(&line)?;
    ///         }
    ///     }
    ///     while let Some(packet) = peer.recv() {
    ///         println!("got {packet:?}");
    ///     }
    ///     if state == ReadyState::Closed {
    ///         break;
    ///     }
    /// }
    /// # Ok::<(), websocket_peer::Error>(())
    /// ```
    ///
    /// Platform: it has no effect in a browser, where `wait` does not sleep.
    pub fn waker(&mut self) -> Waker {
        self.notifier.waker()
    }

    /// Sets a hook that is called when there is something to poll for. For programs without a frame loop, and for those
    /// that answer at once. It is called at most once before the next [`poll`](Self::poll). The peer does not change
    /// before that.
    ///
    /// The hook may do anything: poll at once, or request a frame in which to poll; connect again, set another hook,
    /// drop the peer. Let it refer to the owner of the peer by a `Weak`, or the two keep each other alive.
    ///
    /// - It is called when the connection has opened, a packet has arrived, or the connection has ended; and for the
    ///   connection's own work: a step of a handshake, a ping to answer, a writable socket, a deadline.
    /// - It applies to all later connections of this peer. A new hook replaces it; `|| {}` turns it off.
    /// - It is called soon after it is set if there is something to poll for already, and soon after a poll that could
    ///   not finish its work. It is not called for packets for which the inbox has no room: read with
    ///   [`recv`](Self::recv) until it returns `None`, or poll again after reading.
    ///
    /// Natively a thread calls it. The thread runs while a hook is set and there is a connection, and sleeps until the
    /// socket is ready or a deadline expires. It may call the hook during one of the program's own calls on the peer.
    /// So the hook must take the lock that owns the peer, as below, or ask the program's own thread to poll
    /// (`egui::Context::request_repaint`, `winit::EventLoopProxy::send_event`). A call that has already begun may end
    /// after a poll, an [`abort`](Self::abort) or the drop of the peer; none begins afterwards. While a program sleeps
    /// in [`wait`](Self::wait), `wait` returns instead. A hook that panics is called again the next time; one that does
    /// not return is not called again.
    ///
    /// Platform: in a browser the thread of the page or worker calls it from an event of the browser, never within one
    /// of the program's own calls. It is not called for the browser's own work, such as handshakes and pings.
    ///
    /// ```no_run
    /// use std::sync::{Arc, Mutex, PoisonError};
    /// use websocket_peer::{Error, WebSocketPeer};
    ///
    /// let peer = Arc::new(Mutex::new(WebSocketPeer::new()));
    /// let weak = Arc::downgrade(&peer);
    /// let hook = move || {
    ///     let Some(peer) = weak.upgrade() else { return };
    ///     let mut peer = peer.lock().unwrap_or_else(PoisonError::into_inner);
    ///     peer.poll();
    ///     while let Some(packet) = peer.recv() {
    ///         println!("got {packet:?}");
    ///     }
    /// };
    /// let mut locked = peer.lock().unwrap_or_else(PoisonError::into_inner);
    /// locked.on_wake(hook)?;
    /// locked.connect("ws://127.0.0.1:9080")?;
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Io`] natively, if the system cannot create a thread or file descriptors. [`connect`](Self::connect) and
    /// [`accept`](Self::accept) may then return the same error.
    pub fn on_wake(&mut self, hook: impl Fn() + Send + 'static) -> Result<(), Error> {
        let connection = self.socket.as_mut().map(|socket| (socket, &self.link));
        self.notifier.set_hook(Box::new(hook), connection)
    }
}

/// Methods for the multiplayer peer, which has its own deadlines.
impl WebSocketPeer {
    /// Also calls the hook after this time. `None`: no deadline.
    pub(crate) fn set_deadline(&mut self, within: Option<Duration>) {
        self.notifier.set_deadline(within);
        if let Some(socket) = &mut self.socket {
            self.notifier.changed(socket, &self.link);
        }
    }

    /// Returns the time until which the hook was armed since the last poll. `None` without a hook.
    pub(crate) fn watched_until(&self) -> Option<Duration> {
        self.notifier.watched_until(self.socket.as_ref()?)
    }
}
