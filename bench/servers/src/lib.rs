//! What the servers have in common: the command line, and the line that says where they listen.

use std::{error::Error, net::SocketAddr, time::Duration};

use lexopt::{Arg, Parser, ValueExt};

/// Whatever may end a server.
pub type Outcome = Result<(), Box<dyn Error>>;

/// `ADDR [--max-message BYTES] [--hz N] [--broadcast]`
#[derive(Debug)]
pub struct Args {
    /// Where to listen.
    pub addr: String,
    /// The largest message that is taken, in bytes.
    pub max_message: usize,
    /// How long a frame lasts, for a server that looks at its sockets once a frame.
    pub frame: Option<Duration>,
    /// Each message goes to every peer, rather than back to its sender only.
    pub broadcast: bool,
}

impl Args {
    /// Reads the command line.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse() -> Result<Self, lexopt::Error> {
        let mut parser = Parser::from_env();
        let mut args = Self { addr: String::new(), max_message: 64 * 1024, frame: None, broadcast: false };
        while let Some(argument) = parser.next()? {
            match argument {
                Arg::Value(addr) if args.addr.is_empty() => args.addr = addr.string()?,
                Arg::Long("max-message") => args.max_message = parser.value()?.parse()?,
                Arg::Long("hz") => {
                    let hz: u32 = parser.value()?.parse()?;
                    args.frame = Some(Duration::from_secs(1) / hz.max(1));
                }
                Arg::Long("broadcast") => args.broadcast = true,
                other => return Err(other.unexpected()),
            }
        }
        if args.addr.is_empty() {
            return Err("an address to listen on is missing".into());
        }
        Ok(args)
    }

    /// For a server that waits for events and has no frames: `--hz` is allowed, and changes nothing.
    ///
    /// # Errors
    /// What is wrong with the command line; `--broadcast` is.
    pub fn parse_for_events() -> Result<Self, lexopt::Error> {
        let args = Self::parse()?;
        if args.broadcast {
            return Err("this server only echoes".into());
        }
        Ok(args)
    }
}

/// Says where the server listens; whoever started it waits for this line.
pub fn announce(addr: SocketAddr) {
    println!("Listening on ws://{addr}");
}
