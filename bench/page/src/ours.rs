//! `WebSocketPeer`, once polled by the page and once polled in its wake-up hook.

use std::cell::RefCell;
use std::rc::Rc;

use js_sys::Function;
use send_wrapper::SendWrapper;
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};
use websocket_peer::{Packet, ReadyState, WebSocketPeer};

use crate::message::{Messages, Progress};

/// One connection.
#[wasm_bindgen]
pub struct Ours {
    peer: WebSocketPeer,
    messages: Messages,
    progress: Progress,
}

#[wasm_bindgen]
impl Ours {
    /// Starts connecting.
    ///
    /// # Errors
    /// The URL is invalid.
    #[wasm_bindgen(constructor)]
    pub fn new(url: &str, bytes: usize, is_text: bool) -> Result<Ours, String> {
        let mut peer = WebSocketPeer::new();
        peer.connect(url).map_err(|error| error.to_string())?;
        Ok(Self { peer, messages: Messages::new(bytes, is_text), progress: Progress::default() })
    }

    /// Starts a run of `count` messages, `in_flight` at a time.
    ///
    /// # Errors
    /// The send queue is full.
    pub fn begin(&mut self, count: u32, in_flight: u32) -> Result<(), String> {
        self.progress.begin(count);
        for _ in 0..in_flight.min(count) {
            self.send()?;
        }
        Ok(())
    }

    /// Runs one frame. Returns `true` if the run is over or, before the first run, if the connection is open.
    ///
    /// # Errors
    /// The connection ended, or a received message is wrong.
    pub fn frame(&mut self) -> Result<bool, String> {
        let state = self.peer.poll();
        while let Some(packet) = self.peer.recv() {
            if !self.is_expected(&packet) {
                return Err(format!("a received message is wrong: {packet:?}"));
            }
            self.progress.received += 1;
            if self.progress.sent != self.progress.end {
                self.send()?;
            }
        }
        match state {
            ReadyState::Connecting => Ok(false),
            ReadyState::Open => Ok(self.progress.is_over()),
            _ => Err(format!("the connection ended: {:?}", self.peer.close_info())),
        }
    }

    fn is_expected(&self, packet: &Packet) -> bool {
        let bytes = match self.messages.is_text {
            true => packet.as_text().map(str::as_bytes),
            false => (!packet.is_text()).then_some(packet.as_bytes()),
        };
        bytes.is_some_and(|bytes| self.messages.matches(self.progress.received, bytes))
    }

    fn send(&mut self) -> Result<(), String> {
        let message = self.messages.get(self.progress.sent);
        self.progress.sent += 1;
        let sent = match self.messages.is_text {
            true => self.peer.send_text(message),
            false => self.peer.send(message.as_bytes()),
        };
        sent.map_err(|error| error.to_string())
    }
}

/// One connection that is polled in its wake-up hook.
#[wasm_bindgen]
pub struct OursWoken(Rc<Woken>);

struct Woken {
    ours: RefCell<Ours>,
    /// Called without an argument when the connection is open and at the end of each run, or with an error.
    done: Function,
}

#[wasm_bindgen]
impl OursWoken {
    /// Starts connecting.
    ///
    /// # Errors
    /// The URL is invalid.
    #[wasm_bindgen(constructor)]
    pub fn new(url: &str, bytes: usize, is_text: bool, done: Function) -> Result<OursWoken, String> {
        let woken = Rc::new(Woken { ours: RefCell::new(Ours::new(url, bytes, is_text)?), done });
        let weak = SendWrapper::new(Rc::downgrade(&woken));
        let hook = move || {
            if let Some(woken) = weak.upgrade() {
                woken.wake();
            }
        };
        woken.ours.borrow_mut().peer.on_wake(hook).map_err(|error| error.to_string())?;
        Ok(Self(woken))
    }

    /// Starts a run of `count` messages, `in_flight` at a time.
    ///
    /// # Errors
    /// The send queue is full.
    pub fn begin(&self, count: u32, in_flight: u32) -> Result<(), String> {
        self.0.ours.borrow_mut().begin(count, in_flight)
    }

    /// Closes the connection.
    pub fn close(&self) {
        self.0.ours.borrow_mut().peer.abort();
    }
}

impl Woken {
    fn wake(&self) {
        // JavaScript is called while nothing is borrowed.
        let outcome = match self.ours.borrow_mut().frame() {
            Ok(false) => return,
            Ok(true) => JsValue::UNDEFINED,
            Err(problem) => problem.into(),
        };
        // `done` resolves a promise, which does not throw.
        _ = self.done.call1(&JsValue::NULL, &outcome);
    }
}
