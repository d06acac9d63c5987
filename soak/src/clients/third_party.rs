//! A client with tungstenite, on a socket with small buffers.

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

use super::client::{Client, Message as Received, State};

/// Small, so that the server soon notices a client that does not read.
const RECEIVE_BUFFER: usize = 8 * 1024;

pub struct ThirdParty {
    stage: Stage,
    is_closed: bool,
    /// How the connection ended.
    end: String,
}

enum Stage {
    Opening(MidHandshake<ClientHandshake<TcpStream>>),
    Open(WebSocket<TcpStream>),
    Closed,
}

impl ThirdParty {
    pub fn connect(addr: SocketAddr) -> Result<Self, String> {
        let tcp = dial(addr).map_err(|error| error.to_string())?;
        let request =
            format!("ws://{addr}/third-party").into_client_request().map_err(|error| error.to_string())?;
        let config = WebSocketConfig::default().read_buffer_size(4096).write_buffer_size(0);
        let mid = ClientHandshake::start(tcp, request, Some(config)).map_err(|error| error.to_string())?;
        Ok(Self { stage: Stage::Opening(mid), is_closed: false, end: String::new() })
    }

    fn end(&mut self, reason: impl ToString) {
        if self.end.is_empty() {
            self.end = reason.to_string();
        }
        self.stage = Stage::Closed;
    }

    fn write(&mut self, message: Message) -> bool {
        let Stage::Open(socket) = &mut self.stage else { return false };
        match socket.send(message) {
            Ok(()) => true,
            // It is queued.
            Err(Error::Io(error)) if error.kind() == io::ErrorKind::WouldBlock => true,
            // Messages that arrived before can still be read.
            Err(_) => false,
        }
    }
}

/// Begins to connect a socket.
pub fn dial(addr: SocketAddr) -> io::Result<TcpStream> {
    let socket = Socket::new(Domain::for_address(addr), Type::STREAM, None)?;
    socket.set_recv_buffer_size(RECEIVE_BUFFER)?;
    socket.set_tcp_nodelay(true)?;
    socket.set_nonblocking(true)?;
    match socket.connect(&addr.into()) {
        Err(error) if !is_in_progress(&error) => Err(error),
        _ => Ok(socket.into()),
    }
}

fn is_in_progress(error: &io::Error) -> bool {
    // `EINPROGRESS` on Unix, for which std has no name yet.
    let in_progress = cfg!(unix) && !matches!(error.kind(), io::ErrorKind::ConnectionRefused);
    in_progress || error.kind() == io::ErrorKind::WouldBlock
}

impl Client for ThirdParty {
    fn poll(&mut self) -> State {
        self.stage = match mem::replace(&mut self.stage, Stage::Closed) {
            Stage::Opening(mid) => match mid.handshake() {
                Ok((socket, _)) => Stage::Open(socket),
                Err(HandshakeError::Interrupted(mid)) => Stage::Opening(mid),
                Err(HandshakeError::Failure(error)) => {
                    self.end = error.to_string();
                    Stage::Closed
                }
            },
            stage => stage,
        };
        match &mut self.stage {
            Stage::Opening(_) => State::Opening,
            Stage::Open(socket) => {
                // An error shows at the next read.
                let _ = socket.flush();
                State::Open
            }
            Stage::Closed => State::Closed,
        }
    }

    fn recv(&mut self) -> Option<Received> {
        loop {
            let Stage::Open(socket) = &mut self.stage else { return None };
            match socket.read() {
                Ok(Message::Text(text)) => return Some(Received::Text(text.to_string())),
                Ok(Message::Binary(bytes)) => return Some(Received::Binary(bytes.to_vec())),
                Ok(Message::Close(frame)) => self.end = format!("close frame {frame:?}"),
                Ok(_) => {}
                Err(Error::Io(error)) if error.kind() == io::ErrorKind::WouldBlock => return None,
                Err(Error::ConnectionClosed) => {
                    self.is_closed = true;
                    self.end("closed");
                }
                Err(error) => self.end(error),
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
            // An error shows at the next read.
            let _ = socket.close(Some(CloseFrame { code: 1000.into(), reason: "".into() }));
        }
    }

    fn arm_reset(&mut self) {
        if let Stage::Open(socket) = &self.stage {
            // A closed connection needs no reset.
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
            Stage::Closed => "closed",
        };
        format!("tungstenite, {stage}, {}", self.end)
    }
}
