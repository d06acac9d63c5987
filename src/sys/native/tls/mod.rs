//! Secure streams, where the feature `tls` is on; and the same names without it, which answer `Unsupported`.

#[cfg(feature = "tls")]
mod certificate;
#[cfg(feature = "tls")]
mod config;
#[cfg(feature = "tls")]
mod session;
#[cfg(feature = "tls")]
mod verifier;
#[cfg(not(feature = "tls"))]
mod without;
#[cfg(feature = "tls")]
mod words;

#[cfg(not(feature = "tls"))]
pub(super) use self::without::{Client, Server, Session, failure};
#[cfg(feature = "tls")]
pub(super) use self::{
    config::{Client, Server},
    session::{Session, failure},
};
