//! For programs without frames: to sleep until a connection needs them, or to be called when it does.

use std::{task::Waker, time::Duration};

use super::WebSocketPeer;
use crate::{error::Error, state::ReadyState, sys::Notify};

impl WebSocketPeer {
    /// Sleeps until there is something to poll for, at most for `at_most`; then [polls](Self::poll), and returns the same.
    /// For programs without frames.
    ///
    /// It wakes when the socket can be read, or written while bytes wait to be sent; when an attempt to connect has come
    /// further; when a deadline of the connection is over, such as the heartbeat's; and by the [`waker`](Self::waker). It
    /// does not sleep while packets wait for [`recv`](Self::recv), nor when the state has changed since it was last
    /// returned. It may return early, with nothing new. Without a connection it sleeps for all of `at_most`.
    ///
    /// Peers that never wait pay nothing for it. The first call takes two or three file descriptors, which are kept until
    /// the peer is dropped. Should the system have none, `wait` looks at the socket every 10 milliseconds instead.
    ///
    /// Platform: a page cannot sleep. In a browser it polls and returns at once: use [`on_wake`](Self::on_wake), or poll
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
    ///     // Only now: what came before the close has been read.
    ///     if state == ReadyState::Closed {
    ///         break;
    ///     }
    /// }
    /// # Ok::<(), websocket_peer::Error>(())
    /// ```
    pub fn wait(&mut self, at_most: Duration) -> ReadyState {
        self.flush();
        let has_news = self.available() > 0 || self.state() != self.told;
        if !has_news && !at_most.is_zero() {
            let connection = self.socket.as_mut().map(|socket| (socket, &self.link));
            self.notifier.wait(connection, at_most);
        }
        self.poll()
    }

    /// Returns a handle with which another thread ends a [`wait`](Self::wait): the current one, or else the next. It stays
    /// good for all connections of this peer.
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
    /// Platform: in a browser, where `wait` does not sleep, it does nothing.
    pub fn waker(&mut self) -> Waker {
        self.notifier.waker()
    }

    /// Sets a hook that is called when there is something to poll for. For programs without frames, and for those that
    /// answer at once. It is called at most once until the next [`poll`](Self::poll), and nothing about the peer changes
    /// before that.
    ///
    /// It is never called within one of the program's own calls, so it may do anything: poll at once, or ask for a frame
    /// in which to poll; connect again, set another hook, drop the peer. Let it hold what owns the peer by a `Weak`, or the
    /// two keep each other alive.
    ///
    /// - It is called when the connection has opened, a packet has come, or the connection has ended; and for what the
    ///   connection itself has to do: a step of a handshake, a ping to answer, bytes that can leave, a deadline.
    /// - It stays for all later connections of this peer. A new hook replaces it; `|| {}` turns it off.
    /// - If something waits when it is set, or is left when a poll could not take everything, it is called soon after.
    ///   What a full inbox has no room for is the exception: programs that leave packets unread poll again on their own,
    ///   when they have read them. [`recv`](Self::recv) until `None` leaves nothing behind.
    ///
    /// Natively a thread calls it. The thread runs while a hook is set and there is a connection, and sleeps until the
    /// socket is ready or a deadline is over. The hook may be called while the program is within a call on the peer, so it
    /// must take the lock that owns the peer, as below, or ask the program's own thread to poll (`egui::Context::request_repaint`,
    /// `winit::EventLoopProxy::send_event`). One call that had already begun may still come to its end after a poll, an
    /// [`abort`](Self::abort) or the drop of the peer; none begins afterwards. While a program sleeps in
    /// [`wait`](Self::wait), that returns instead. A hook that panics is called again the next time; one that does not
    /// return is not called again.
    ///
    /// Platform: in a browser the page's or worker's own thread calls it, from an event of the browser, and it is not
    /// called for what the browser does itself, such as handshakes and pings.
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
    /// [`Error::Io`] natively, if the system gives no thread or no file descriptors; [`connect`](Self::connect) and
    /// [`accept`](Self::accept) may then answer the same.
    pub fn on_wake(&mut self, hook: impl Fn() + Send + 'static) -> Result<(), Error> {
        let connection = self.socket.as_mut().map(|socket| (socket, &self.link));
        self.notifier.set_hook(Box::new(hook), connection)
    }
}

/// For what drives a peer and has deadlines of its own.
impl WebSocketPeer {
    /// Calls the hook when this time has passed, too.
    pub(crate) fn set_deadline(&mut self, within: Option<Duration>) {
        self.notifier.set_deadline(within);
        if let Some(socket) = &mut self.socket {
            self.notifier.changed(socket, &self.link);
        }
    }

    /// Returns until when, since the last poll, the hook was to be called for whatever happened; `None` without a hook.
    pub(crate) fn watched_until(&self) -> Option<Duration> {
        self.notifier.watched_until(self.socket.as_ref()?)
    }
}
