//! The servers of the rooms: one for all of them, or one for each.

use std::{ffi::OsString, fs, net::SocketAddr, time::Duration};

use anyhow::{Context, Result};

use crate::{cores::Cores, server::Server};

/// The memory that must be left when a server for another room starts, in bytes.
const SPARE_MEMORY: u64 = 1 << 30;

/// The servers, all on the same core.
pub struct Hosts<'a> {
    servers: Vec<Server>,
    /// How to start another one, if each room has its own.
    more: Option<(Cores, &'a [OsString])>,
    rooms: usize,
}

impl<'a> Hosts<'a> {
    /// Starts a server for all rooms.
    ///
    /// # Errors
    /// It does not start.
    pub fn one(cores: Cores, command: &'a [OsString]) -> Result<Self> {
        let servers = vec![Server::start(cores, command)?];
        Ok(Self { servers, more: None, rooms: 0 })
    }

    /// Starts no server yet. Each room will have its own.
    pub fn for_each_room(cores: Cores, command: &'a [OsString]) -> Self {
        Self { servers: Vec::new(), more: Some((cores, command)), rooms: 0 }
    }

    /// Returns the addresses and paths of this number of new rooms. `None` if there is no memory for their servers.
    ///
    /// # Errors
    /// A server does not start.
    pub fn open(&mut self, rooms: usize) -> Result<Option<Vec<(SocketAddr, String)>>> {
        let mut places = Vec::with_capacity(rooms);
        for _ in 0..rooms {
            if let Some((cores, command)) = self.more {
                if available_memory()? < SPARE_MEMORY {
                    return Ok(None);
                }
                self.servers.push(Server::start(cores, command)?);
            }
            let server = self.servers.last().context("there is no server")?;
            places.push((server.addr(), format!("/room/{}", self.rooms)));
            self.rooms += 1;
        }
        Ok(Some(places))
    }

    /// Returns the CPU time of all servers.
    ///
    /// # Errors
    /// A server has exited.
    pub fn cpu_time(&self) -> Result<Duration> {
        self.servers.iter().map(Server::cpu_time).sum()
    }

    /// Returns the resident memory of all servers, in bytes. A page that several of them have counts once.
    ///
    /// # Errors
    /// A server has exited.
    pub fn memory(&self) -> Result<u64> {
        self.servers.iter().map(Server::proportional_memory).sum()
    }
}

fn available_memory() -> Result<u64> {
    let text = fs::read_to_string("/proc/meminfo").context("cannot read /proc/meminfo")?;
    let line = text.lines().find_map(|line| line.strip_prefix("MemAvailable:"));
    let kib = line.and_then(|line| line.trim().strip_suffix(" kB")).context("meminfo has no MemAvailable")?;
    Ok(kib.trim().parse::<u64>()? * 1024)
}
