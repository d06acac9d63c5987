//! Support for the code that [`rpc!`](crate::rpc!) generates. Not part of the public API.

use std::{marker::PhantomData, vec};

use super::{
    call_error::CallError,
    method::{Method, TransferMode},
    methods::check_name,
    parameter::Parameter,
};
use crate::variant::{Variant, WrongType};

/// A method without its parameters. The options in brackets are the names of its functions, so that the compiler
/// reports a wrong option at its place.
#[derive(Debug)]
pub struct Options(Method);

impl Options {
    /// Starts with the default options.
    pub fn of(name: &'static str) -> Self {
        Self(Method::new(name))
    }

    /// Returns the method.
    pub fn method(self) -> Method {
        self.0
    }
}

/// Defines each option as a function that changes the method.
macro_rules! options {
    ($($option:ident $(($argument:ident: $type:ty))? => |$method:ident| $set:expr;)+) => {
        impl Options {
            $(
                #[doc = concat!("`", stringify!($option), "`")]
                pub fn $option(self $(, $argument: $type)?) -> Self {
                    let $method = self.0;
                    Self($set)
                }
            )+
        }
    };
}

options! {
    authority => |method| method.authority();
    any_peer => |method| method.any_peer();
    disabled => |method| method.disabled();
    call_local => |method| method.call_local();
    channel(channel: i32) => |method| method.channel(channel);
    reliable => |method| method.transfer(TransferMode::Reliable);
    unreliable_ordered => |method| method.transfer(TransferMode::UnreliableOrdered);
    unreliable => |method| method.transfer(TransferMode::Unreliable);
    node_level => |method| method.node_level();
}

/// A type that a field can have.
#[diagnostic::on_unimplemented(
    message = "a field of a call cannot be `{Self}`",
    note = "it must be `Into<Variant>` and `TryFrom<Variant>`, and the error of the latter `Into<WrongType>`"
)]
pub trait Value: Into<Variant> + TryFrom<Variant, Error: Into<WrongType>> {}

impl<T: Into<Variant> + TryFrom<Variant, Error: Into<WrongType>>> Value for T {}

/// Selects [`Optional`] or [`Required`] for a field of type `T`. A macro cannot recognize an `Option`, which may have
/// another name. The compiler can: it prefers the inherent function for `Option` to the trait's function for all types.
#[derive(Debug)]
pub struct Field<T>(PhantomData<T>);

impl<T> Field<Option<T>> {
    /// Returns the handler of the field.
    pub fn find() -> Optional<T> {
        Optional(PhantomData)
    }
}

/// Selects the handler for all types but `Option`.
pub trait AnyField<T> {
    /// Returns the handler of the field.
    fn find() -> Required<T>;
}

impl<T> AnyField<T> for Field<T> {
    fn find() -> Required<T> {
        Required(PhantomData)
    }
}

/// Handles a field of type `T`.
#[derive(Debug)]
pub struct Required<T>(PhantomData<T>);

/// Handles a field of type `Option<T>`.
#[derive(Debug)]
pub struct Optional<T>(PhantomData<T>);

// The bounds on `T` are at each function, not at the impl. Otherwise the compiler would only report that there is no
// such function.
impl<T> Required<T> {
    /// Returns the parameter.
    pub fn parameter(&self, name: &'static str) -> Parameter
    where
        T: Value,
    {
        Parameter::of::<T>(without_raw_prefix(name))
    }

    /// Returns the argument, and `true` if it may be left out.
    pub fn to_argument(&self, value: T) -> (Variant, bool)
    where
        T: Value,
    {
        (value.into(), false)
    }

    /// Converts the argument at this index to the field's value.
    pub fn from_argument(&self, (index, value): (usize, Variant)) -> Result<T, CallError>
    where
        T: Value,
    {
        T::try_from(value).map_err(|error| CallError::Argument { index, error: error.into() })
    }

    /// Returns `true` if the argument may be missing.
    pub fn is_optional(&self) -> bool {
        false
    }
}

impl<T> Optional<T> {
    /// Returns the parameter.
    pub fn parameter(&self, name: &'static str) -> Parameter
    where
        T: Value,
    {
        Parameter::of::<T>(without_raw_prefix(name)).optional()
    }

    /// Returns the argument, and `true` if it may be left out.
    pub fn to_argument(&self, value: Option<T>) -> (Variant, bool)
    where
        T: Value,
    {
        (value.map_or(Variant::Nil, Into::into), true)
    }

    /// Converts the argument at this index to the field's value.
    pub fn from_argument(&self, (index, value): (usize, Variant)) -> Result<Option<T>, CallError>
    where
        T: Value,
    {
        if value.is_nil() { Ok(None) } else { Required(PhantomData).from_argument((index, value)).map(Some) }
    }

    /// Returns `true` if the argument may be missing.
    pub fn is_optional(&self) -> bool {
        true
    }
}

/// Removes the prefix of a name such as `r#type`.
fn without_raw_prefix(name: &'static str) -> &'static str {
    name.strip_prefix("r#").unwrap_or(name)
}

/// Returns the arguments to send. Each has a flag for optional; optional ones at the end that are null are left out.
pub fn encode_arguments<const N: usize>(arguments: [(Variant, bool); N]) -> Vec<Variant> {
    let is_sent = |(value, optional): &(Variant, bool)| !optional || !value.is_nil();
    let count = arguments.iter().rposition(is_sent).map_or(0, |last| last + 1);
    arguments.into_iter().take(count).map(|(value, _)| value).collect()
}

/// Received arguments that are not converted yet.
// Not an array of them: a value is moved once, to its conversion. Each further move takes longer than that.
#[derive(Debug)]
pub struct ReceivedArguments {
    values: vec::IntoIter<Variant>,
    index: usize,
}

impl ReceivedArguments {
    /// Returns the next argument with its index. A missing one is null.
    #[inline]
    pub fn take_next(&mut self) -> (usize, Variant) {
        let index = self.index;
        self.index += 1;
        (index, self.values.next().unwrap_or_default())
    }
}

/// Returns the received arguments, if their number is right.
pub fn decode_arguments<const N: usize>(
    arguments: Vec<Variant>,
    optional: [bool; N],
) -> Result<ReceivedArguments, CallError> {
    let found = arguments.len();
    let min = optional.iter().rposition(|optional| !optional).map_or(0, |last| last + 1);
    if found < min || found > N {
        return Err(CallError::ArgumentCount { min, max: N, found });
    }
    Ok(ReceivedArguments { values: arguments.into_iter(), index: 0 })
}

/// Fails at compile time if a name is not valid for a method, or is used twice.
pub const fn check_names(names: &[&str]) {
    let mut index = 0;
    while index < names.len() {
        let is_name = check_name(names[index]).is_ok();
        assert!(is_name, "the name of a method is empty, contains a NUL, or has more than 255 bytes");
        let mut other = 0;
        while other < index {
            assert!(!is_same(names[index], names[other]), "two methods have the same name");
            other += 1;
        }
        index += 1;
    }
}

/// Compares strings; `==` is not available at compile time.
const fn is_same(one: &str, other: &str) -> bool {
    let (one, other) = (one.as_bytes(), other.as_bytes());
    let mut index = 0;
    while index < one.len() && index < other.len() && one[index] == other[index] {
        index += 1;
    }
    index == one.len() && index == other.len()
}
