//! The browser backend, for pages and for dedicated workers.
//!
//! The browser does DNS, TLS, handshake, masking, pings and the closing handshake. This backend carries the browser's
//! events to `poll` within limits ([`bridge`]), wakes the program for them ([`wake_signal`]), and removes its callbacks
//! in time ([`browser`], [`event_listener`]).
//!
//! Nothing here uses `window`, which a worker does not have.

mod bridge;
mod browser;
mod event_listener;
mod message;
mod notify;
mod probe;
mod reactor;
mod signals;
mod time;
mod timeout;
mod timer;
mod wake_signal;

use std::{
    fmt,
    net::{SocketAddr, TcpStream},
    rc::Rc,
    time::Duration,
};

use send_wrapper::SendWrapper;

use self::{
    bridge::{BacklogError, Bridge, End},
    browser::Browser,
    probe::{LivenessProbe, ProbeAction},
    timeout::RunningTimeout,
    timer::WakeTimer,
};
pub(crate) use self::{
    notify::Notifier,
    reactor::{Reactor, ServerSocket},
    time::now,
};
use super::{Connection, PeerConnection};
use crate::{
    close::{CloseCause, CloseCode, CloseInfo, Timeout},
    error::Error,
    link::Link,
    options::{PeerOptions, TlsOptions},
    packet::Outgoing,
    state::ReadyState,
    upgraded::{Handover, Role},
    url::Url,
};

/// A connection that the browser makes.
pub(crate) struct Socket {
    // JavaScript objects must not leave their thread. The wrapper panics on others.
    handles: SendWrapper<Handles>,
    /// Runs while the connection is being made, and while it closes.
    timeout: Option<RunningTimeout>,
    close_timeout: Duration,
    /// Sends the program's probe while the connection is open.
    probe: Option<SendWrapper<Box<LivenessProbe>>>,
    /// The browser's `bufferedAmount` when it was last read.
    buffered: usize,
}

struct Handles {
    bridge: Rc<Bridge>,
    /// `None` if the browser refused to begin.
    browser: Option<Browser>,
    /// Wakes the program for deadlines.
    timer: Rc<WakeTimer>,
}

impl Connection for Socket {
    fn send(&mut self, packet: Outgoing<'_>, _: bool, link: &mut Link) -> Result<(), Error> {
        let Some(browser) = &self.handles.browser else {
            return Err(Error::NotOpen { state: link.state() });
        };
        // If the connection has ended, and no poll has reported that, the browser drops the packet, as a kernel does.
        match packet {
            Outgoing::Text(text) => browser.send_text(text)?,
            Outgoing::Binary(data) => browser.send_binary(data)?,
            Outgoing::Shared(packet) => match packet.as_text() {
                Some(text) => browser.send_text(text)?,
                None => browser.send_binary(packet.data())?,
            },
        }
        link.outbox.add_frame(packet.len(), Some(packet.len()));
        self.buffered += packet.len();
        self.sample(link);
        Ok(())
    }
}

