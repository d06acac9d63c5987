//! Many connections, driven by one thread.

use std::{
    io::ErrorKind,
    net::SocketAddr,
    rc::Rc,
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Result, ensure};
use mio::{Events, Poll, Token};
use rustls::ClientConfig;

use crate::{connection::Connection, ring::Ring};

/// The default number of concurrent handshakes. Servers may limit pending connections.
const JOINING: usize = 64;

/// The deadline for expected data from the server.
const TIMEOUT: Duration = Duration::from_secs(20);

/// The clients of one server.
pub struct ClientPool {
    addr: SocketAddr,
    ring: Rc<Ring>,
    tls: Option<Arc<ClientConfig>>,
    joining: usize,
    poll: Poll,
    events: Events,
    connections: Vec<Connection>,
    buffer: Vec<u8>,
    /// The time of the last event.
    last_event: Instant,
}

impl ClientPool {
    /// Creates an empty pool. Each client that joins has this ring until it gets another one.
    ///
    /// # Errors
    /// The system has no descriptor left.
    pub fn new(addr: SocketAddr, ring: Ring) -> Result<Self> {
        Ok(Self {
            addr,
            ring: Rc::new(ring),
            tls: None,
            joining: JOINING,
            poll: Poll::new()?,
            events: Events::with_capacity(1024),
            connections: Vec::new(),
            buffer: vec![0; 256 * 1024],
            last_event: Instant::now(),
        })
    }

    /// Sets the number of clients that join at a time.
    #[must_use]
    pub fn joining(self, joining: usize) -> Self {
        Self { joining, ..self }
    }

    /// Lets the clients connect over TLS.
    #[must_use]
    pub fn over_tls(self, tls: Option<Arc<ClientConfig>>) -> Self {
        Self { tls, ..self }
    }

    /// The number of clients.
    pub fn len(&self) -> usize {
        self.connections.len()
    }

    /// Returns `true` if there are no clients.
    pub fn is_empty(&self) -> bool {
        self.connections.is_empty()
    }

    /// Adds clients, and returns when all of them are open.
    ///
    /// # Errors
    /// The server rejects one.
    pub fn join(&mut self, count: usize) -> Result<()> {
        self.join_with_prelude(count, 0)
    }

    /// Adds clients to each of which the server sends `prelude` bytes before the ring's messages.
    ///
    /// # Errors
    /// The server rejects one.
    pub fn join_with_prelude(&mut self, count: usize, prelude: usize) -> Result<()> {
        let (start, end) = (self.len(), self.len() + count);
        self.last_event = Instant::now();
        loop {
            // They open roughly in order, so the first one that is not open is near the end.
            let first = self.connections[start..].iter().position(|connection| !connection.is_open());
            let opened = first.map_or(self.len(), |first| start + first);
            if opened == end {
                return Ok(());
            }
            while self.len() < end.min(opened + self.joining) {
                let token = Token(self.len());
                let (registry, ring) = (self.poll.registry(), self.ring.clone());
                let mut connection = Connection::begin(self.addr, registry, token, ring, self.tls.clone())?;
                connection.expect_prelude(prelude);
                self.connections.push(connection);
            }
            self.poll_once(TIMEOUT, |_, _| 0)?;
            self.check_timeout()?;
        }
    }

    /// The clients.
    pub fn connections(&mut self) -> &mut [Connection] {
        &mut self.connections
    }

    /// Returns when all clients have received their prelude.
    ///
    /// # Errors
    /// The server does not send one.
    pub fn receive_preludes(&mut self) -> Result<()> {
        self.last_event = Instant::now();
        while !self.connections.iter().all(|connection| connection.prelude().is_some()) {
            self.poll_once(TIMEOUT, |_, _| 0)?;
            self.check_timeout()?;
        }
        Ok(())
    }

    /// Sends messages on one connection at once.
    ///
    /// # Errors
    /// The connection is lost.
    pub fn send(&mut self, index: usize, messages: u64) -> Result<()> {
        let connection = &mut self.connections[index];
        connection.grant(messages);
        connection.write()
    }

    /// Waits for events and handles them. `completed` gets the index of each connection that received messages, and
    /// their number. It returns the number of messages that the connection may send in addition.
    ///
    /// # Errors
    /// A connection is lost, or a received byte is wrong.
    pub fn poll_once(&mut self, wait: Duration, mut completed: impl FnMut(usize, u64) -> u64) -> Result<()> {
        match self.poll.poll(&mut self.events, Some(wait)) {
            Err(error) if error.kind() == ErrorKind::Interrupted => return Ok(()),
            polled => polled?,
        }
        if !self.events.is_empty() {
            self.last_event = Instant::now();
        }
        for event in &self.events {
            let index = event.token().0;
            let connection = &mut self.connections[index];
            if event.is_writable() && !connection.is_open() {
                connection.check_connected()?;
            }
            if event.is_readable() {
                let messages = connection.read(&mut self.buffer)?;
                if messages > 0 {
                    connection.grant(completed(index, messages));
                }
            }
            connection.write()?;
        }
        Ok(())
    }

    /// Returns when this number of messages has arrived.
    ///
    /// # Errors
    /// They do not arrive.
    pub fn receive(&mut self, mut messages: u64) -> Result<()> {
        self.last_event = Instant::now();
        while messages > 0 {
            self.poll_once(Duration::from_millis(100), |_, received| {
                messages -= received;
                0
            })?;
            self.check_timeout()?;
        }
        Ok(())
    }

    /// Handles events for this time. Few are expected.
    ///
    /// # Errors
    /// Those of [`poll_once`](Self::poll_once).
    pub fn poll_for(&mut self, time: Duration) -> Result<()> {
        let end = Instant::now() + time;
        while let Some(left) = end.checked_duration_since(Instant::now()) {
            self.poll_once(left, |_, _| 0)?;
        }
        Ok(())
    }

    /// Checks that the last event is recent.
    ///
    /// # Errors
    /// It is not.
    pub fn check_timeout(&self) -> Result<()> {
        ensure!(
            self.last_event.elapsed() < TIMEOUT,
            "the server has not answered for {} s",
            TIMEOUT.as_secs()
        );
        Ok(())
    }
}
