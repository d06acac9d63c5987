//! One file for each kind of threat.

#[cfg(target_os = "linux")]
mod descriptors;
mod floods;
mod memory;
mod messages;
mod origins;
mod peer_limits;
mod requests;
mod rfc6455;
mod slow_loris;
#[cfg(feature = "tls")]
mod tls;
