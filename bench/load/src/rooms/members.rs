//! The clients of all rooms, driven by one thread.

use std::{
    io::ErrorKind,
    net::SocketAddr,
    time::{Duration, Instant},
};

use anyhow::{Result, ensure};
use mio::{Events, Poll, Token};

use super::member::Member;

/// The number of clients that join at a time. Servers limit pending connections.
const JOINING: usize = 64;

/// The deadline for clients to join.
const TIMEOUT: Duration = Duration::from_secs(30);

/// The clients of all rooms, each room with the same number. A room's clients follow each other.
pub struct Members {
    poll: Poll,
    events: Events,
    list: Vec<Member>,
    /// The number of clients in each room.
    each: usize,
    buffer: Vec<u8>,
}

impl Members {
    /// Makes rooms without clients. Each will have `each` of them.
    ///
    /// # Errors
    /// The system has no descriptor left.
    pub fn new(each: usize) -> Result<Self> {
        Ok(Self {
            poll: Poll::new()?,
            events: Events::with_capacity(1024),
            list: Vec::new(),
            each,
            buffer: vec![0; 256 * 1024],
        })
    }

    /// The number of clients.
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// Returns `true` if there are no clients.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// The number of rooms.
    pub fn rooms(&self) -> usize {
        self.list.len() / self.each
    }

    /// The number of clients in each room.
    pub fn each(&self) -> usize {
        self.each
    }

    /// Returns the room of a client.
    pub fn room_of(&self, index: usize) -> usize {
        index / self.each
    }

    /// Returns the number of connections that have ended.
    pub fn gone(&self) -> usize {
        self.list.iter().filter(|member| member.is_gone()).count()
    }

    /// Returns the clients' ids, in the order of the list.
    pub fn ids(&self) -> Vec<i32> {
        self.list.iter().map(|member| member.id().unwrap_or_default()).collect()
    }

    /// Adds a room with its clients for each address and path. Returns when each client has been announced to the
    /// others of its room.
    ///
    /// # Errors
    /// A client is rejected, or is not announced in time.
    pub fn join(&mut self, rooms: &[(SocketAddr, String)]) -> Result<()> {
        let (start, end) = (self.list.len(), self.list.len() + rooms.len() * self.each);
        let deadline = Instant::now() + TIMEOUT;
        loop {
            let joining = self.list[start..].iter().filter(|member| member.id().is_none()).count();
            let missing = self.list[start..].iter().filter(|member| member.others() != self.each - 1).count();
            if self.list.len() == end && missing == 0 {
                return Ok(());
            }
            for _ in joining..JOINING.min(joining + end - self.list.len()) {
                let index = self.list.len();
                let (addr, path) = &rooms[(index - start) / self.each];
                self.list.push(Member::begin(*addr, path, self.poll.registry(), Token(index))?);
            }
            self.poll_once(Duration::from_millis(100), |_, _| Ok(()))?;
            ensure!(self.gone() == 0, "the server closed a connection while clients joined");
            ensure!(Instant::now() < deadline, "{missing} clients do not know all others of their room");
        }
    }

    /// Returns `true` if each client knows all others of its room.
    pub fn all_know_each_other(&self) -> bool {
        self.list.iter().all(|member| member.others() == self.each - 1)
    }

    /// Sends a frame on one connection.
    pub fn send(&mut self, index: usize, frame: &[u8]) {
        self.list[index].send(frame);
    }

    /// Waits for events and handles them. `on_relayed` gets the index of a client and each packet that another one has
    /// sent to it.
    ///
    /// # Errors
    /// A connection was refused, the server sent an unexpected packet, or `on_relayed` fails.
    pub fn poll_once(
        &mut self,
        wait: Duration,
        mut on_relayed: impl FnMut(usize, &[u8]) -> Result<()>,
    ) -> Result<()> {
        match self.poll.poll(&mut self.events, Some(wait)) {
            Err(error) if error.kind() == ErrorKind::Interrupted => return Ok(()),
            polled => polled?,
        }
        for event in &self.events {
            let index = event.token().0;
            let member = &mut self.list[index];
            if event.is_writable() {
                member.on_writable()?;
            }
            if event.is_readable() {
                member.read(&mut self.buffer, |packet| on_relayed(index, packet))?;
            }
        }
        Ok(())
    }

    /// Handles events for this time. Packets of other clients are ignored.
    ///
    /// # Errors
    /// Those of [`poll_once`](Self::poll_once).
    pub fn poll_for(&mut self, time: Duration) -> Result<()> {
        let end = Instant::now() + time;
        while let Some(left) = end.checked_duration_since(Instant::now()) {
            self.poll_once(left, |_, _| Ok(()))?;
        }
        Ok(())
    }
}
