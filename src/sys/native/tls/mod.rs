//! TLS streams, with the feature `tls`. Without it the same names return `Unsupported`.

#[cfg(feature = "tls")]
mod certificate;
#[cfg(feature = "tls")]
mod config;
#[cfg(not(feature = "tls"))]
mod disabled;
#[cfg(feature = "tls")]
mod errors;
#[cfg(feature = "tls")]
mod stream;
#[cfg(feature = "tls")]
mod verifier;

#[cfg(not(feature = "tls"))]
pub(super) use self::disabled::{Client, Server, TlsStream, failure};
#[cfg(feature = "tls")]
pub(super) use self::{
    config::{Client, Server},
    stream::{TlsStream, failure},
};
