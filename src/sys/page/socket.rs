//! One connection that the browser makes, as the seam needs it.

use std::{
    fmt,
    net::{SocketAddr, TcpStream},
    time::Duration,
};

use send_wrapper::SendWrapper;

use super::{
    PageSocket,
    probe::{self, Probe},
    timeout::RunningTimeout,
    wake_signal::LocalHook,
};
use crate::{
    close::{CloseCause, CloseCode, CloseInfo, Timeout},
    error::Error,
    link::Link,
    options::PeerOptions,
    packet::Outgoing,
    state::ReadyState,
    sys::{Connection, PeerConnection, now},
    upgraded::{Handover, Role},
    url::Url,
};

/// A connection that the browser makes with a socket of the page.
pub(crate) struct Socket<S> {
    // Objects of JavaScript must not leave their thread. The wrapper panics on others.
    page: SendWrapper<S>,
    /// Runs while the connection is being made, and while it closes.
    timeout: Option<RunningTimeout>,
    close_timeout: Duration,
    /// Sends the program's probe while the connection is open.
    probe: Option<Box<dyn Probe<S>>>,
    /// The browser's `bufferedAmount` when it was last read.
    buffered: usize,
}

impl<S: PageSocket> Connection for Socket<S> {
    fn send(&mut self, packet: Outgoing<'_>, _: bool, link: &mut Link) -> Result<(), Error> {
        let page = &*self.page;
        // If the connection has ended, and no poll has reported that, the browser drops the packet, as a kernel does.
        match packet {
            Outgoing::Text(text) => page.send_text(text)?,
            Outgoing::Binary(data) => page.send_binary(data)?,
            Outgoing::Shared(packet) => match packet.as_text() {
                Some(text) => page.send_text(text)?,
                None => page.send_binary(packet)?,
            },
        }
        link.outbox.add_frame(packet.len(), Some(packet.len()));
        self.buffered = self.buffered.saturating_add(packet.len());
        // Bytes that leave within a task of the page do not count before the next one (HTML, `bufferedAmount`), so this
        // seldom changes anything, and costs a call into the browser.
        if !link.outbox.is_below_half() {
            self.sample(link);
        }
        Ok(())
    }
}

impl<S: PageSocket> PeerConnection for Socket<S> {
    fn connect(url: &Url, options: &PeerOptions) -> Result<Self, Error> {
        check_supported(url, options)?;
        let mut page = S::connect(url, options)?;
        let probe = match &options.liveness {
            Some(liveness) => Some(probe::watch(liveness, &mut page)?),
            None => None,
        };
        Ok(Self {
            page: SendWrapper::new(page),
            timeout: Some(RunningTimeout::start(Timeout::Connect, options.connect_timeout)),
            close_timeout: options.close_timeout,
            probe,
            buffered: 0,
        })
    }

    fn accept(_: TcpStream, _: &PeerOptions) -> Result<Self, Error> {
        Err(Error::Unsupported { what: "a browser accepts no connections" })
    }

    fn accept_upgraded(_: Handover, _: Role, _: &PeerOptions) -> Result<Self, Error> {
        Err(Error::Unsupported { what: "to accept connections in a browser" })
    }

    fn poll(&mut self, link: &mut Link) {
        let page = &*self.page;
        page.wake().on_poll();
        if link.state() == ReadyState::Connecting && page.is_open() {
            link.set_open(page.protocol());
            self.timeout = None;
            if let Some(probe) = &mut self.probe {
                probe.start(page);
            }
            page.deliver(link);
            // The program must see that the connection has opened, so the end waits for the next poll.
            if page.has_packets() || page.end().is_some() {
                page.wake().set_pending();
            }
            return;
        }
        // If nothing could be moved, the inbox is full and the program does not read: another poll would have no
        // effect.
        if page.deliver(link) && page.has_packets() {
            page.wake().set_pending();
        }
        let end = if page.has_packets() { None } else { page.end() };
        if let Some(end) = end {
            end.report(link);
        } else if let Some(timeout) = self.timeout.as_mut().and_then(RunningTimeout::expired) {
            // If a program closes and reads no more, packets wait before the end. The timeout bounds that wait.
            match page.end() {
                Some(end) => end.report(link),
                None => link.set_closed(CloseInfo::new(CloseCause::TimedOut(timeout))),
            }
        } else if self.buffered > 0 {
            self.sample(link);
        }
        // Without the probe for a moment, because it uses this socket.
        if let Some(mut probe) = self.probe.take() {
            probe.check(self, link);
            self.probe = Some(probe);
        }
    }

