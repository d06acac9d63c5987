//! The browser's `WebSocket`, and its callbacks.

use std::rc::Rc;

use js_sys::{Array, Uint8Array};
use wasm_bindgen::{JsCast, JsValue, prelude::wasm_bindgen};
use web_sys::{BinaryType, CloseEvent, Event, MessageEvent, WebSocket};

use super::{bridge::Bridge, event_listener::EventListener};
use crate::{
    close::CloseCode,
    error::Error,
    sys::page::{self, BacklogError, End},
};

/// A `WebSocket` that ends when this is dropped. No callback is called afterwards.
pub(super) struct Browser {
    // None for `error`: a `close` event with all information always follows. Dropped before the socket is closed: Node calls
    // listeners from within `close` if the connection is still being made, so also from within calls of the program.
    _listeners: [EventListener; 3],
    socket: ClosedOnDrop,
}

/// A `WebSocket` that closes when this is dropped.
struct ClosedOnDrop(WebSocket);

impl Browser {
    /// Begins to connect. Events go to the bridge.
    pub(super) fn connect(url: &str, protocols: &[String], bridge: &Rc<Bridge>) -> Result<Self, JsValue> {
        let offered: Array = protocols.iter().map(|protocol| JsValue::from_str(protocol)).collect();
        let socket = WebSocket::new_with_str_sequence(url, &offered)?;
        // Set at once: the default, `Blob`, would have to be read in another task, out of order with text.
        socket.set_binary_type(BinaryType::Arraybuffer);
        let listeners =
            [on_open(&socket, offered, bridge)?, on_message(&socket, bridge)?, on_close(&socket, bridge)?];
        Ok(Self { _listeners: listeners, socket: ClosedOnDrop(socket) })
    }

    /// Returns the sub-protocol that the server chose.
    pub(super) fn protocol(&self) -> Option<String> {
        Some(self.socket.0.protocol()).filter(|protocol| !protocol.is_empty())
    }

    pub(super) fn send_text(&self, text: &str) -> Result<(), Error> {
        self.socket.0.send_with_str(text).map_err(refused)
    }

    pub(super) fn send_binary(&self, data: &[u8]) -> Result<(), Error> {
        // Browsers do not send from shared memory, which a program with threads has: it needs a copy in JavaScript's
        // memory.
        let sent = if cfg!(target_feature = "atomics") {
            self.socket.0.send_with_js_u8_array(&Uint8Array::from(data))
        } else {
            self.socket.0.send_with_u8_array(data)
        };
        sent.map_err(refused)
    }

    /// Returns the number of payload bytes that the network has not taken.
    pub(super) fn buffered(&self) -> usize {
        self.socket.0.buffered_amount() as usize
    }

    /// Begins the closing handshake.
    pub(super) fn close(&self, code: CloseCode, reason: &str) {
        close(&self.socket.0, code.get(), reason);
    }
}

impl Drop for ClosedOnDrop {
    fn drop(&mut self) {
        // Aborts a connection that is being made. Sends a close frame without a code on an open one, after the packets
        // that wait. Does nothing on one that is closing. It cannot throw, because it has no arguments.
        let closed = self.0.close();
        debug_assert!(closed.is_ok());
    }
}

fn on_open(socket: &WebSocket, offered: Array, bridge: &Rc<Bridge>) -> Result<EventListener, JsValue> {
    let (open_socket, bridge) = (socket.clone(), Rc::clone(bridge));
    EventListener::new(socket, "open", move |_: &Event| {
        let chosen = open_socket.protocol();
        if chosen.is_empty() || offered.includes(&JsValue::from_str(&chosen), 0) {
            bridge.open();
        } else {
            // WebKit accepts `CHAT` if `chat` was offered, which RFC 6455, 4.1, does not allow. The next poll drops the
            // socket.
            bridge.end(End::Gone);
        }
        bridge.wake.notify();
    })
}

