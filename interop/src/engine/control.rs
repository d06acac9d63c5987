//! The control connection of the agent: one JSON object per line, in both directions.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};

use serde_json::Value;

use super::Event;

/// A message of the agent.
#[derive(Debug, PartialEq)]
pub enum Message {
    Answer(Value),
    /// The agent does not know the command.
    PacketError(String),
    Event(Event),
}

/// Our end of the control connection.
pub struct Control {
    listener: TcpListener,
    stream: Option<TcpStream>,
    unread: Vec<u8>,
}

/// Returns a listener for an agent, and its port.
pub fn listen() -> io::Result<(TcpListener, u16)> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    listener.set_nonblocking(true)?;
    let port = listener.local_addr()?.port();
    Ok((listener, port))
}

impl Control {
    pub fn new(listener: TcpListener) -> Self {
        Self { listener, stream: None, unread: Vec::new() }
    }

    /// Returns `true` if the agent has connected.
    pub fn accept(&mut self) -> io::Result<bool> {
        match self.listener.accept() {
            Ok((stream, _)) => {
                stream.set_nonblocking(true)?;
                stream.set_nodelay(true)?;
                self.stream = Some(stream);
                Ok(true)
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Sends these lines. The agent reads them every frame.
    #[track_caller]
    pub fn send(&mut self, lines: &str) {
        let stream = self.stream.as_mut().expect("the agent is connected");
        stream.set_nonblocking(false).expect("a stream that waits");
        stream.write_all(lines.as_bytes()).expect("the agent reads");
        stream.set_nonblocking(true).expect("a stream that does not wait");
    }

    /// Returns the next message of the agent, if there is one.
    pub fn read(&mut self) -> Option<Message> {
        let mut block = [0; 16 * 1024];
        while !self.unread.contains(&b'\n') {
            // After another error no message follows, and the waiting scenario fails.
            match self.stream.as_mut()?.read(&mut block) {
                Ok(0) | Err(_) => return None,
                Ok(read) => self.unread.extend(&block[..read]),
            }
        }
        let end = self.unread.iter().position(|byte| *byte == b'\n')?;
        let line: Vec<u8> = self.unread.drain(..=end).collect();
        let mut said: Value = serde_json::from_slice(&line).expect("the agent says JSON");
        Some(match (said.get("event"), said.get("error")) {
            (Some(name), _) => Message::Event(Event {
                name: name.as_str().expect("an event has a name").to_owned(),
                about: said["about"].take(),
            }),
            (None, Some(why)) => Message::PacketError(why.to_string()),
            (None, None) => Message::Answer(said["answer"].take()),
        })
    }
}
