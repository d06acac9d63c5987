//! A connection by tungstenite, on a socket with small buffers.

use std::io;
use std::mem;
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use socket2::{Domain, SockRef, Socket, Type};
use tungstenite::client::IntoClientRequest;
use tungstenite::handshake::client::ClientHandshake;
use tungstenite::handshake::{HandshakeError, MidHandshake};
use tungstenite::protocol::WebSocketConfig;
use tungstenite::protocol::frame::CloseFrame;
use tungstenite::{Error, Message, WebSocket};

use super::line::{Heard, Line, State};

/// So little that a server which sends to somebody who does not read soon finds out.
const RECEIVE_BUFFER: usize = 8 * 1024;

pub struct Foreign {
    stage: Stage,
    is_closed: bool,
    /// What came with the close frame.
    end: String,
}

enum Stage {
    Opening(MidHandshake<ClientHandshake<TcpStream>>),
    Open(WebSocket<TcpStream>),
    Over,
}

impl Foreign {
    pub fn connect(addr: SocketAddr) -> Result<Self, String> {
        let tcp = dial(addr).map_err(|error| error.to_string())?;
        let request =
            format!("ws://{addr}/foreign").into_client_request().map_err(|error| error.to_string())?;
        let config = WebSocketConfig::default().read_buffer_size(4096).write_buffer_size(0);
        let mid = ClientHandshake::start(tcp, request, Some(config)).map_err(|error| error.to_string())?;
        Ok(Self { stage: Stage::Opening(mid), is_closed: false, end: String::new() })
    }

    fn over(&mut self, why: impl ToString) {
        if self.end.is_empty() {
            self.end = why.to_string();
        }
        self.stage = Stage::Over;
    }

    fn write(&mut self, message: Message) -> bool {
        let Stage::Open(socket) = &mut self.stage else { return false };
        match socket.send(message) {
            Ok(()) => true,
            // It was taken, and waits.
            Err(Error::Io(error)) if error.kind() == io::ErrorKind::WouldBlock => true,
            // What came before the break can still be read.
            Err(_) => false,
        }
    }
}

/// A socket that is being connected.
pub fn dial(addr: SocketAddr) -> io::Result<TcpStream> {
    let socket = Socket::new(Domain::for_address(addr), Type::STREAM, None)?;
    socket.set_recv_buffer_size(RECEIVE_BUFFER)?;
    socket.set_tcp_nodelay(true)?;
    socket.set_nonblocking(true)?;
    match socket.connect(&addr.into()) {
        Err(error) if !is_under_way(&error) => Err(error),
        _ => Ok(socket.into()),
    }
}

fn is_under_way(error: &io::Error) -> bool {
    // The first is what Unix calls it, and std has no name for it yet.
    let in_progress = cfg!(unix) && !matches!(error.kind(), io::ErrorKind::ConnectionRefused);
    in_progress || error.kind() == io::ErrorKind::WouldBlock
}

impl Line for Foreign {
    fn poll(&mut self) -> State {
        self.stage = match mem::replace(&mut self.stage, Stage::Over) {
            Stage::Opening(mid) => match mid.handshake() {
                Ok((socket, _)) => Stage::Open(socket),
                Err(HandshakeError::Interrupted(mid)) => Stage::Opening(mid),
                Err(HandshakeError::Failure(error)) => {
                    self.end = error.to_string();
                    Stage::Over
                }
            },
            stage => stage,
        };
        match &mut self.stage {
            Stage::Opening(_) => State::Opening,
            Stage::Open(socket) => {
                // What waits may go now; a break is found by the next read.
                let _ = socket.flush();
                State::Open
            }
            Stage::Over => State::Over,
        }
    }

    fn recv(&mut self) -> Option<Heard> {
        loop {
            let Stage::Open(socket) = &mut self.stage else { return None };
            match socket.read() {
                Ok(Message::Text(text)) => return Some(Heard::Text(text.to_string())),
                Ok(Message::Binary(bytes)) => return Some(Heard::Binary(bytes.to_vec())),
                Ok(Message::Close(frame)) => self.end = format!("close frame {frame:?}"),
                Ok(_) => {}
                Err(Error::Io(error)) if error.kind() == io::ErrorKind::WouldBlock => return None,
                Err(Error::ConnectionClosed) => {
                    self.is_closed = true;
                    self.over("closed");
                }
                Err(error) => self.over(error),
            }
        }
    }

    fn send(&mut self, message: &[u8]) -> bool {
        self.write(Message::Binary(message.to_vec().into()))
    }

    fn send_text(&mut self, text: &str) -> bool {
        self.write(Message::Text(text.into()))
    }

    fn close(&mut self) {
        if let Stage::Open(socket) = &mut self.stage {
            // One that cannot be written to is found to be over by the next read.
            let _ = socket.close(Some(CloseFrame { code: 1000.into(), reason: "".into() }));
        }
    }

    fn arm_reset(&mut self) {
        if let Stage::Open(socket) = &self.stage {
            // One that is over already needs no reset.
            let _ = SockRef::from(socket.get_ref()).set_linger(Some(Duration::ZERO));
        }
    }

    fn was_closed(&self) -> bool {
        self.is_closed
    }

    fn describe(&self) -> String {
        let stage = match &self.stage {
            Stage::Opening(_) => "opening",
            Stage::Open(_) => "open",
            Stage::Over => "over",
        };
        format!("tungstenite, {stage}, {}", self.end)
    }
}
