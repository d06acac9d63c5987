//! Carries events from the browser's callbacks to `poll`, in order and within limits.
//!
//! A browser has no backpressure: it calls back even if the program does not poll, and a hidden tab may not poll for
//! minutes. So the limits apply here, where messages come in.

use std::{cell::RefCell, collections::VecDeque, rc::Rc};

use wasm_bindgen::JsValue;
use web_sys::CloseEvent;

use super::{message, wake_signal::WakeSignal};
use crate::{close::CloseCode, link::Link, options::PeerOptions, packet::Packet};

/// The events of one connection that no poll has reported.
///
/// Callbacks add events, `poll` takes them. No borrow of the backlog lasts across a call into JavaScript.
pub(super) struct Bridge {
    /// Callbacks notify it after they have added an event.
    pub(super) wake: Rc<WakeSignal>,
    max_message_size: usize,
    backlog: RefCell<Backlog>,
}

/// The events, which occur in this order: the open, packets, the end.
struct Backlog {
    opened: bool,
    packets: VecDeque<Packet>,
    end: Option<End>,
    bytes: usize,
    max_bytes: usize,
    max_packets: usize,
}

/// How a connection ended, as far as a browser reports it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum End {
    /// With a close frame from the other end.
    Frame { code: Option<u16>, reason: String },
    /// Without a close frame. Browsers report no more of a failure to connect.
    Gone,
    /// This end closed it because of this error.
    BacklogError(BacklogError),
}

/// A limit that the other end exceeded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum BacklogError {
    /// A message is larger than `max_message_size`.
    MessageTooBig,
    /// The backlog has no room for a message.
    Overflow,
}

impl BacklogError {
    /// The close code that is sent. 1009 would be right, but browsers do not let a page send it.
    pub(super) const TOO_BIG_CODE: u16 = 4009;
    /// The close code that is sent in place of 1008.
    pub(super) const OVERFLOW_CODE: u16 = 4008;
}

impl Bridge {
    pub(super) fn new(options: &PeerOptions) -> Self {
        let backlog = Backlog {
            opened: false,
            packets: VecDeque::new(),
            end: None,
            bytes: 0,
            max_bytes: options.backlog_buffer_size,
            max_packets: options.max_backlog_packets,
        };
        Self { wake: Rc::default(), max_message_size: options.max_message_size, backlog: backlog.into() }
    }

    /// Handles the browser's `open` event.
    pub(super) fn open(&self) {
        self.backlog.borrow_mut().opened = true;
    }

    /// Handles the browser's `message` event. After an error the caller closes the connection at once.
    pub(super) fn message(&self, data: &JsValue) -> Result<(), BacklogError> {
        if self.backlog.borrow().end.is_some() {
            return Ok(());
        }
        let packet = message::read(data, self.max_message_size);
        self.backlog.borrow_mut().push(packet)
    }

    /// Handles the browser's `close` event.
    pub(super) fn close(&self, event: &CloseEvent) {
        self.end(match event.code() {
            1005 => End::Frame { code: None, reason: String::new() },
            code if CloseCode::new(code).is_ok() => End::Frame { code: Some(code), reason: event.reason() },
            // 1006 means that there was no frame. Chromium also passes on codes that are not allowed (1004, 1016 to
            // 2999).
            _ => End::Gone,
        });
    }

    /// Notes the end of the connection. Later events are ignored.
    pub(super) fn end(&self, end: End) {
        self.backlog.borrow_mut().end.get_or_insert(end);
    }

    pub(super) fn is_open(&self) -> bool {
        self.backlog.borrow().opened
    }

    /// Moves packets into the inbox while it has room. Returns `true` if any was moved.
    pub(super) fn deliver(&self, link: &mut Link) -> bool {
        let mut backlog = self.backlog.borrow_mut();
        let mut moved = false;
        while let Some(packet) = backlog.pop_if(|packet| link.has_room_for(packet.len())) {
            link.deliver(packet);
            moved = true;
        }
        moved
    }

    /// Returns `true` if packets wait for room in the inbox.
    pub(super) fn has_packets(&self) -> bool {
        !self.backlog.borrow().packets.is_empty()
    }

    /// Returns `true` if packets are left, or the connection has ended.
    pub(super) fn has_more(&self) -> bool {
        self.has_packets() || self.backlog.borrow().end.is_some()
    }

    /// Returns the end, after every packet before it was delivered.
    pub(super) fn ended(&self) -> Option<End> {
        let backlog = self.backlog.borrow();
        if backlog.packets.is_empty() { backlog.end.clone() } else { None }
    }

