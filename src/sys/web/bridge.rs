//! From the browser's callbacks to `poll`: what happened, in order, within limits.
//!
//! A browser cannot be made to wait. It calls back whether anybody polls or not, and a hidden tab may go for minutes
//! without a poll. So the limits are kept here, where messages come in, and not where they are fetched.

use std::{cell::RefCell, collections::VecDeque, rc::Rc};

use wasm_bindgen::JsValue;
use web_sys::CloseEvent;

use super::{message, wake_signal::WakeSignal};
use crate::{close::CloseCode, link::Link, options::PeerOptions, packet::Packet};

/// What happened to one connection and was not told yet.
///
/// Callbacks put in, `poll` takes out. No borrow of the queue lasts across a call into JavaScript.
pub(super) struct Bridge {
    /// The callbacks notify it when they have put something in.
    pub(super) wake: Rc<WakeSignal>,
    max_message_size: usize,
    queue: RefCell<Queue>,
}

/// A connection opens, carries packets and ends, in this order.
struct Queue {
    opened: bool,
    packets: VecDeque<Packet>,
    end: Option<End>,
    bytes: usize,
    max_bytes: usize,
    max_packets: usize,
}

/// How it ended, as far as a browser tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum End {
    /// With a close frame of the other end.
    Frame { code: Option<u16>, reason: String },
    /// Without one. Before it was open, that is all that a browser says of any failure.
    Gone,
    /// This end had to end it.
    BacklogError(BacklogError),
}

/// The other end sent more than the options allow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum BacklogError {
    /// One message is over `max_message_size`.
    MessageTooBig,
    /// The backlog has no room for it.
    Overflow,
}

impl BacklogError {
    /// The other end is told with this code: 1009 is the right one, and a browser lets no page send it.
    pub(super) const TOO_BIG_CODE: u16 = 4009;
    /// Likewise, for 1008.
    pub(super) const OVERFLOW_CODE: u16 = 4008;
}

impl Bridge {
    pub(super) fn new(options: &PeerOptions) -> Self {
        let queue = Queue {
            opened: false,
            packets: VecDeque::new(),
            end: None,
            bytes: 0,
            max_bytes: options.backlog_buffer_size,
            max_packets: options.max_backlog_packets,
        };
        Self { wake: Rc::default(), max_message_size: options.max_message_size, queue: queue.into() }
    }

    /// The browser's `open` event.
    pub(super) fn open(&self) {
        self.queue.borrow_mut().opened = true;
    }

    /// The browser's `message` event. After a error the connection is to be closed at once.
    pub(super) fn message(&self, data: &JsValue) -> Result<(), BacklogError> {
        if self.queue.borrow().end.is_some() {
            return Ok(());
        }
        let packet = message::read(data, self.max_message_size);
        self.queue.borrow_mut().push(packet)
    }

    /// The browser's `close` event.
    pub(super) fn close(&self, event: &CloseEvent) {
        self.end(match event.code() {
            1005 => End::Frame { code: None, reason: String::new() },
            code if CloseCode::new(code).is_ok() => End::Frame { code: Some(code), reason: event.reason() },
            // 1006 is no frame. Any other is a error that Chromium lets pass (1004, 1016 to 2999).
            _ => End::Gone,
        });
    }

    /// The connection is over, and whatever comes after is not heard.
    pub(super) fn end(&self, end: End) {
        self.queue.borrow_mut().end.get_or_insert(end);
    }

    pub(super) fn is_open(&self) -> bool {
        self.queue.borrow().opened
    }

    /// Moves packets into the inbox as long as there is room. Whether there was room for any.
    pub(super) fn deliver(&self, link: &mut Link) -> bool {
        let mut queue = self.queue.borrow_mut();
        let mut moved = false;
        while let Some(packet) = queue.pop_if(|packet| link.has_room_for(packet.len())) {
            link.deliver(packet);
            moved = true;
        }
        moved
    }

    /// Whether there are packets that the inbox had no room for.
    pub(super) fn has_packets(&self) -> bool {
        !self.queue.borrow().packets.is_empty()
    }

    /// Whether there are packets or an end to tell.
    pub(super) fn has_more(&self) -> bool {
        self.has_packets() || self.queue.borrow().end.is_some()
    }

    /// How it ended, once every packet before that was delivered.
    pub(super) fn ended(&self) -> Option<End> {
        let queue = self.queue.borrow();
        if queue.packets.is_empty() { queue.end.clone() } else { None }
    }

    /// How it ended, packets or not.
    pub(super) fn ended_early(&self) -> Option<End> {
        self.queue.borrow().end.clone()
    }
}

impl Queue {
    /// `None` is a packet over `max_message_size`.
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
    fn the_backlog_is_limited_in_bytes_to_the_byte() {
        let bridge = bridge(PeerOptions::default().backlog_buffer_size(10));
        assert_eq!(bridge.message(&binary(6)), Ok(()));
        assert_eq!(bridge.message(&JsValue::from_str("éé")), Ok(()));
        assert_eq!(bridge.message(&binary(0)), Ok(()));
        assert_eq!(bridge.message(&binary(1)), Err(BacklogError::Overflow));
    }

    #[wasm_bindgen_test]
    fn the_backlog_is_limited_in_packets_to_the_packet() {
        let bridge = bridge(PeerOptions::default().max_backlog_packets(2));
        assert_eq!(bridge.message(&binary(0)), Ok(()));
        assert_eq!(bridge.message(&binary(0)), Ok(()));
        assert_eq!(bridge.message(&binary(0)), Err(BacklogError::Overflow));
    }

    #[wasm_bindgen_test]
    fn delivered_packets_leave_room_in_the_backlog() {
        let bridge = bridge(PeerOptions::default().backlog_buffer_size(10));
        let mut link = inbox(PeerOptions::default());
        for _ in 0..5 {
            assert_eq!(bridge.message(&binary(10)), Ok(()));
            bridge.deliver(&mut link);
        }
        assert_eq!(link.available(), 5);
    }

    #[wasm_bindgen_test]
    fn after_a_breach_nothing_is_kept_and_nothing_else_is_believed() {
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
        assert_eq!(link.state(), ReadyState::Open, "telling is not the bridge's business");
    }
}
