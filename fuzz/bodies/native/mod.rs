//! Fuzz targets for the bytes of untrusted peers, and for the options that limit them.

mod client_handshake;
mod frames;
mod options;
mod pieces;
mod reply;
mod server_handshake;

use crate::sys::FuzzTarget;

pub(crate) const TARGETS: &[FuzzTarget] = &[
    ("client_handshake", client_handshake::run),
    ("frames_of_client", frames::of_client),
    ("frames_of_server", frames::of_server),
    ("options", options::run),
    ("server_handshake", server_handshake::run),
];