    /// Returns the end, even if packets before it wait.
    pub(super) fn ended_early(&self) -> Option<End> {
        self.backlog.borrow().end.clone()
    }
}

impl Backlog {
    /// Adds a packet. `None` is one that is larger than `max_message_size`.
    fn push(&mut self, packet: Option<Packet>) -> Result<(), BacklogError> {
        let error = match packet {
            None => BacklogError::MessageTooBig,
            Some(packet) if self.has_room_for(packet.len()) => {
                self.bytes += packet.len();
                self.packets.push_back(packet);
                return Ok(());
            }
            Some(_) => BacklogError::Overflow,
        };
        self.end = Some(End::BacklogError(error));
        Err(error)
    }

    fn pop_if(&mut self, fits: impl FnOnce(&Packet) -> bool) -> Option<Packet> {
        if !fits(self.packets.front()?) {
            return None;
        }
        let packet = self.packets.pop_front()?;
        self.bytes -= packet.len();
        Some(packet)
    }

    fn has_room_for(&self, len: usize) -> bool {
        self.packets.len() < self.max_packets && len <= self.max_bytes - self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::ReadyState;
    use js_sys::Uint8Array;
    use wasm_bindgen_test::wasm_bindgen_test;

    fn bridge(options: PeerOptions) -> Bridge {
        let bridge = Bridge::new(&options);
        bridge.open();
        bridge
    }

    fn inbox(options: PeerOptions) -> Link {
        let mut link = Link::connecting(&options, None);
        link.set_open(None);
        link
    }

    fn binary(len: usize) -> JsValue {
        Uint8Array::from(vec![7; len].as_slice()).buffer().into()
    }

    #[wasm_bindgen_test]
    fn the_limit_of_bytes_is_exact() {
        let bridge = bridge(PeerOptions::default().backlog_buffer_size(10));
        assert_eq!(bridge.message(&binary(6)), Ok(()));
        assert_eq!(bridge.message(&JsValue::from_str("éé")), Ok(()));
        assert_eq!(bridge.message(&binary(0)), Ok(()));
        assert_eq!(bridge.message(&binary(1)), Err(BacklogError::Overflow));
    }

    #[wasm_bindgen_test]
    fn the_limit_of_packets_is_exact() {
        let bridge = bridge(PeerOptions::default().max_backlog_packets(2));
        assert_eq!(bridge.message(&binary(0)), Ok(()));
        assert_eq!(bridge.message(&binary(0)), Ok(()));
        assert_eq!(bridge.message(&binary(0)), Err(BacklogError::Overflow));
    }

    #[wasm_bindgen_test]
    fn delivered_packets_make_room_in_the_backlog() {
        let bridge = bridge(PeerOptions::default().backlog_buffer_size(10));
        let mut link = inbox(PeerOptions::default());
        for _ in 0..5 {
            assert_eq!(bridge.message(&binary(10)), Ok(()));
            bridge.deliver(&mut link);
        }
        assert_eq!(link.available(), 5);
    }

    #[wasm_bindgen_test]
    fn after_an_error_earlier_packets_stay_and_later_events_are_ignored() {
        let bridge = bridge(PeerOptions::default().max_message_size(10));
        let mut link = inbox(PeerOptions::default());
        assert_eq!(bridge.message(&binary(10)), Ok(()));
        assert_eq!(bridge.message(&binary(11)), Err(BacklogError::MessageTooBig));
        assert_eq!(bridge.message(&binary(1)), Ok(()), "the socket is closing already");
        bridge.end(End::Gone);
        bridge.deliver(&mut link);
        assert_eq!(
            (link.available(), bridge.ended()),
            (1, Some(End::BacklogError(BacklogError::MessageTooBig)))
        );
    }

    #[wasm_bindgen_test]
    fn the_end_waits_for_the_packets_before_it() {
        let bridge = bridge(PeerOptions::default());
        let mut link = inbox(PeerOptions::default().max_queued_packets(1));
        for _ in 0..2 {
            assert_eq!(bridge.message(&binary(1)), Ok(()));
        }
        bridge.end(End::Gone);
        bridge.deliver(&mut link);
        assert_eq!((link.available(), bridge.ended()), (1, None));
        link.take();
        bridge.deliver(&mut link);
        assert_eq!((link.available(), bridge.ended()), (1, Some(End::Gone)));
        assert_eq!(link.state(), ReadyState::Open, "only `poll` reports the end");
    }
}
