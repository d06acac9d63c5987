//! The declaration of a method.

use std::borrow::Cow;

use super::{
    call_error::CallError,
    parameter::{Parameter, convert_all},
};
use crate::variant::Variant;

/// The peers that may call a method.
///
/// Godot: `MultiplayerAPI.RPCMode`.
#[doc(alias = "RPCMode")]
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Caller {
    /// Every peer.
    ///
    /// Godot: `RPC_MODE_ANY_PEER`.
    #[doc(alias = "RPC_MODE_ANY_PEER")]
    AnyPeer,
    /// The node's authority. Default: the server.
    ///
    /// Godot: `RPC_MODE_AUTHORITY`.
    #[doc(alias = "RPC_MODE_AUTHORITY")]
    #[default]
    Authority,
    /// No peer.
    ///
    /// Godot: `RPC_MODE_DISABLED`.
    #[doc(alias = "RPC_MODE_DISABLED")]
    Disabled,
}

/// How calls are transferred.
///
/// A session passes it to its transport in [`Output::Send`](crate::multiplayer::Output::Send). Platform: a WebSocket
/// transfers everything reliably and in order.
///
/// Godot: `MultiplayerPeer.TransferMode`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum TransferMode {
    /// Calls may be lost or reordered.
    ///
    /// Godot: `TRANSFER_MODE_UNRELIABLE`.
    #[doc(alias = "TRANSFER_MODE_UNRELIABLE")]
    Unreliable,
    /// Calls may be lost, but are not reordered.
    ///
    /// Godot: `TRANSFER_MODE_UNRELIABLE_ORDERED`.
    #[doc(alias = "TRANSFER_MODE_UNRELIABLE_ORDERED")]
    UnreliableOrdered,
    /// All calls arrive, in order.
    ///
    /// Godot: `TRANSFER_MODE_RELIABLE`.
    #[doc(alias = "TRANSFER_MODE_RELIABLE")]
    #[default]
    Reliable,
}

/// The declaration of one method.
///
/// ```
/// use websocket_peer::{
///     multiplayer::{Method, Parameter, CallError},
///     variant::Variant,
/// };
///
/// let roll = Method::new("roll")
///     .any_peer()
///     .parameter(Parameter::of::<i64>("sides"))
///     .parameter(Parameter::of::<String>("why").optional());
///
/// assert_eq!(roll.check(&[Variant::Int(6)]), Ok(()));
/// assert_eq!(roll.check(&[]), Err(CallError::ArgumentCount { min: 1, max: 2, found: 0 }));
/// assert!(roll.check(&["6".into()]).is_err());
/// ```
///
/// Godot: the annotation `@rpc`, `Node.rpc_config`.
#[doc(alias = "rpc_config")]
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Method {
    /// The name, which must be the same at both ends.
    pub name: Cow<'static, str>,
    /// The peers that may call the method. Default: the authority.
    pub caller: Caller,
    /// `true` if a call to all peers also calls the method at this end. Default: false.
    pub call_local: bool,
    /// The channel of calls, for transports with several channels. Default: 0.
    pub channel: i32,
    /// How calls are transferred, for transports that are not reliable. Default: reliably.
    pub transfer: TransferMode,
    /// `true` if the method belongs to the node, `false` if it belongs to the node's script. In Godot, methods of the
    /// node are declared by `Node.rpc_config`. Default: false.
    pub node_level: bool,
    /// The parameters. Default: none.
    pub parameters: Vec<Parameter>,
    /// `true` if the method accepts any number of further arguments of any type. Default: false.
    pub variadic: bool,
}

impl Method {
    /// Creates a method without parameters that the node's authority may call.
    pub fn new(name: impl Into<Cow<'static, str>>) -> Self {
        Self {
            name: name.into(),
            caller: Caller::default(),
            call_local: false,
            channel: 0,
            transfer: TransferMode::default(),
            node_level: false,
            parameters: Vec::new(),
            variadic: false,
        }
    }

    /// Allows all peers to call the method.
    #[must_use]
    pub fn any_peer(mut self) -> Self {
        self.caller = Caller::AnyPeer;
        self
    }

    /// Allows only the node's authority to call the method.
    #[must_use]
    pub fn authority(mut self) -> Self {
        self.caller = Caller::Authority;
        self
    }

    /// Forbids all peers to call the method. It keeps its number, and the checksum includes its name.
    #[must_use]
    pub fn disabled(mut self) -> Self {
        self.caller = Caller::Disabled;
        self
    }

    /// Sets [`call_local`](Self::call_local).
    #[must_use]
    pub fn call_local(mut self) -> Self {
        self.call_local = true;
        self
    }

    /// Sets [`channel`](Self::channel).
    #[must_use]
    pub fn channel(mut self, channel: i32) -> Self {
        self.channel = channel;
        self
    }

    /// Sets [`transfer`](Self::transfer).
    #[must_use]
    pub fn transfer(mut self, transfer: TransferMode) -> Self {
        self.transfer = transfer;
        self
    }

    /// Sets [`node_level`](Self::node_level).
    #[must_use]
    pub fn node_level(mut self) -> Self {
        self.node_level = true;
        self
    }

    /// Appends a parameter.
    #[must_use]
    pub fn parameter(mut self, parameter: Parameter) -> Self {
        self.parameters.push(parameter);
        self
    }

    /// Sets [`variadic`](Self::variadic).
    #[must_use]
    pub fn variadic(mut self) -> Self {
        self.variadic = true;
        self
    }

