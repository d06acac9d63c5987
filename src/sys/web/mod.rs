//! The browser backend of programs with wasm-bindgen, for pages and for dedicated workers.
//!
//! It carries the browser's events to `poll` within limits ([`bridge`]), and removes its callbacks in time ([`browser`],
//! [`event_listener`]). [`page`](super::page) does the rest.

mod bridge;
mod browser;
mod event_listener;
mod message;
mod signals;
mod time;
mod timer;

use std::{rc::Rc, time::Duration};

pub(crate) use self::time::{calendar, now};
use self::{bridge::Bridge, browser::Browser, signals::Signals, timer::WakeTimer};
use super::page::{self, End, LivenessStarter, PageSocket, WakeDeadline, WakeSignal};
use crate::{close::CloseCode, error::Error, link::Link, options::PeerOptions, state::ReadyState, url::Url};

pub(crate) type Socket = page::Socket<BindgenSocket>;
pub(crate) type Notifier = page::Notifier<BindgenSocket>;

/// Each `Liveness` refers to it.
pub(super) static LIVENESS_STARTER: LivenessStarter<BindgenSocket> = LivenessStarter::new();

/// A `WebSocket` that wasm-bindgen calls.
pub(crate) struct BindgenSocket {
    bridge: Rc<Bridge>,
    /// `None` if the browser refused to begin.
    browser: Option<Browser>,
    timer: Rc<WakeTimer>,
    signals: Option<Signals>,
}

impl PageSocket for BindgenSocket {
    fn connect(url: &Url, options: &PeerOptions) -> Result<Self, Error> {
        let bridge = Rc::new(Bridge::new(options));
        let browser = Browser::connect(url.text, &options.protocols, &bridge)
            .map_err(|_exception| {
                bridge.end(End::Gone);
                bridge.wake.notify();
            })
            .ok();
        Ok(Self { timer: WakeTimer::new(&bridge.wake), bridge, browser, signals: None })
    }

    fn is_open(&self) -> bool {
        self.bridge.is_open()
    }

    fn protocol(&self) -> Option<String> {
        self.browser.as_ref().and_then(Browser::protocol)
    }

    fn deliver(&self, link: &mut Link) -> bool {
        self.bridge.deliver(link)
    }

    fn has_packets(&self) -> bool {
        self.bridge.has_packets()
    }

    fn end(&self) -> Option<End> {
        self.bridge.ended()
    }

    fn send_text(&self, text: &str) -> Result<(), Error> {
        self.browser()?.send_text(text)
    }

    fn send_binary(&self, data: &[u8]) -> Result<(), Error> {
        self.browser()?.send_binary(data)
    }

    fn buffered(&self) -> usize {
        self.browser.as_ref().map_or(0, Browser::buffered)
    }

    fn close(&self, code: CloseCode, reason: &str) {
        if let Some(browser) = &self.browser {
            browser.close(code, reason);
        }
    }

    fn listen_for_signals(&mut self) -> Result<(), Error> {
        self.signals = Some(Signals::listen(&self.bridge.wake).map_err(browser::refused)?);
        Ok(())
    }

    fn take_signal(&self) -> bool {
        self.signals.as_ref().is_some_and(Signals::take)
    }

    fn wake(&self) -> &WakeSignal {
        &self.bridge.wake
    }

    fn notify_later(&self) {
        timer::notify_later(&self.bridge.wake);
    }

    fn deadline(&self) -> &WakeDeadline {
        &self.timer.deadline
    }

    fn start_timer(&self, wait: Duration) {
        self.timer.start(wait);
    }
}

impl BindgenSocket {
    fn browser(&self) -> Result<&Browser, Error> {
        self.browser.as_ref().ok_or(Error::NotOpen { state: ReadyState::Closed })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        close::{CloseCause, CloseInfo},
        sys::PeerConnection,
    };
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
