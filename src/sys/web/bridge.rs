//! Carries events from the browser's callbacks to `poll`, in order and within limits.
//!
//! A browser has no backpressure: it calls back even if the program does not poll, and a hidden tab may not poll for
//! minutes. So the limits apply here, where messages come in.

use std::{cell::RefCell, collections::VecDeque, rc::Rc};

use wasm_bindgen::JsValue;

use super::message;
use crate::{
    link::Link,
    options::PeerOptions,
    packet::Packet,
    sys::page::{BacklogError, End, WakeSignal},
};

/// The events of one connection that no poll has reported.
///
/// Callbacks add events, `poll` takes them. No borrow of the backlog lasts across a call into JavaScript.
pub(super) struct Bridge {
    /// Callbacks notify it after they have added an event.
    pub(super) wake: Rc<WakeSignal>,
    reader: message::Reader,
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
        Self {
            wake: Rc::default(),
            reader: message::Reader::new(options.max_message_size),
            backlog: backlog.into(),
        }
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
        let packet = self.reader.read(data);
        self.backlog.borrow_mut().push(packet)
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

    /// Returns the end, even if packets before it wait.
    pub(super) fn ended(&self) -> Option<End> {
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
    fn packets_before_the_end_wait_for_room_in_the_inbox() {
        let bridge = bridge(PeerOptions::default());
        let mut link = inbox(PeerOptions::default().max_queued_packets(1));
        for _ in 0..2 {
            assert_eq!(bridge.message(&binary(1)), Ok(()));
        }
        bridge.end(End::Gone);
        bridge.deliver(&mut link);
        assert_eq!((link.available(), bridge.has_packets()), (1, true));
        link.take();
        bridge.deliver(&mut link);
        assert_eq!((link.available(), bridge.has_packets(), bridge.ended()), (1, false, Some(End::Gone)));
        assert_eq!(link.state(), ReadyState::Open, "only `poll` reports the end");
    }
}
