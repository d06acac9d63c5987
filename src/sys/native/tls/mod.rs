//! Secure streams, where the feature `tls` is on; and the same names without it, which answer `Unsupported`.

#[cfg(feature = "tls")]
mod config;
#[cfg(feature = "tls")]
mod session;
#[cfg(not(feature = "tls"))]
mod without;

use mio::net::TcpStream;

#[cfg(not(feature = "tls"))]
pub(super) use self::without::{Client, Server, Session, failure};
#[cfg(feature = "tls")]
pub(super) use self::{
    config::{Client, Server},
    session::{Session, failure},
};

/// A stream, secured or left as it was.
pub(super) enum Secured {
    Plain(TcpStream),
    Tls(Box<Session>),
}
