//! A page in a browser with a client of this crate. `tests/js/agent.js` runs the commands of a scenario there. The caller of this
//! program has opened the page.

use std::collections::VecDeque;
use std::net::Ipv4Addr;

use serde_json::{Value, json};
use websocket_peer::{PeerKey, PeerOptions, ServerEvent, ServerOptions, WebSocketServer};

use crate::Failure;
use crate::engine::Event;
use crate::hex;
use crate::waiting::eventually;

/// The control connection of the page, and its events that no scenario has taken.
pub struct Browser {
    server: WebSocketServer,
    page: Option<PeerKey>,
    answers: VecDeque<Value>,
    events: VecDeque<Event>,
}

impl Browser {
    /// Waits at this port until the page has connected.
    pub fn meet(port: u16) -> Result<Self, Failure> {
        // The largest packets arrive in hexadecimal digits.
        let connection = PeerOptions::for_server().max_message_size(1 << 20);
        let options = ServerOptions::default().connection(connection).max_peers(4);
        let server = WebSocketServer::bind((Ipv4Addr::LOCALHOST, port), options)?;
        let mut browser = Self { server, page: None, answers: VecDeque::new(), events: VecDeque::new() };
        eventually("the page connects", || {
            browser.read();
            browser.page
        });
        Ok(browser)
    }

    /// Returns the browser's name for itself.
    pub fn version(&mut self) -> String {
        self.ask("hello", json!({})).to_string()
    }

    /// Runs a command of the page, and returns its answer.
    #[track_caller]
    pub fn ask(&mut self, command: &str, about: Value) -> Value {
        let message = self.attempt(command, about);
        assert!(message.get("error").is_none(), "{command}: {message}");
        message["answer"].clone()
    }

    /// Runs a command that fails, and returns the error.
    #[track_caller]
    pub fn error(&mut self, command: &str, about: Value) -> String {
        let message = self.attempt(command, about);
        message["error"].as_str().unwrap_or_else(|| panic!("{command}: {message}")).to_owned()
    }

    /// Waits for the next event of this name. Other events stay.
    #[track_caller]
    pub fn event(&mut self, name: &str) -> Value {
        self.event_while(name, || {})
    }

    /// As [`event`](Self::event), and calls `meanwhile` until then.
    #[track_caller]
    pub fn event_while(&mut self, name: &str, mut meanwhile: impl FnMut()) -> Value {
        eventually(&format!("the event `{name}` of the page"), || {
            meanwhile();
            self.read();
            let at = self.events.iter().position(|event| event.name == name)?;
            self.events.remove(at).map(|event| event.about)
        })
    }

    /// Waits for the next bytes of this event, and returns their sender and them.
    #[track_caller]
    pub fn bytes(&mut self, name: &str) -> (i64, Vec<u8>) {
        let about = self.event(name);
        (about["from"].as_i64().expect("an id"), hex::decode(about["hex"].as_str().expect("a text")))
    }

    /// Resets the page.
    pub fn reset(&mut self) {
        self.ask("reset", json!({}));
        self.events.clear();
    }

    #[track_caller]
    fn attempt(&mut self, command: &str, about: Value) -> Value {
        let mut line = about;
        line["do"] = command.into();
        let page = self.page.expect("the page is connected");
        self.server.send_text(page, &line.to_string()).expect("the page is connected");
        eventually(&format!("the page's answer to `{command}`"), || {
            self.read();
            self.answers.pop_front()
        })
    }

    fn read(&mut self) {
        self.server.poll();
        while let Some(event) = self.server.next_event() {
            match event {
                ServerEvent::Opened(page) => self.page = Some(page),
                ServerEvent::Packet(_, packet) => {
                    let mut message: Value =
                        serde_json::from_slice(packet.as_bytes()).expect("JSON from the page");
                    match message.get("event").and_then(Value::as_str).map(str::to_owned) {
                        Some(name) => self.events.push_back(Event { name, about: message["about"].take() }),
                        None => self.answers.push_back(message),
                    }
                }
                other => panic!("the page disconnected: {other:?}"),
            }
        }
    }
}
