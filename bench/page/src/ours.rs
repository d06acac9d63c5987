//! `WebSocketPeer`, once polled by the page, and once woken: polled when it calls.

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
    /// Begins to connect.
    ///
    /// # Errors
    /// What is wrong with the URL.
    #[wasm_bindgen(constructor)]
    pub fn new(url: &str, bytes: usize, is_text: bool) -> Result<Ours, String> {
        let mut peer = WebSocketPeer::new();
        peer.connect(url).map_err(|error| error.to_string())?;
        Ok(Self { peer, messages: Messages::new(bytes, is_text), progress: Progress::default() })
    }

    /// Begins a run of so many messages, so many of them in flight.
    ///
    /// # Errors
    /// There is no room for them.
    pub fn begin(&mut self, count: u32, in_flight: u32) -> Result<(), String> {
        self.progress.begin(count);
        for _ in 0..in_flight.min(count) {
            self.send()?;
        }
        Ok(())
    }

    /// One frame. Whether the run is over, or, before the first one, the connection open.
    ///
    /// # Errors
    /// The connection ended, or what came was not what was sent.
    pub fn frame(&mut self) -> Result<bool, String> {
        let state = self.peer.poll();
        while let Some(packet) = self.peer.recv() {
            if !self.is_expected(&packet) {
                return Err(format!("a wrong message came: {packet:?}"));
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
        bytes.is_some_and(|bytes| self.messages.is(self.progress.received, bytes))
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

/// One connection that is polled whenever it wakes its owner.
#[wasm_bindgen]
pub struct OursWoken(Rc<Woken>);

struct Woken {
    ours: RefCell<Ours>,
    /// Called with nothing when it is open and at the end of each run, or with what went wrong.
    done: Function,
}

#[wasm_bindgen]
impl OursWoken {
    /// Begins to connect.
    ///
    /// # Errors
    /// What is wrong with the URL.
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

    /// Begins a run of so many messages, so many of them in flight.
    ///
    /// # Errors
    /// There is no room for them.
    pub fn begin(&self, count: u32, in_flight: u32) -> Result<(), String> {
        self.0.ours.borrow_mut().begin(count, in_flight)
    }

    /// Ends the connection.
    pub fn close(&self) {
        self.0.ours.borrow_mut().peer.abort();
    }
}

impl Woken {
    fn wake(&self) {
        // JavaScript is told when nothing is borrowed any more.
        let told = match self.ours.borrow_mut().frame() {
            Ok(false) => return,
            Ok(true) => JsValue::UNDEFINED,
            Err(problem) => problem.into(),
        };
        // It resolves a promise, which throws nothing.
        _ = self.done.call1(&JsValue::NULL, &told);
    }
}