    fn close(&mut self, code: CloseCode, reason: &str, link: &mut Link) {
        self.page.close(code, reason);
        self.timeout = Some(RunningTimeout::start(Timeout::Close, self.close_timeout));
        // From now on only the end matters.
        self.probe = None;
        link.set_closing();
    }

    fn peer_addr(&self, _: &Link) -> Result<SocketAddr, Error> {
        Err(Error::Unsupported { what: "a browser does not reveal addresses" })
    }

    fn set_nodelay(&mut self, _: bool, _: &Link) -> Result<(), Error> {
        Err(Error::Unsupported { what: "a browser decides about TCP_NODELAY itself" })
    }
}

impl<S: PageSocket> Socket<S> {
    pub(super) fn page(&self) -> &S {
        &self.page
    }

    /// Counts the time since the last poll in which a hook was set in full. Reads the clock only for a deadline.
    pub(super) fn count_sleep(&mut self) {
        if self.timeout.is_none() && self.probe.is_none() {
            return;
        }
        let until = self.watched_until();
        if let Some(timeout) = &mut self.timeout {
            timeout.slept_until(until);
        }
        if let Some(probe) = &mut self.probe {
            probe.slept_until(until);
        }
    }

    /// Sets the timer for the next deadline of the connection, or of the program if that is earlier.
    pub(super) fn watch(&mut self, deadline: Option<Duration>) {
        let timeout = self.timeout.as_mut().map(RunningTimeout::due);
        let probe = self.probe.as_mut().and_then(|probe| probe.due());
        let due = [timeout, probe, deadline].into_iter().flatten().min();
        if let Some(wait) = self.page.deadline().set(due.unwrap_or(Duration::MAX)) {
            self.page.start_timer(wait);
        }
    }

    /// Sets the hook. It is also called for events that wait already.
    pub(super) fn set_hook(&self, hook: &LocalHook) {
        self.page.wake().set_hook(hook);
        self.notify_if_pending();
    }

    /// Has the hook called when the current task of the page has ended, if another poll is needed.
    pub(super) fn notify_if_pending(&self) {
        if self.page.wake().is_pending() {
            self.page.notify_later();
        }
    }

    /// Returns the last time since the last poll at which the hook would have been called.
    pub(super) fn watched_until(&self) -> Duration {
        self.page.wake().called_until().unwrap_or_else(|| now().min(self.page.deadline().due()))
    }

    /// Counts the bytes that have left since the last time.
    fn sample(&mut self, link: &mut Link) {
        let buffered = self.page.buffered();
        // After the end of the connection it only grows. Some browsers also count frame headers then.
        link.outbox.wire_bytes_sent(self.buffered.saturating_sub(buffered));
        self.buffered = buffered;
    }
}

impl<S> fmt::Debug for Socket<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Socket").finish_non_exhaustive()
    }
}

/// Rejects options that no browser supports. Ignoring them would be dangerous: a token would not be sent, or a server
/// not verified.
fn check_supported(url: &Url, options: &PeerOptions) -> Result<(), Error> {
    // All targets refuse these ports, unless the options allow them. A browser refuses them in any case.
    if url.has_blocked_port() {
        return Err(Error::Unsupported { what: "a browser connects to no port that it blocks" });
    }
    if !options.headers.is_empty() {
        let what = "a browser sends no headers of yours; put a token into `protocols` or the first packet";
        return Err(Error::Unsupported { what });
    }
    if !options.tls.is_default() {
        return Err(Error::Unsupported {
            what: "a browser decides itself which servers to trust; leave `tls` as it is",
        });
    }
    Ok(())
}
