//! The defaults of options that are read by the feature `serde`.

use std::cell::Cell;

use serde::{Deserialize, Deserializer};

use super::PeerOptions;

thread_local! {
    /// `true` while the options of a server's peers are read, whose missing fields have other defaults.
    static FOR_SERVER: Cell<bool> = const { Cell::new(false) };
}

/// The options that missing fields are taken from.
pub(crate) fn peer_defaults() -> PeerOptions {
    if FOR_SERVER.get() { PeerOptions::for_server() } else { PeerOptions::default() }
}

/// Reads [`PeerOptions`] whose defaults are those of [`PeerOptions::for_server`].
pub(crate) fn peer_options_for_server<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<PeerOptions, D::Error> {
    FOR_SERVER.set(true);
    let options = PeerOptions::deserialize(deserializer);
    FOR_SERVER.set(false);
    options
}
