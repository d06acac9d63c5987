//! The command line of the servers, and the line with their address.

use std::{error::Error, net::SocketAddr, path::PathBuf, time::Duration};

use lexopt::{Arg, Parser, ValueExt};

/// The result of a server.
pub type Outcome = Result<(), Box<dyn Error>>;

/// `ADDR [--max-message BYTES] [--hz N] [--broadcast] [--tls CERTIFICATE KEY]`
#[derive(Debug)]
pub struct Args {
    /// The address to listen on.
    pub addr: String,
    /// The largest message accepted, in bytes.
    pub max_message: usize,
    /// The time per frame, for a server that polls its sockets once per frame.
    pub frame: Option<Duration>,
    /// `true` if each message goes to every peer instead of only its sender.
    pub broadcast: bool,
    /// The PEM files of a server with TLS.
    pub tls: Option<[PathBuf; 2]>,
}

impl Args {
    /// Reads the command line.
    ///
    /// # Errors
    /// The command line is invalid.
    pub fn parse() -> Result<Self, lexopt::Error> {
        let mut parser = Parser::from_env();
        let mut args =
            Self { addr: String::new(), max_message: 64 * 1024, frame: None, broadcast: false, tls: None };
        while let Some(argument) = parser.next()? {
            match argument {
                Arg::Value(addr) if args.addr.is_empty() => args.addr = addr.string()?,
                Arg::Long("max-message") => args.max_message = parser.value()?.parse()?,
                Arg::Long("hz") => {
                    let hz: u32 = parser.value()?.parse()?;
                    args.frame = Some(Duration::from_secs(1) / hz.max(1));
                }
                Arg::Long("broadcast") => args.broadcast = true,
                Arg::Long("tls") => args.tls = Some([parser.value()?.into(), parser.value()?.into()]),
                other => return Err(other.unexpected()),
            }
        }
        if args.addr.is_empty() {
            return Err("an address to listen on is missing".into());
        }
        Ok(args)
    }

    /// Reads the command line of a server that waits for events and has no frames: `--hz` is accepted and ignored.
    ///
    /// # Errors
    /// The command line is invalid, or has `--broadcast`.
    pub fn parse_for_events() -> Result<Self, lexopt::Error> {
        let args = Self::parse()?;
        if args.broadcast {
            return Err("this server only echoes".into());
        }
        Ok(args)
    }
}

/// Prints the server's address, which the load waits for.
pub fn announce(addr: SocketAddr) {
    println!("Listening on ws://{addr}");
}
