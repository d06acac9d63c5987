//! The chat server that the page's `ChatClient`s join.

use anyhow::Result;
use chat::{ChatServer, Mode};

use super::host::{Host, STEP};

pub fn host(mode: Mode) -> Result<Host> {
    let mut server = ChatServer::bind("127.0.0.1:0", mode)?;
    Host::run(server.local_addr()?, move || drop(server.frame(STEP)))
}
