#![doc = include_str!("../README.md")]
#![doc(test(attr(deny(warnings))))]

mod clock;
mod close;
mod error;
mod link;
mod options;
mod outbox;
mod packet;
mod peer;
mod state;
mod stats;
mod sys;
mod url;

#[cfg(feature = "js")]
mod js;

pub use close::{CloseCause, CloseCode, CloseInfo, Deadline, TlsFailure};
pub use error::Error;
pub use options::{Options, TlsIdentity, TlsOptions, TlsRoots};
pub use packet::{Packet, PacketKind};
pub use peer::WebSocketPeer;
pub use state::ReadyState;
pub use stats::Stats;

/// A peer can be kept wherever a game keeps its things, on every platform.
const _: () = {
    const fn is_send_and_sync<T: Send + Sync>() {}
    is_send_and_sync::<WebSocketPeer>();
    is_send_and_sync::<Packet>();
    is_send_and_sync::<Error>();
};
