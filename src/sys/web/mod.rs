//! The browser backend, for pages and for dedicated workers.
//!
//! The browser does the network's part: addresses, TLS, handshake, masking, pings, the closing handshake. What is left
//! is to carry what it calls back with ([`bridge`]) to `poll`, within limits, to wake the program for that ([`wake_signal`]),
//! and to let go of it cleanly ([`browser`], [`listener`]).
//!
//! Nothing here asks for `window`, which a worker has not.

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
pub(crate) use self::{notify::Notifier, reactor::Reactor, time::now};
use super::PeerConnection;
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
    // JavaScript's things never leave the thread that they were made on; the wrapper sees to it.
    handles: SendWrapper<Handles>,
    /// Runs while connecting and while closing.
    timeout: Option<RunningTimeout>,
    close_timeout: Duration,
    /// Sends the program's probe while the connection is open.
    probe: Option<SendWrapper<Box<LivenessProbe>>>,
    /// The browser's `bufferedAmount` when it was last asked.
    buffered: usize,
}

struct Handles {
    bridge: Rc<Bridge>,
    /// `None` where the browser would not even begin to connect.
    browser: Option<Browser>,
    /// Wakes the program for what is due.
    timer: Rc<WakeTimer>,
}

impl PeerConnection for Socket {
    fn connect(url: &Url, options: &PeerOptions) -> Result<Self, Error> {
        check_supported(url, options)?;
        let bridge = Rc::new(Bridge::new(options));
        // URL and protocols were checked by stricter rules than the browser's. If it throws all the same, then for a
        // reason that other browsers, or this one in another mood, tell with an event: a `ws:` address in an `https:`
        // page, a policy of the page. So it is an end like those, and the next poll tells it.
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
            // Whatever comes next, a connection that opened is seen open: its end may wait for one poll.
            if bridge.has_more() {
                bridge.wake.notify_later();
            }
            return;
        }
        // A poll that got nowhere does not ask for another: the inbox is full, and the program does not read.
        if bridge.deliver(link) && bridge.has_packets() {
            bridge.wake.notify_later();
        }
        if let Some(end) = bridge.ended() {
            tell(end, link);
        } else if let Some(what) = self.timeout.as_mut().and_then(RunningTimeout::expired) {
            // A game that closes and reads no more leaves packets in the way of the end. It is not to wait for ever.
            match bridge.ended_early() {
                Some(end) => tell(end, link),
                None => link.set_closed(CloseInfo::new(CloseCause::TimedOut(what))),
            }
        } else if self.buffered > 0 {
            self.sample(link);
        }
        self.probe(link);
    }

    fn send(&mut self, packet: Outgoing<'_>, link: &mut Link) -> Result<(), Error> {
        let Some(browser) = &self.handles.browser else {
            return Err(Error::NotOpen { state: link.state() });
        };
        // If the connection has ended and no poll has told it yet, the browser takes the packet and drops it, as a
        // kernel does.
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

    fn close(&mut self, code: CloseCode, reason: &str, link: &mut Link) {
        if let Some(browser) = &self.handles.browser {
            browser.close(code, reason);
        }
        self.timeout = Some(RunningTimeout::start(Timeout::Close, self.close_timeout));
        // From here on nothing but the end is waited for.
        self.probe = None;
        link.set_closing();
    }

    fn peer_addr(&self, _: &Link) -> Result<SocketAddr, Error> {
        Err(Error::Unsupported { what: "a browser tells no addresses" })
    }

    fn set_nodelay(&mut self, _: bool, _: &Link) -> Result<(), Error> {
        Err(Error::Unsupported { what: "a browser decides about TCP_NODELAY itself" })
    }
}

impl Socket {
    /// The program was to be woken until then: that time counts in full.
    fn slept_until(&mut self, until: Duration) {
        if let Some(timeout) = &mut self.timeout {
            timeout.slept_until(until);
        }
        if let Some(probe) = &mut self.probe {
            probe.slept_until(until);
        }
    }

    /// Wakes the program for what is due, at this deadline of its own at the latest.
    fn watch(&mut self, deadline: Option<Duration>) {
        let timeout = self.timeout.as_mut().map(RunningTimeout::due);
        let probe = self.probe.as_mut().and_then(|probe| probe.due());
        let due = [timeout, probe, deadline].into_iter().flatten().min();
        self.handles.timer.set(due.unwrap_or(Duration::MAX));
    }

    /// Sends the program's probe when it is time, and ends a connection on which nothing came after it.
    fn probe(&mut self, link: &mut Link) {
        let Some(probe) = &mut self.probe else { return };
        match probe.look(link, self.handles.bridge.has_packets()) {
            ProbeAction::None => {}
            ProbeAction::Send(probe) => match self.send(Outgoing::Shared(&probe), link) {
                Ok(()) => link.count_sent(probe.len()),
                Err(error) => log::error!("the browser does not send the probe: {error}"),
            },
            ProbeAction::GiveUp => link.set_closed(CloseInfo::new(CloseCause::TimedOut(Timeout::Liveness))),
        }
    }

    /// Learns what has left since the last time.
    fn sample(&mut self, link: &mut Link) {
        let Some(browser) = &self.handles.browser else { return };
        let buffered = browser.buffered();
        // It only grows once the connection has ended, and by more than was sent: some browsers add the frame's head.
        link.outbox.wire_bytes_sent(self.buffered.saturating_sub(buffered));
        self.buffered = buffered;
    }
}

impl fmt::Debug for Socket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Socket").finish_non_exhaustive()
    }
}

/// What no browser lets a page decide. Doing without in silence would be worse: a token not sent, a server not checked.
fn check_supported(url: &Url, options: &PeerOptions) -> Result<(), Error> {
    // Every target refuses such a port, unless the options allow it.
    if url.has_blocked_port() {
        return Err(Error::Unsupported { what: "a browser connects to no port that it blocks" });
    }
    if !options.headers.is_empty() {
        let what = "a browser sends no headers of yours; put a token into `protocols` or the first packet";
        return Err(Error::Unsupported { what });
    }
    if options.tls != TlsOptions::default() {
        return Err(Error::Unsupported {
            what: "a browser decides itself whom to trust; leave `tls` as it is",
        });
    }
    Ok(())
}

fn tell(end: End, link: &mut Link) {
    match end {
        _ if link.state() == ReadyState::Connecting => {
            link.set_closed(CloseInfo::new(CloseCause::Refused { status: None }));
        }
        End::Frame { code, reason } => link.set_closed_by_frame(code, reason),
        End::Gone => link.set_closed(CloseInfo::new(CloseCause::ConnectionLost)),
        // The code that the rule asks for, though a browser sends another (RFC 6455, 7.4.1).
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
    fn what_the_browser_throws_at_a_connection_is_an_end_that_the_next_poll_tells() {
        // Twice the same protocol: the one thing that every browser throws for at once. Users cannot come here with
        // it, for options are checked before.
        let options = PeerOptions::default().protocols(["chat", "chat"]);
        let url = Url::parse("ws://127.0.0.1:65535/").unwrap();
        let mut socket = Socket::connect(&url, &options).unwrap();
        let mut link = Link::connecting(&options, None);
        socket.poll(&mut link);
        assert_eq!(link.close_info(), Some(&CloseInfo::new(CloseCause::Refused { status: None })));
    }
}
