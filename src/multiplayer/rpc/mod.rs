//! Remote procedure calls: the methods of a node, their callers and parameters.
//!
//! Usually a program declares its calls as an enum with [`rpc!`](crate::rpc!). Methods that are not known at compile
//! time are declared with [`Methods`] and [`Method`].

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

/// The calls of a node's methods as an enum: a variant per method, a field per parameter. [`rpc!`](crate::rpc!)
/// implements it:
///
/// ```
/// use websocket_peer::{multiplayer::Rpc, rpc, variant::Variant};
///
/// rpc! {
///     /// The calls between the players of a room and its host.
///     #[derive(Debug, Clone, PartialEq)]
///     pub enum Lobby {
///         /// A player has joined.
///         AddPlayer { id: i64, name: Option<String> } = "add_player" [authority, call_local];
///         /// A player asks to roll the dice, or to pass.
///         RequestAction { action: String } = "request_action" [any_peer];
///         Ping = "ping" [any_peer];
///     }
/// }
///
/// // A call to send is a value.
/// let call = Lobby::AddPlayer { id: 7, name: None };
/// assert_eq!(call.into_call(), ("add_player", vec![Variant::Int(7)]));
///
/// // A received call is matched.
/// match Lobby::from_call("request_action", vec!["roll".into()])? {
///     Lobby::AddPlayer { id, name } => println!("{id} has joined: {name:?}"),
///     Lobby::RequestAction { action } => assert_eq!(action, "roll"),
///     Lobby::Ping => {}
/// }
/// # Ok::<(), websocket_peer::multiplayer::CallError>(())
/// ```
///
/// The other end in GDScript:
///
/// ```gdscript
/// @rpc("authority", "call_local") func add_player(id: int, name := "") -> void: …
/// @rpc("any_peer") func request_action(action: String) -> void: …
/// @rpc("any_peer") func ping() -> void: …
/// ```
///
/// Both ends must declare the same names. The numbers of methods follow from the names, so with different names a call
/// would reach another method.
///
/// Godot: the annotation `@rpc`.
pub trait Rpc: Sized {
    /// Returns the declared methods.
    fn methods() -> Methods;

    /// Converts the call to a method name and arguments. Optional arguments at the end that are `None` are left out.
    fn into_call(self) -> (&'static str, Vec<Variant>);

    /// Converts a method name and arguments to a call.
    ///
    /// # Errors
    /// [`CallError`] if there is no such method, or it does not accept the arguments.
    fn from_call(method: &str, arguments: Vec<Variant>) -> Result<Self, CallError>;
}
