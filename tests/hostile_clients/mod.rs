//! One file for each kind of threat.

#[cfg(target_os = "linux")]
mod descriptors;
mod duties;
mod floods;
mod memory;
mod messages;
mod origins;
mod places;
mod requests;
mod slow_loris;
#[cfg(feature = "tls")]
mod tls;
