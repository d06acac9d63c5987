//! One method: who may call it, and with what.

use std::borrow::Cow;

use super::{
    call_error::CallError,
    parameter::{Parameter, convert_all},
};
use crate::variant::Variant;

/// Who may call a method from elsewhere.
///
/// Godot: `MultiplayerAPI.RPCMode`.
#[doc(alias = "RPCMode")]
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Caller {
    /// Every peer.
    ///
    /// Godot: `RPC_MODE_ANY_PEER`.
    #[doc(alias = "RPC_MODE_ANY_PEER")]
    AnyPeer,
    /// The node's authority, which is the server unless another peer was made it.
    ///
    /// Godot: `RPC_MODE_AUTHORITY`.
    #[doc(alias = "RPC_MODE_AUTHORITY")]
    #[default]
    Authority,
    /// Nobody.
    ///
    /// Godot: `RPC_MODE_DISABLED`.
    #[doc(alias = "RPC_MODE_DISABLED")]
    Disabled,
}

/// How a call is transferred.
///
/// A session passes it to its transport in [`Output::Send`](crate::multiplayer::Output::Send). Platform: a WebSocket transfers
/// everything reliably and in order.
///
/// Godot: `MultiplayerPeer.TransferMode`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum TransferMode {
    /// It may be lost, or come late.
    ///
    /// Godot: `TRANSFER_MODE_UNRELIABLE`.
    Unreliable,
    /// It may be lost, but does not come late.
    ///
    /// Godot: `TRANSFER_MODE_UNRELIABLE_ORDERED`.
    UnreliableOrdered,
    /// It comes, and in order.
    ///
    /// Godot: `TRANSFER_MODE_RELIABLE`.
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
    /// What both ends call it.
    pub name: Cow<'static, str>,
    /// Who may call it. The authority, unless said otherwise.
    pub caller: Caller,
    /// Whether a call to all is also one to oneself. It is not, unless said otherwise.
    pub call_local: bool,
    /// The channel of calls, for transports that have several. Default: 0.
    pub channel: i32,
    /// How calls are transferred, for transports that are not reliable. Default: reliably.
    pub transfer: TransferMode,
    /// Whether it belongs to the node itself, and not to its script: in an engine, whether it was declared by
    /// `Node.rpc_config`. It belongs to the script, unless said otherwise.
    pub node_level: bool,
    /// What it takes. Nothing, unless said otherwise.
    pub parameters: Vec<Parameter>,
    /// Whether it takes any number of further arguments, of any type.
    pub variadic: bool,
}

impl Method {
    /// A method that the node's authority may call, without an argument.
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

    /// Lets every peer call it.
    #[must_use]
    pub fn any_peer(mut self) -> Self {
        self.caller = Caller::AnyPeer;
        self
    }

    /// Lets only the node's authority call it.
    #[must_use]
    pub fn authority(mut self) -> Self {
        self.caller = Caller::Authority;
        self
    }

    /// Lets nobody call it. It still has its number, and counts for the checksum.
    #[must_use]
    pub fn disabled(mut self) -> Self {
        self.caller = Caller::Disabled;
        self
    }

    /// Makes a call to all one to oneself, too.
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

    /// Makes it a method of the node itself, not of its script.
    #[must_use]
    pub fn node_level(mut self) -> Self {
        self.node_level = true;
        self
    }

    /// Adds a parameter behind the others.
    #[must_use]
    pub fn parameter(mut self, parameter: Parameter) -> Self {
        self.parameters.push(parameter);
        self
    }

    /// Lets it take any number of further arguments, of any type.
    #[must_use]
    pub fn variadic(mut self) -> Self {
        self.variadic = true;
        self
    }

    /// The arguments as they were meant, if it takes them: engines send a `PackedByteArray` that is alone with nothing around
    /// it, so that an empty one looks like no argument.
    pub(crate) fn receive(&self, mut arguments: Vec<Variant>) -> Result<Vec<Variant>, CallError> {
        if let ([], [only], false) = (&arguments[..], &self.parameters[..], self.variadic) {
            let empty = Variant::PackedByteArray(Vec::new());
            // What takes anything, or makes something else of bytes, was called with too little.
            let is_meant = matches!(only.convert(empty.clone()), Ok(Variant::PackedByteArray(_)));
            if is_meant && only.check(&Variant::Nil).is_err() {
                arguments.push(empty);
            }
        }
        self.convert(arguments)
    }

