//! A page in a browser with a client of ours in it, from where a scenario stands. `tests/js/agent.js` does there what a
//! scenario asks for; whoever runs this program has opened it.

use std::collections::VecDeque;
use std::net::Ipv4Addr;

use serde_json::{Value, json};
use websocket_peer::{PeerKey, ServerEvent, ServerOptions, WebSocketServer};

use crate::Failure;
use crate::engine::Event;
use crate::hex;
use crate::waiting::eventually;

/// The line to the page, which connects to us, and what the page told that was not taken yet.
pub struct Browser {
    server: WebSocketServer,
    page: Option<PeerKey>,
    answers: VecDeque<Value>,
    events: VecDeque<Event>,
}

impl Browser {
    /// Waits at this port until the page has connected.
    pub fn meet(port: u16) -> Result<Self, Failure> {
        let server = WebSocketServer::bind((Ipv4Addr::LOCALHOST, port), ServerOptions::default())?;
        let mut browser = Self { server, page: None, answers: VecDeque::new(), events: VecDeque::new() };
        eventually("the page connects", || {
            browser.read();
            browser.page
        });
        Ok(browser)
    }

    /// What the browser calls itself.
    pub fn version(&mut self) -> String {
        self.ask("hello", json!({})).to_string()
    }

    /// Has the page do something, and gives its answer.
    #[track_caller]
    pub fn ask(&mut self, command: &str, about: Value) -> Value {
        let said = self.attempt(command, about);
        assert!(said.get("error").is_none(), "{command}: {said}");
        said["answer"].clone()
    }

    /// Has the page do something that it cannot, and gives what it threw.
    #[track_caller]
    pub fn error(&mut self, command: &str, about: Value) -> String {
        let said = self.attempt(command, about);
        said["error"].as_str().unwrap_or_else(|| panic!("{command}: {said}")).to_owned()
    }

    /// Waits for the next event of this name. Others stay.
    #[track_caller]
    pub fn event(&mut self, name: &str) -> Value {
        self.event_while(name, || {})
    }

    /// As [`event`](Self::event), and polls something else meanwhile.
    #[track_caller]
    pub fn event_while(&mut self, name: &str, mut meanwhile: impl FnMut()) -> Value {
        eventually(&format!("the page tells `{name}`"), || {
            meanwhile();
            self.read();
            let at = self.events.iter().position(|event| event.name == name)?;
            self.events.remove(at).map(|event| event.about)
        })
    }

    /// Waits for the next bytes of this event, and gives them and their sender.
    #[track_caller]
    pub fn bytes(&mut self, name: &str) -> (i64, Vec<u8>) {
        let about = self.event(name);
        (about["from"].as_i64().expect("an id"), hex::decode(about["hex"].as_str().expect("a text")))
    }

    /// Makes the page as good as new.
    pub fn reset(&mut self) {
        self.ask("reset", json!({}));
        self.events.clear();
    }

    #[track_caller]
    fn attempt(&mut self, command: &str, about: Value) -> Value {
        let mut line = about;
        line["do"] = command.into();
        let page = self.page.expect("the page is connected");
        self.server.send_text(page, &line.to_string()).expect("the page listens");
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
                    let mut said: Value =
                        serde_json::from_slice(packet.as_bytes()).expect("the page says JSON");
                    match said.get("event").and_then(Value::as_str).map(str::to_owned) {
                        Some(name) => self.events.push_back(Event { name, about: said["about"].take() }),
                        None => self.answers.push_back(said),
                    }
                }
                other => panic!("the page has gone: {other:?}"),
            }
        }
    }
}
