//! ewebsock at its fastest: what it is sent is answered within its event handler.
//!
//! After its first binary message has been sent it asks the browser for `Blob`s, which it reads one beside the other. So
//! messages may overtake each other, which is counted here and is no error.

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
    overtaken: u32,
    /// Called with nothing when it is open and at the end of each run, or with what went wrong.
    done: Function,
}

#[wasm_bindgen]
impl Ewebsock {
    /// Begins to connect.
    ///
    /// # Errors
    /// What the browser finds wrong with the URL.
    #[wasm_bindgen(constructor)]
    pub fn new(url: String, bytes: usize, is_text: bool, done: Function) -> Result<Ewebsock, String> {
        let messages = Messages::new(bytes, is_text);
        let progress = Progress::default();
        let run = Rc::new(RefCell::new(Run { sender: None, messages, progress, overtaken: 0, done }));
        // It asks for a handler that could go to another thread. There is none.
        let handler = SendWrapper::new(Rc::clone(&run));
        let sender =
            ewebsock::ws_connect(url, Options::default(), Box::new(move |event| on(&handler, event)))?;
        run.borrow_mut().sender = Some(sender);
        Ok(Self(run))
    }

    /// Begins a run of so many messages, so many of them in flight.
    pub fn begin(&self, count: u32, in_flight: u32) {
        let mut run = self.0.borrow_mut();
        run.progress.begin(count);
        for _ in 0..in_flight.min(count) {
            run.send();
        }
    }

    /// How many messages came where another one was due.
    pub fn overtaken(&self) -> u32 {
        self.0.borrow().overtaken
    }

    /// Ends the connection.
    pub fn close(&self) {
        self.0.borrow_mut().sender = None;
    }
}

fn on(run: &RefCell<Run>, event: WsEvent) -> ControlFlow<()> {
    // JavaScript is told when nothing is borrowed any more.
    let told = run.borrow_mut().on(event);
    if let Some(told) = told {
        let done = run.borrow().done.clone();
        if done.call1(&JsValue::NULL, &told).is_err() {
            return ControlFlow::Break(());
        }
    }
    ControlFlow::Continue(())
}

impl Run {
    /// What JavaScript is to be told, if anything.
    fn on(&mut self, event: WsEvent) -> Option<JsValue> {
        let came = match &event {
            WsEvent::Opened => return Some(JsValue::UNDEFINED),
            WsEvent::Message(WsMessage::Text(text)) if self.messages.is_text => text.as_bytes(),
            WsEvent::Message(WsMessage::Binary(data)) if !self.messages.is_text => data,
            // It was ended by the page.
            WsEvent::Closed if self.sender.is_none() => return None,
            other => return Some(format!("{other:?}").into()),
        };
        if !self.messages.is(self.progress.received, came) {
            if !self.messages.is(self.progress.received + 1, came) {
                return Some("a wrong message came".into());
            }
            self.overtaken += 1;
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