    /// Converts received arguments. An engine sends a sole `PackedByteArray` as its bytes only, so an empty one looks
    /// like no argument.
    pub(crate) fn convert_received(&self, mut arguments: Vec<Variant>) -> Result<Vec<Variant>, CallError> {
        if let ([], [only], false) = (&arguments[..], &self.parameters[..], self.variadic) {
            let empty = Variant::PackedByteArray(Vec::new());
            // A parameter that accepts any value, or converts bytes, lacks its argument.
            let is_byte_array = matches!(only.convert(empty.clone()), Ok(Variant::PackedByteArray(_)));
            if is_byte_array && only.check(&Variant::Nil).is_err() {
                arguments.push(empty);
            }
        }
        self.convert(arguments)
    }

    /// Checks that the method accepts these arguments.
    ///
    /// # Errors
    /// [`CallError`] with the first error found, if it does not.
    pub fn check(&self, arguments: &[Variant]) -> Result<(), CallError> {
        self.convert(arguments.to_vec()).map(drop)
    }

    /// Converts arguments to the declared types, as Godot does when a GDScript method is called: see
    /// [`Variant::convert_to`].
    ///
    /// ```
    /// use websocket_peer::{
    ///     multiplayer::{Method, Parameter},
    ///     variant::{Variant, Vector2, Vector2i},
    /// };
    ///
    /// let go = Method::new("go").parameter(Parameter::of::<Vector2>("to")).parameter(Parameter::of::<i64>("steps"));
    /// let arguments = go.convert(vec![Vector2i::new(3, 4).into(), 2.9.into()])?;
    /// assert_eq!(arguments, [Vector2::new(3.0, 4.0).into(), Variant::Int(2)]);
    /// # Ok::<(), websocket_peer::multiplayer::CallError>(())
    /// ```
    ///
    /// # Errors
    /// [`CallError`] with the first error found, if the method does not accept them. All types are checked before a
    /// large argument is converted.
    pub fn convert(&self, mut arguments: Vec<Variant>) -> Result<Vec<Variant>, CallError> {
        /// The largest number of arguments in a packet.
        const MAX_ARGUMENTS: usize = 255;

        let found = arguments.len();
        let min =
            self.parameters.iter().rposition(|parameter| !parameter.optional).map_or(0, |last| last + 1);
        let max = if self.variadic { MAX_ARGUMENTS } else { self.parameters.len() };
        if found < min || found > max {
            return Err(CallError::ArgumentCount { min, max, found });
        }
        let declared = found.min(self.parameters.len());
        convert_all(&mut arguments[..declared], |index, argument| {
            self.parameters[index].convert_in_place(argument)
        })
        .map_err(|(index, error)| CallError::Argument { index, error })?;
        Ok(arguments)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::variant::{Array, VariantType, WrongType};

    fn count(min: usize, max: usize, found: usize) -> Result<(), CallError> {
        Err(CallError::ArgumentCount { min, max, found })
    }

    #[test]
    fn a_method_without_parameters_accepts_no_arguments() {
        let method = Method::new("a");
        assert_eq!(method.check(&[]), Ok(()));
        assert_eq!(method.check(&[Variant::Nil]), count(0, 0, 1));
    }

    #[test]
    fn no_argument_is_an_empty_byte_array_if_that_is_the_only_parameter() {
        let empty = Variant::PackedByteArray(Vec::new());
        let bytes = Parameter::of::<Vec<u8>>("a");
        assert_eq!(Method::new("a").parameter(bytes.clone()).convert_received(vec![]), Ok(vec![empty]));
        assert_eq!(Method::new("a").parameter(bytes.clone().optional()).convert_received(vec![]), Ok(vec![]));
        for other in [Parameter::any("a"), Parameter::of::<i64>("a"), Parameter::of::<Array>("a")] {
            assert_eq!(
                Method::new("a").parameter(other).convert_received(vec![]).unwrap_err(),
                count(1, 1, 0).unwrap_err()
            );
        }
        let two = Method::new("a").parameter(bytes.clone()).parameter(bytes);
        assert_eq!(two.convert_received(vec![]).unwrap_err(), count(2, 2, 0).unwrap_err());
    }

    #[test]
    fn only_trailing_optional_arguments_may_be_missing() {
        let optional = || Parameter::any("a").optional();
        let method =
            Method::new("a").parameter(optional()).parameter(Parameter::any("b")).parameter(optional());
        for (arguments, expected) in [(1, count(2, 3, 1)), (2, Ok(())), (3, Ok(())), (4, count(2, 3, 4))] {
            assert_eq!(method.check(&vec![Variant::Nil; arguments]), expected, "{arguments}");
        }
    }

    #[test]
    fn argument_types_are_checked() {
        let method = Method::new("a")
            .parameter(Parameter::of::<u8>("a"))
            .parameter(Parameter::of::<f64>("b").optional())
            .variadic();
        let wrong = |index, expected, found| {
            Err(CallError::Argument { index, error: WrongType::new(expected, found) })
        };
        let one = Variant::Int(1);
        assert_eq!(method.check(std::slice::from_ref(&one)), Ok(()));
        assert_eq!(method.check(&[one.clone(), Variant::Nil, Variant::Callable]), Ok(()));
        assert_eq!(method.check(&[one.clone(), one.clone()]), Ok(()));
        assert_eq!(method.check(&[Variant::Nil]), wrong(0, "unsigned 8-bit int", VariantType::Nil));
        assert!(method.check(&[Variant::Int(256)]).is_err());
        assert_eq!(method.check(&[one, "".into()]), wrong(1, "float", VariantType::String));
    }

    #[test]
    fn a_call_has_at_most_255_arguments() {
        let method = Method::new("a").variadic();
        assert_eq!(method.check(&vec![Variant::Nil; 255]), Ok(()));
        assert_eq!(method.check(&vec![Variant::Nil; 256]), count(0, 255, 256));
    }
}