fn on_message(socket: &WebSocket, bridge: &Rc<Bridge>) -> Result<EventListener, JsValue> {
    let (open_socket, bridge) = (socket.clone(), Rc::clone(bridge));
    EventListener::new(socket, "message", move |event: &MessageEvent| {
        match bridge.message(&event.data()) {
            Ok(()) => {}
            // At once, because a hostile server could send without limit until the next poll.
            Err(BacklogError::MessageTooBig) => {
                close(&open_socket, BacklogError::TOO_BIG_CODE, "message too big")
            }
            Err(BacklogError::Overflow) => close(&open_socket, BacklogError::OVERFLOW_CODE, "backlog full"),
        }
        bridge.wake.notify();
    })
}

fn on_close(socket: &WebSocket, bridge: &Rc<Bridge>) -> Result<EventListener, JsValue> {
    let bridge = Rc::clone(bridge);
    EventListener::new(socket, "close", move |event: &CloseEvent| {
        bridge.end(End::from_event(event.code(), || event.reason()));
        bridge.wake.notify();
    })
}

/// Closes. Browsers refuse codes other than 1000 and 3000 to 4999, and reasons of more than 123 bytes. Callers pass
/// none of these.
fn close(socket: &WebSocket, code: u16, reason: &str) {
    let closed = socket.close_with_code_and_reason(code, reason);
    debug_assert!(closed.is_ok(), "code {code} was refused");
}

/// Converts an exception to an error. Only refused calls throw, never failures of the network.
pub(super) fn refused(exception: JsValue) -> Error {
    let message =
        exception.unchecked_into::<Exception>().message().ok().and_then(|message| message.as_string());
    let message = message.unwrap_or_else(|| "the browser refused the call".to_owned());
    page::refused(message)
}