    /// Whether it takes these arguments.
    ///
    /// # Errors
    /// [`CallError`], if it does not: one of the things that are wrong with them.
    pub fn check(&self, arguments: &[Variant]) -> Result<(), CallError> {
        self.convert(arguments.to_vec()).map(drop)
    }

    /// Makes the arguments those of the declared types, as Godot does when a method of GDScript is called: see
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
    /// [`CallError`], if it does not take them: one of the things that are wrong with them. Their types are looked at before any
    /// large one of them is converted.
    pub fn convert(&self, mut arguments: Vec<Variant>) -> Result<Vec<Variant>, CallError> {
        /// The max that a call can carry.
        const CARRIED: usize = 255;

        let found = arguments.len();
        let min =
            self.parameters.iter().rposition(|parameter| !parameter.optional).map_or(0, |last| last + 1);
        let max = if self.variadic { CARRIED } else { self.parameters.len() };
        if found < min || found > max {
            return Err(CallError::ArgumentCount { min, max, found });
        }
        let declared = found.min(self.parameters.len());
        convert_all(&mut arguments[..declared], |index, argument| self.parameters[index].convert(argument))
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
    fn a_method_takes_nothing_unless_told_so() {
        let method = Method::new("a");
        assert_eq!(method.check(&[]), Ok(()));
        assert_eq!(method.check(&[Variant::Nil]), count(0, 0, 1));
    }

    #[test]
    fn bytes_that_an_engine_sends_alone_may_be_empty() {
        let empty = Variant::PackedByteArray(Vec::new());
        let bytes = Parameter::of::<Vec<u8>>("a");
        assert_eq!(Method::new("a").parameter(bytes.clone()).receive(vec![]), Ok(vec![empty]));
        assert_eq!(Method::new("a").parameter(bytes.clone().optional()).receive(vec![]), Ok(vec![]));
        for other in [Parameter::any("a"), Parameter::of::<i64>("a"), Parameter::of::<Array>("a")] {
            assert_eq!(
                Method::new("a").parameter(other).receive(vec![]).unwrap_err(),
                count(1, 1, 0).unwrap_err()
            );
        }
        let two = Method::new("a").parameter(bytes.clone()).parameter(bytes);
        assert_eq!(two.receive(vec![]).unwrap_err(), count(2, 2, 0).unwrap_err());
    }

    #[test]
    fn only_at_the_end_may_arguments_be_missing() {
        let optional = || Parameter::any("a").optional();
        let method =
            Method::new("a").parameter(optional()).parameter(Parameter::any("b")).parameter(optional());
        for (arguments, expected) in [(1, count(2, 3, 1)), (2, Ok(())), (3, Ok(())), (4, count(2, 3, 4))] {
            assert_eq!(method.check(&vec![Variant::Nil; arguments]), expected, "{arguments}");
        }
    }

    #[test]
    fn types_are_looked_at() {
        let method = Method::new("a")
            .parameter(Parameter::of::<u8>("a"))
            .parameter(Parameter::of::<f64>("b").optional())
            .variadic();
        let wrong =
            |index, expected, found| Err(CallError::Argument { index, error: WrongType { expected, found } });
        let one = Variant::Int(1);
        assert_eq!(method.check(std::slice::from_ref(&one)), Ok(()));
        assert_eq!(method.check(&[one.clone(), Variant::Nil, Variant::Callable]), Ok(()));
        assert_eq!(method.check(&[one.clone(), one.clone()]), Ok(()));
        assert_eq!(method.check(&[Variant::Nil]), wrong(0, "int of 8 bits, not negative", VariantType::Nil));
        assert!(method.check(&[Variant::Int(256)]).is_err());
        assert_eq!(method.check(&[one, "".into()]), wrong(1, "float", VariantType::String));
    }

    #[test]
    fn a_call_carries_255_arguments() {
        let method = Method::new("a").variadic();
        assert_eq!(method.check(&vec![Variant::Nil; 255]), Ok(()));
        assert_eq!(method.check(&vec![Variant::Nil; 256]), count(0, 255, 256));
    }
}
