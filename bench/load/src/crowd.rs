//! Many connections, driven by one thread.

use std::{
    io::ErrorKind,
    net::SocketAddr,
    rc::Rc,
    time::{Duration, Instant},
};

use anyhow::{Result, ensure};
use mio::{Events, Poll, Token};

use crate::{connection::Connection, ring::Ring};

/// How many handshakes are under way at a time, unless it is said. Servers have a right to refuse a stampede.
const JOINING: usize = 64;

/// How long the server may be silent while something is due from it.
const PATIENCE: Duration = Duration::from_secs(20);

/// The clients of one server.
pub struct Crowd {
    addr: SocketAddr,
    ring: Rc<Ring>,
    joining: usize,
    poll: Poll,
    events: Events,
    connections: Vec<Connection>,
    buffer: Vec<u8>,
    /// When anything last came.
    heard: Instant,
}

impl Crowd {
    /// Nobody yet. Whoever joins has this ring, until he is given another one.
    ///
    /// # Errors
    /// The system has no descriptor left.
    pub fn new(addr: SocketAddr, ring: Ring) -> Result<Self> {
        Ok(Self {
            addr,
            ring: Rc::new(ring),
            joining: JOINING,
            poll: Poll::new()?,
            events: Events::with_capacity(1024),
            connections: Vec::new(),
            buffer: vec![0; 256 * 1024],
            heard: Instant::now(),
        })
    }

    /// Lets no more than so many join at a time.
    #[must_use]
    pub fn joining(self, joining: usize) -> Self {
        Self { joining, ..self }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.connections.len()
    }

    /// Whether nobody is there.
    pub fn is_empty(&self) -> bool {
        self.connections.is_empty()
    }

    /// Adds so many, and returns when all of them are open.
    ///
    /// # Errors
    /// The server refuses one.
    pub fn join(&mut self, count: usize) -> Result<()> {
        self.join_with_prelude(count, 0)
    }

    /// The same where the server has something to say to each of them before the ring's messages, so many bytes.
    ///
    /// # Errors
    /// The server refuses one.
    pub fn join_with_prelude(&mut self, count: usize, prelude: usize) -> Result<()> {
        let (start, end) = (self.len(), self.len() + count);
        self.heard = Instant::now();
        loop {
            // They open in about the order in which they came, so the first that is not open is near the end.
            let first = self.connections[start..].iter().position(|connection| !connection.is_open());
            let settled = first.map_or(self.len(), |first| start + first);
            if settled == end {
                return Ok(());
            }
            while self.len() < end.min(settled + self.joining) {
                let token = Token(self.len());
                let (registry, ring) = (self.poll.registry(), self.ring.clone());
                let mut connection = Connection::begin(self.addr, registry, token, ring)?;
                connection.expect_prelude(prelude);
                self.connections.push(connection);
            }
            self.turn(PATIENCE, |_, _| 0)?;
            self.insist()?;
        }
    }

    /// Each of them.
    pub fn connections(&mut self) -> &mut [Connection] {
        &mut self.connections
    }

    /// Returns when all have heard what the server had to say first.
    ///
    /// # Errors
    /// The server does not say it.
    pub fn hear_preludes(&mut self) -> Result<()> {
        self.heard = Instant::now();
        while !self.connections.iter().all(|connection| connection.prelude().is_some()) {
            self.turn(PATIENCE, |_, _| 0)?;
            self.insist()?;
        }
        Ok(())
    }

    /// Lets one connection send, at once.
    ///
    /// # Errors
    /// It is lost.
    pub fn send(&mut self, index: usize, messages: u64) -> Result<()> {
        let connection = &mut self.connections[index];
        connection.grant(messages);
        connection.write()
    }

    /// Waits for something to happen and deals with it. `completed` hears of each connection that got messages and how many,
    /// and says how many more it may send.
    ///
    /// # Errors
    /// A connection is lost, or got what was not sent.
    pub fn turn(&mut self, wait: Duration, mut completed: impl FnMut(usize, u64) -> u64) -> Result<()> {
        match self.poll.poll(&mut self.events, Some(wait)) {
            Err(error) if error.kind() == ErrorKind::Interrupted => return Ok(()),
            polled => polled?,
        }
        if !self.events.is_empty() {
            self.heard = Instant::now();
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

    /// Returns when so many messages have come.
    ///
    /// # Errors
    /// They do not come.
    pub fn hear(&mut self, mut messages: u64) -> Result<()> {
        self.heard = Instant::now();
        while messages > 0 {
            self.turn(Duration::from_millis(100), |_, heard| {
                messages -= heard;
                0
            })?;
            self.insist()?;
        }
        Ok(())
    }

    /// Deals with whatever happens for so long, which should be next to nothing.
    ///
    /// # Errors
    /// Those of [`turn`](Self::turn).
    pub fn rest(&mut self, time: Duration) -> Result<()> {
        let end = Instant::now() + time;
        while let Some(left) = end.checked_duration_since(Instant::now()) {
            self.turn(left, |_, _| 0)?;
        }
        Ok(())
    }

    /// # Errors
    /// Nothing has come for long.
    pub fn insist(&self) -> Result<()> {
        ensure!(self.heard.elapsed() < PATIENCE, "the server has not answered for {} s", PATIENCE.as_secs());
        Ok(())
    }
}
