#![doc = include_str!("../README.md")]
#![doc(test(attr(deny(warnings))))]

mod admission;
mod clock;
mod close;
mod error;
mod http;
mod link;
mod options;
mod packet;
mod peer;
mod rate;
mod request;
mod send_accounting;
mod server;
mod shared_bytes;
mod state;
mod stats;
mod sys;
mod upgraded;
mod url;

pub mod multiplayer;
pub mod variant;

/// The guide: its examples are compiled and run.
#[cfg(doctest)]
#[doc = include_str!("../docs/godot.md")]
mod guide {}

#[cfg(feature = "_fuzz")]
#[doc(hidden)]
#[path = "../fuzz/bodies/mod.rs"]
pub mod fuzz;
#[cfg(feature = "js")]
mod js;

pub use admission::Admission;
pub use close::{CloseCause, CloseCode, CloseInfo, Limit, Timeout, TlsFailure};
pub use error::Error;
pub use options::{
    Liveness, OriginPolicy, PeerOptions, RateLimits, SendOverflow, ServerOptions, TlsCertificate, TlsOptions,
    TlsRoots,
};
pub use packet::{Packet, PacketKind};
pub use peer::WebSocketPeer;
pub use request::Request;
pub use server::{PeerInfo, PeerKey, ServerEvent, WebSocketServer};
pub use state::ReadyState;
pub use stats::{ServerStats, Stats};
pub use upgraded::{Role, UpgradedStream};

/// A peer can be kept wherever a game keeps its things, on every platform.
const _: () = {
    const fn is_send_and_sync<T: Send + Sync>() {}
    is_send_and_sync::<WebSocketPeer>();
    is_send_and_sync::<WebSocketServer>();
    is_send_and_sync::<UpgradedStream>();
    is_send_and_sync::<Packet>();
    is_send_and_sync::<multiplayer::MultiplayerPeer>();
    is_send_and_sync::<multiplayer::Session>();
    is_send_and_sync::<variant::Variant>();
    is_send_and_sync::<Error>();
};
