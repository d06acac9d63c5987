//! ewebsock at its fastest: answers are sent in its event handler.
//!
//! After its first binary message it receives `Blob`s, which it reads concurrently. Messages may therefore arrive out
//! of order, which is counted and is not an error.

use std::{cell::RefCell, ops::ControlFlow, rc::Rc};

use ewebsock::{Options, WsEvent, WsMessage, WsSender};
use js_sys::Function;
use send_wrapper::SendWrapper;
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};

use crate::message::{Messages, Progress};

/// One connection.
#[wasm_bindgen]
pub struct Ewebsock(Rc<RefCell<Run>>);

struct Run {
    sender: Option<WsSender>,
    messages: Messages,
    progress: Progress,
    out_of_order: u32,
    /// Called without an argument when the connection is open and at the end of each run, or with an error.
    done: Function,
}

#[wasm_bindgen]
impl Ewebsock {
    /// Starts connecting.
    ///
    /// # Errors
    /// The browser rejects the URL.
    #[wasm_bindgen(constructor)]
    pub fn new(url: String, bytes: usize, is_text: bool, done: Function) -> Result<Ewebsock, String> {
        let messages = Messages::new(bytes, is_text);
        let progress = Progress::default();
        let run = Rc::new(RefCell::new(Run { sender: None, messages, progress, out_of_order: 0, done }));
        // The handler must be `Send`; a page has one thread.
        let handler = SendWrapper::new(Rc::clone(&run));
        let sender =
            ewebsock::ws_connect(url, Options::default(), Box::new(move |event| on(&handler, event)))?;
        run.borrow_mut().sender = Some(sender);
        Ok(Self(run))
    }

    /// Starts a run of `count` messages, `in_flight` at a time.
    pub fn begin(&self, count: u32, in_flight: u32) {
        let mut run = self.0.borrow_mut();
        run.progress.begin(count);
        for _ in 0..in_flight.min(count) {
            run.send();
        }
    }

    /// The number of messages that arrived out of order.
    pub fn out_of_order(&self) -> u32 {
        self.0.borrow().out_of_order
    }

    /// Closes the connection.
    pub fn close(&self) {
        self.0.borrow_mut().sender = None;
    }
}

fn on(run: &RefCell<Run>, event: WsEvent) -> ControlFlow<()> {
    // JavaScript is called while nothing is borrowed.
    let outcome = run.borrow_mut().handle(event);
    if let Some(outcome) = outcome {
        let done = run.borrow().done.clone();
        if done.call1(&JsValue::NULL, &outcome).is_err() {
            return ControlFlow::Break(());
        }
    }
    ControlFlow::Continue(())
}

impl Run {
    /// Handles an event. Returns the argument for `done`, if a run has ended.
    fn handle(&mut self, event: WsEvent) -> Option<JsValue> {
        let received = match &event {
            WsEvent::Opened => return Some(JsValue::UNDEFINED),
            WsEvent::Message(WsMessage::Text(text)) if self.messages.is_text => text.as_bytes(),
            WsEvent::Message(WsMessage::Binary(data)) if !self.messages.is_text => data,
            // The page has closed the connection.
            WsEvent::Closed if self.sender.is_none() => return None,
            other => return Some(format!("{other:?}").into()),
        };
        if !self.messages.matches(self.progress.received, received) {
            if !self.messages.matches(self.progress.received + 1, received) {
                return Some("a received message is wrong".into());
            }
            self.out_of_order += 1;
        }
        self.progress.received += 1;
        if self.progress.sent != self.progress.end {
            self.send();
        }
        self.progress.is_over().then_some(JsValue::UNDEFINED)
    }

    fn send(&mut self) {
        let message = self.messages.get(self.progress.sent).to_owned();
        self.progress.sent += 1;
        if let Some(sender) = &mut self.sender {
            sender.send(match self.messages.is_text {
                true => WsMessage::Text(message),
                false => WsMessage::Binary(message.into_bytes()),
            });
        }
    }
}
