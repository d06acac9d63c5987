//! What can be called at a node: methods, who may call them, and what they take.
//!
//! The usual way is an enum of calls, written by [`rpc!`](crate::rpc!). What is not known when the program is compiled is
//! declared with [`Methods`] and [`Method`].

mod call_error;
mod checksum;
pub mod declare;
mod macros;
mod method;
mod methods;
mod parameter;

pub use call_error::CallError;
pub(crate) use checksum::NO_METHODS;
pub use method::{Caller, Method, TransferMode};
pub use methods::Methods;
pub use parameter::Parameter;
pub(crate) use parameter::{AcceptedType, convert_all};

use crate::variant::Variant;

/// The calls of a node's methods, as an enum: one variant a method, one field a parameter. It is written by
/// [`rpc!`](crate::rpc!):
///
/// ```
/// use websocket_peer::{multiplayer::Rpc, rpc, variant::Variant};
///
/// rpc! {
///     /// What the players of a room and its host say to each other.
///     #[derive(Debug, Clone, PartialEq)]
///     pub enum Lobby {
///         /// Somebody has come in.
///         AddPlayer { id: i64, name: Option<String> } = "add_player" [authority, call_local];
///         /// A player wants to roll the dice, or to pass.
///         RequestAction { action: String } = "request_action" [any_peer];
///         Ping = "ping" [any_peer];
///     }
/// }
///
/// // A call is a value …
/// let call = Lobby::AddPlayer { id: 7, name: None };
/// assert_eq!(call.into_call(), ("add_player", vec![Variant::Int(7)]));
///
/// // … and one that came is matched.
/// match Lobby::from_call("request_action", vec!["roll".into()])? {
///     Lobby::AddPlayer { id, name } => println!("{id} is here: {name:?}"),
///     Lobby::RequestAction { action } => assert_eq!(action, "roll"),
///     Lobby::Ping => {}
/// }
/// # Ok::<(), websocket_peer::multiplayer::CallError>(())
/// ```
///
/// In GDScript the other end would be
///
/// ```gdscript
/// @rpc("authority", "call_local") func add_player(id: int, name := "") -> void: …
/// @rpc("any_peer") func request_action(action: String) -> void: …
/// @rpc("any_peer") func ping() -> void: …
/// ```
///
/// Both ends have to declare the same names: by these alone are methods numbered, and calls of one would reach another.
///
/// Godot: the annotation `@rpc`.
pub trait Rpc: Sized {
    /// The methods, as they are declared.
    fn methods() -> Methods;

    /// The method's name and the arguments. Optional ones at the end that are `None` are left out.
    fn into_call(self) -> (&'static str, Vec<Variant>);

    /// The call with this name and these arguments.
    ///
    /// # Errors
    /// [`CallError`], when there is no such method, or it takes other arguments.
    fn from_call(method: &str, arguments: Vec<Variant>) -> Result<Self, CallError>;
}