#[wasm_bindgen]
extern "C" {
    type Exception;

    /// Throws if the exception is not an object.
    #[wasm_bindgen(method, getter, catch)]
    fn message(this: &Exception) -> Result<JsValue, JsValue>;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{link::Link, options::PeerOptions, packet::Packet, sys::page::LocalHook};
    use std::cell::{Cell, RefCell};
    use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

    wasm_bindgen_test_configure!(run_in_browser);

    /// Constructors for which web-sys would need more features.
    #[wasm_bindgen]
    extern "C" {
        #[wasm_bindgen(js_name = MessageEvent, extends = Event)]
        type Message;
        #[wasm_bindgen(constructor, js_class = "MessageEvent")]
        fn new(name: &str, init: &JsValue) -> Message;
        #[wasm_bindgen(js_name = CloseEvent, extends = Event)]
        type Close;
        #[wasm_bindgen(constructor, js_class = "CloseEvent")]
        fn new(name: &str, init: &JsValue) -> Close;
        #[wasm_bindgen(js_namespace = JSON)]
        fn parse(json: &str) -> JsValue;
    }

    fn fire_open(socket: &WebSocket) {
        fire(socket, &Event::new("open").unwrap());
    }

    fn fire_message(socket: &WebSocket, text: &str) {
        fire(socket, &Message::new("message", &parse(&format!(r#"{{ "data": "{text}" }}"#))));
    }

    fn fire_close(socket: &WebSocket, code: u16) {
        fire(socket, &Close::new("close", &parse(&format!(r#"{{ "code": {code}, "reason": "bye" }}"#))));
    }

    fn fire(socket: &WebSocket, event: &Event) {
        assert!(socket.dispatch_event(event).unwrap());
    }

    /// Connects to a port without a listener. No test waits until the browser notices that.
    fn connect(options: &PeerOptions) -> (Browser, Rc<Bridge>) {
        let bridge = Rc::new(Bridge::new(options));
        let browser = Browser::connect("ws://127.0.0.1:65535/", &[], &bridge).unwrap();
        (browser, bridge)
    }

    fn packets(bridge: &Bridge) -> Vec<Packet> {
        let mut link = Link::connecting(&PeerOptions::default(), None);
        bridge.deliver(&mut link);
        std::iter::from_fn(|| link.take()).collect()
    }

    #[wasm_bindgen_test]
    fn events_reach_the_bridge() {
        let (browser, bridge) = connect(&PeerOptions::default());
        assert!(!bridge.is_open());
        fire_open(&browser.socket.0);
        fire_message(&browser.socket.0, "hello");
        fire_close(&browser.socket.0, 4001);
        assert!(bridge.is_open());
        assert_eq!(packets(&bridge), [Packet::text("hello")]);
        assert_eq!(bridge.ended(), Some(End::Frame { code: Some(4001), reason: "bye".into() }));
    }

    #[wasm_bindgen_test]
    fn close_codes_that_are_not_allowed_in_a_frame_are_not_reported() {
        let empty = End::Frame { code: None, reason: String::new() };
        for (code, end) in [(1005, empty), (1006, End::Gone), (1004, End::Gone), (2999, End::Gone)] {
            let (browser, bridge) = connect(&PeerOptions::default());
            fire_close(&browser.socket.0, code);
            assert_eq!(bridge.ended(), Some(end));
        }
    }

    #[wasm_bindgen_test]
    fn a_late_event_of_a_dropped_connection_is_ignored() {
        let (browser, bridge) = connect(&PeerOptions::default());
        let socket = browser.socket.0.clone();
        drop(browser);
        assert_eq!(Rc::strong_count(&bridge), 1, "a callback is still alive");
        fire_open(&socket);
        fire_message(&socket, "late");
        fire_close(&socket, 1000);
        assert!(!bridge.is_open());
        assert_eq!((packets(&bridge), bridge.ended()), (vec![], None));
    }

    #[wasm_bindgen_test]
    fn dropping_closes_the_browsers_socket() {
        let (browser, _) = connect(&PeerOptions::default());
        let socket = browser.socket.0.clone();
        assert_eq!(socket.ready_state(), WebSocket::CONNECTING);
        drop(browser);
        assert_eq!(socket.ready_state(), WebSocket::CLOSING);
    }

    #[wasm_bindgen_test]
    fn an_exceeded_limit_closes_the_browsers_socket_without_a_poll() {
        for options in
            [PeerOptions::default().max_message_size(4), PeerOptions::default().backlog_buffer_size(4)]
        {
            let (browser, _bridge) = connect(&options);
            fire_open(&browser.socket.0);
            fire_message(&browser.socket.0, "1234");
            assert_eq!(browser.socket.0.ready_state(), WebSocket::CONNECTING);
            fire_message(&browser.socket.0, "12345");
            assert_eq!(browser.socket.0.ready_state(), WebSocket::CLOSING);
        }
    }

    #[wasm_bindgen_test]
    fn a_hook_may_throw_and_may_drop_the_connection() {
        let (browser, bridge) = connect(&PeerOptions::default());
        let calls = Rc::new(Cell::new(0));
        let counted = Rc::clone(&calls);
        set_hook(&bridge, move || {
            counted.set(counted.get() + 1);
            // Like a panic, which the browser reports.
            wasm_bindgen::throw_str("an exception of the hook");
        });
        fire_open(&browser.socket.0);
        fire_message(&browser.socket.0, "one");
        assert_eq!((calls.get(), bridge.is_open()), (1, true));
        bridge.wake.on_poll();
        fire_message(&browser.socket.0, "two");
        assert_eq!((calls.get(), packets(&bridge).len()), (2, 2));

        let socket = browser.socket.0.clone();
        let everything = RefCell::new(Some((browser, Rc::clone(&bridge))));
        set_hook(&bridge, move || drop(everything.take()));
        bridge.wake.on_poll();
        fire_message(&socket, "three");
        assert_eq!(socket.ready_state(), WebSocket::CLOSING);
        fire_message(&socket, "late");
        assert_eq!(packets(&bridge), [Packet::text("three")]);
    }

    fn set_hook(bridge: &Bridge, hook: impl Fn() + 'static) {
        bridge.wake.set_hook(&LocalHook::new(Rc::new(hook)));
    }
}
