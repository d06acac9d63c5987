//! Godot's high-level multiplayer: ids, relay, authentication and remote calls between peers.

mod event;
mod id;
mod node;
mod options;
mod output;
mod paths;
mod peer;
mod refusal;
mod rpc;
mod session;
mod stats;
pub(crate) mod wire;

pub use event::{AuthFailure, Call, Departure, Event};
pub use id::{PeerId, Target};
pub use node::{Node, NodeKey};
pub use options::SessionOptions;
pub use output::{Output, Recipients};
pub use peer::{MultiplayerOptions, MultiplayerPeer, SessionGuard};
pub use refusal::Refusal;
#[doc(hidden)]
pub use rpc::declare;
pub use rpc::{Caller, Method, Methods, Parameter, Rpc, TransferMode, WrongCall};
pub use session::{ConnectionStatus, Session};
pub use stats::SessionStats;
pub use wire::{BadArgument, Malformed};
