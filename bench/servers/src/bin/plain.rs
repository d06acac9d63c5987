//! An efficient loop on tungstenite, written by hand: one thread, non-blocking sockets, 16 KiB buffers, collected
//! replies and one flush per pass. With `--hz` it polls every socket in every frame, as most game loops do.

use std::{
    io::{ErrorKind, Result as IoResult},
    thread,
    time::{Duration, Instant},
};

use mio::{
    Events, Interest, Poll, Token,
    net::{TcpListener, TcpStream},
};
use servers::{Args, Outcome, announce};
use slab::Slab;
use tungstenite::{
    Error, HandshakeError, Message, WebSocket, accept_with_config,
    handshake::{MidHandshake, server::NoCallback, server::ServerHandshake},
    protocol::WebSocketConfig,
};

const BUFFER: usize = 16 * 1024;
const LISTENER: Token = Token(usize::MAX);

fn main() -> Outcome {
    let args = Args::parse()?;
    let listener = TcpListener::bind(args.addr.parse()?)?;
    announce(listener.local_addr()?);
    let config = WebSocketConfig::default()
        .read_buffer_size(BUFFER)
        .write_buffer_size(BUFFER)
        .max_message_size(Some(args.max_message))
        .max_frame_size(Some(args.max_message));
    let server =
        Server { listener, config, peers: Slab::new(), broadcast: args.broadcast, pending: Vec::new() };
    match args.frame {
        Some(frame) => server.run_by_frames(frame),
        None => server.run_by_events(),
    }
}

struct Server {
    listener: TcpListener,
    config: WebSocketConfig,
    peers: Slab<Peer>,
    broadcast: bool,
    /// The messages to broadcast at the end of the pass.
    pending: Vec<Message>,
}

enum Peer {
    /// `None` only while the handshake is being continued.
    Connecting(Option<Box<Handshake>>),
    Open(Box<WebSocket<TcpStream>>),
}

type Handshake = MidHandshake<ServerHandshake<TcpStream, NoCallback>>;

impl Server {
    fn run_by_events(mut self) -> Outcome {
        let mut poll = Poll::new()?;
        let mut events = Events::with_capacity(1024);
        poll.registry().register(&mut self.listener, LISTENER, Interest::READABLE)?;
        loop {
            match poll.poll(&mut events, None) {
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                polled => polled?,
            }
            for event in &events {
                match event.token() {
                    LISTENER => {
                        while let Some(mut stream) = self.accept()? {
                            let token = Token(self.peers.vacant_key());
                            let interest = Interest::READABLE | Interest::WRITABLE;
                            poll.registry().register(&mut stream, token, interest)?;
                            self.add_peer(stream);
                        }
                    }
                    Token(key) => self.serve(key),
                }
            }
            self.send_pending();
        }
    }

    fn run_by_frames(mut self, frame: Duration) -> Outcome {
        let mut next = Instant::now();
        loop {
            while let Some(stream) = self.accept()? {
                self.add_peer(stream);
            }
            // Unused keys cost almost nothing.
            for key in 0..self.peers.capacity() {
                self.serve(key);
            }
            self.send_pending();
            // A late frame is not made up for.
            next = (next + frame).max(Instant::now());
            thread::sleep(next.saturating_duration_since(Instant::now()));
        }
    }

    fn accept(&self) -> IoResult<Option<TcpStream>> {
        match self.listener.accept() {
            Ok((stream, _)) => {
                stream.set_nodelay(true)?;
                Ok(Some(stream))
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn add_peer(&mut self, stream: TcpStream) {
        let outcome = accept_with_config(stream, Some(self.config));
        if let Some(peer) = Peer::from_handshake(outcome) {
            let key = self.peers.insert(peer);
            self.serve(key);
        }
    }

    /// Reads and answers everything that one peer has sent.
    fn serve(&mut self, key: usize) {
        self.continue_handshake(key);
        let Some(Peer::Open(socket)) = self.peers.get_mut(key) else { return };
        let pending = self.broadcast.then_some(&mut self.pending);
        if read_all(socket, pending).and_then(|()| flush(socket)).is_err() {
            self.peers.remove(key);
        }
    }

    /// Continues an unfinished handshake.
    fn continue_handshake(&mut self, key: usize) {
        let Some(peer) = self.peers.get_mut(key) else { return };
        let Peer::Connecting(handshake) = peer else { return };
        match handshake.take().and_then(|handshake| Peer::from_handshake(handshake.handshake())) {
            Some(later) => *peer = later,
            None => drop(self.peers.remove(key)),
        }
    }

    fn send_pending(&mut self) {
        if self.pending.is_empty() {
            return;
        }
        self.peers.retain(|_, peer| {
            let Peer::Open(socket) = peer else { return true };
            let written = self.pending.iter().try_for_each(|message| write(socket, message.clone()));
            written.and_then(|()| flush(socket)).is_ok()
        });
        self.pending.clear();
    }
}

type HandshakeOutcome = Result<WebSocket<TcpStream>, HandshakeError<ServerHandshake<TcpStream, NoCallback>>>;

impl Peer {
    fn from_handshake(outcome: HandshakeOutcome) -> Option<Self> {
        match outcome {
            Ok(socket) => Some(Self::Open(Box::new(socket))),
            Err(HandshakeError::Interrupted(handshake)) => Some(Self::Connecting(Some(Box::new(handshake)))),
            Err(HandshakeError::Failure(_)) => None,
        }
    }
}

/// Reads until the socket is empty. Each message is echoed, or added to `pending`.
fn read_all(socket: &mut WebSocket<TcpStream>, mut pending: Option<&mut Vec<Message>>) -> Result<(), Error> {
    loop {
        match unless_blocked(socket.read())? {
            Some(message @ (Message::Text(_) | Message::Binary(_))) => match &mut pending {
                Some(pending) => pending.push(message),
                None => write(socket, message)?,
            },
            // tungstenite answers pings and closes.
            Some(_) => {}
            None => return Ok(()),
        }
    }
}

/// Writes a message. tungstenite keeps what the kernel does not take yet.
fn write(socket: &mut WebSocket<TcpStream>, message: Message) -> Result<(), Error> {
    unless_blocked(socket.write(message)).map(|_| ())
}

fn flush(socket: &mut WebSocket<TcpStream>) -> Result<(), Error> {
    unless_blocked(socket.flush()).map(|_| ())
}

fn unless_blocked<T>(done: Result<T, Error>) -> Result<Option<T>, Error> {
    match done {
        Ok(value) => Ok(Some(value)),
        Err(Error::Io(error)) if error.kind() == ErrorKind::WouldBlock => Ok(None),
        Err(error) => Err(error),
    }
}