impl PeerConnection for Socket {
    fn connect(url: &Url, options: &PeerOptions) -> Result<Self, Error> {
        check_supported(url, options)?;
        let bridge = Rc::new(Bridge::new(options));
        // URL and protocols were checked more strictly than browsers do. If the browser throws, the reason is one that
        // other browsers report with an event: a `ws:` URL in an `https:` page, or a policy of the page. So it counts
        // as the end of the connection, which the next poll reports.
        let browser = Browser::connect(&url.to_string(), &options.protocols, &bridge)
            .map_err(|_exception| {
                bridge.end(End::Gone);
                bridge.wake.notify();
            })
            .ok();
        let probe = options.liveness.as_ref().map(|liveness| LivenessProbe::new(liveness, &bridge.wake));
        let probe = probe.transpose().map_err(browser::refused)?;
        Ok(Self {
            handles: SendWrapper::new(Handles { timer: WakeTimer::new(&bridge.wake), bridge, browser }),
            timeout: Some(RunningTimeout::start(Timeout::Connect, options.connect_timeout)),
            close_timeout: options.close_timeout,
            probe: probe.map(|probe| SendWrapper::new(Box::new(probe))),
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
        let Handles { bridge, browser, .. } = &*self.handles;
        bridge.wake.on_poll();
        if link.state() == ReadyState::Connecting && bridge.is_open() {
            link.set_open(browser.as_ref().and_then(Browser::protocol));
            self.timeout = None;
            if let Some(probe) = &mut self.probe {
                probe.start();
            }
            bridge.deliver(link);
            // The program must see that the connection has opened, so the end waits for the next poll.
            if bridge.has_more() {
                bridge.wake.notify_later();
            }
            return;
        }
        // If nothing could be moved, the inbox is full and the program does not read: another poll would have no
        // effect.
        if bridge.deliver(link) && bridge.has_packets() {
            bridge.wake.notify_later();
        }
        if let Some(end) = bridge.ended() {
            report_end(end, link);
        } else if let Some(timeout) = self.timeout.as_mut().and_then(RunningTimeout::expired) {
            // If a program closes and reads no more, packets wait before the end. The timeout bounds that wait.
            match bridge.ended_early() {
                Some(end) => report_end(end, link),
                None => link.set_closed(CloseInfo::new(CloseCause::TimedOut(timeout))),
            }
        } else if self.buffered > 0 {
            self.sample(link);
        }
        self.probe(link);
    }

    fn close(&mut self, code: CloseCode, reason: &str, link: &mut Link) {
        if let Some(browser) = &self.handles.browser {
            browser.close(code, reason);
        }
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

impl Socket {
    /// Notes that the hook was set until this time: the time counts in full.
    fn slept_until(&mut self, until: Duration) {
        if let Some(timeout) = &mut self.timeout {
            timeout.slept_until(until);
        }
        if let Some(probe) = &mut self.probe {
            probe.slept_until(until);
        }
    }

    /// Sets the timer for the next deadline of the connection, or of the program if that is earlier.
    fn watch(&mut self, deadline: Option<Duration>) {
        let timeout = self.timeout.as_mut().map(RunningTimeout::due);
        let probe = self.probe.as_mut().and_then(|probe| probe.due());
        let due = [timeout, probe, deadline].into_iter().flatten().min();
        self.handles.timer.set(due.unwrap_or(Duration::MAX));
    }

    /// Sends the program's probe when it is due, and ends the connection if no answer came.
    fn probe(&mut self, link: &mut Link) {
        let Some(probe) = &mut self.probe else { return };
        match probe.check(link, self.handles.bridge.has_packets()) {
            ProbeAction::None => {}
            ProbeAction::Send(probe) => match self.send(Outgoing::Shared(&probe), false, link) {
                Ok(()) => link.count_sent(probe.len()),
                Err(error) => log::error!("the browser did not send the probe: {error}"),
            },
            ProbeAction::GiveUp => link.set_closed(CloseInfo::new(CloseCause::TimedOut(Timeout::Liveness))),
        }
    }

    /// Counts the bytes that have left since the last time.
    fn sample(&mut self, link: &mut Link) {
        let Some(browser) = &self.handles.browser else { return };
        let buffered = browser.buffered();
        // After the end of the connection it only grows. Some browsers also count frame headers then.
        link.outbox.wire_bytes_sent(self.buffered.saturating_sub(buffered));
        self.buffered = buffered;
    }
}

impl fmt::Debug for Socket {
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
    if options.tls != TlsOptions::default() {
        return Err(Error::Unsupported {
            what: "a browser decides itself which servers to trust; leave `tls` as it is",
        });
    }
    Ok(())
}

fn report_end(end: End, link: &mut Link) {
    match end {
        _ if link.state() == ReadyState::Connecting => {
            link.set_closed(CloseInfo::new(CloseCause::Refused { status: None }));
        }
        End::Frame { code, reason } => link.set_closed_by_frame(code, reason),
        End::Gone => link.set_closed(CloseInfo::new(CloseCause::ConnectionLost)),
        // The code of RFC 6455, 7.4.1, although a browser sends another.
        End::BacklogError(BacklogError::MessageTooBig) => {
            link.set_closed(CloseInfo::with_code(CloseCause::MessageTooBig, 1009))
        }
        End::BacklogError(BacklogError::Overflow) => {
            link.set_closed(CloseInfo::with_code(CloseCause::InboxOverflow, BacklogError::OVERFLOW_CODE));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wasm_bindgen_test::wasm_bindgen_test;

    #[wasm_bindgen_test]
    fn an_exception_of_the_browser_is_reported_as_a_close_by_the_next_poll() {
        // All browsers throw at once if a protocol is offered twice. The check of the options prevents that for users.
        let options = PeerOptions::default().protocols(["chat", "chat"]);
        let url = Url::parse("ws://127.0.0.1:65535/").unwrap();
        let mut socket = Socket::connect(&url, &options).unwrap();
        let mut link = Link::connecting(&options, None);
        socket.poll(&mut link);
        assert_eq!(link.close_info(), Some(&CloseInfo::new(CloseCause::Refused { status: None })));
    }
}
