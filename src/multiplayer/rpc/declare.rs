//! What [`rpc!`](crate::rpc!) puts into the code that it writes. For that macro alone: anything here may change.

use std::{array, marker::PhantomData};

use super::{
    call_error::CallError,
    method::{Method, TransferMode},
    methods::check_name,
    parameter::Parameter,
};
use crate::variant::{Variant, WrongType};

/// A method without its parameters. What may stand in the brackets are the names of its functions, so that the compiler itself
/// says where one is wrong.
#[derive(Debug)]
pub struct Options(Method);

impl Options {
    /// No option.
    pub fn of(name: &'static str) -> Self {
        Self(Method::new(name))
    }

    /// The method.
    pub fn method(self) -> Method {
        self.0
    }
}

/// Each option, and what it does to a method.
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

/// What a field can be.
#[diagnostic::on_unimplemented(
    message = "a field of a call cannot be `{Self}`",
    note = "it must be `Into<Variant>` and `TryFrom<Variant>`, and the error of the latter `Into<WrongType>`"
)]
pub trait Value: Into<Variant> + TryFrom<Variant, Error: Into<WrongType>> {}

impl<T: Into<Variant> + TryFrom<Variant, Error: Into<WrongType>>> Value for T {}

/// Where to begin with a field of type `T`. A macro cannot tell an `Option` from other types, since it may have another name;
/// the compiler can: the function for `Option`, which is inherent, is found before the one of the trait for all types.
#[derive(Debug)]
pub struct Field<T>(PhantomData<T>);

impl<T> Field<Option<T>> {
    /// How to deal with it.
    pub fn find() -> Optional<T> {
        Optional(PhantomData)
    }
}

/// Where it is no `Option`.
pub trait AnyField<T> {
    /// How to deal with it.
    fn find() -> Required<T>;
}

impl<T> AnyField<T> for Field<T> {
    fn find() -> Required<T> {
        Required(PhantomData)
    }
}

/// A field that is a `T`.
#[derive(Debug)]
pub struct Required<T>(PhantomData<T>);

/// A field that is a `T` or nothing.
#[derive(Debug)]
pub struct Optional<T>(PhantomData<T>);

// What `T` has to be is said at each function: else it would not be found, and nobody were told why.
impl<T> Required<T> {
    /// Its parameter.
    pub fn parameter(&self, name: &'static str) -> Parameter
    where
        T: Value,
    {
        Parameter::of::<T>(plain(name))
    }

    /// Its argument, and whether it may be left out.
    pub fn write(&self, value: T) -> (Variant, bool)
    where
        T: Value,
    {
        (value.into(), false)
    }

    /// Its value, from the argument at this place.
    pub fn read(&self, (index, value): (usize, Variant)) -> Result<T, CallError>
    where
        T: Value,
    {
        T::try_from(value).map_err(|error| CallError::Argument { index, error: error.into() })
    }

    /// Whether its argument may be missing.
    pub fn is_optional(&self) -> bool {
        false
    }
}

impl<T> Optional<T> {
    /// Its parameter.
    pub fn parameter(&self, name: &'static str) -> Parameter
    where
        T: Value,
    {
        Parameter::of::<T>(plain(name)).optional()
    }

    /// Its argument, and whether it may be left out.
    pub fn write(&self, value: Option<T>) -> (Variant, bool)
    where
        T: Value,
    {
        (value.map_or(Variant::Nil, Into::into), true)
    }

    /// Its value, from the argument at this place.
    pub fn read(&self, (index, value): (usize, Variant)) -> Result<Option<T>, CallError>
    where
        T: Value,
    {
        if value.is_nil() { Ok(None) } else { Required(PhantomData).read((index, value)).map(Some) }
    }

    /// Whether its argument may be missing.
    pub fn is_optional(&self) -> bool {
        true
    }
}

/// A field may be called `r#type`.
fn plain(name: &'static str) -> &'static str {
    name.strip_prefix("r#").unwrap_or(name)
}

/// The arguments to send, of which each is optional or not: those at the end that are, and are null, are left out.
pub fn encode_arguments<const N: usize>(arguments: [(Variant, bool); N]) -> Vec<Variant> {
    let needed = |(value, optional): &(Variant, bool)| !optional || !value.is_nil();
    let count = arguments.iter().rposition(needed).map_or(0, |last| last + 1);
    arguments.into_iter().take(count).map(|(value, _)| value).collect()
}

/// The arguments that came, each with its place; what is missing is null.
pub fn decode_arguments<const N: usize>(
    arguments: Vec<Variant>,
    optional: [bool; N],
) -> Result<[(usize, Variant); N], CallError> {
    let found = arguments.len();
    let min = optional.iter().rposition(|optional| !optional).map_or(0, |last| last + 1);
    if found < min || found > N {
        return Err(CallError::ArgumentCount { min, max: N, found });
    }
    let mut arguments = arguments.into_iter();
    Ok(array::from_fn(|index| (index, arguments.next().unwrap_or_default())))
}

/// Fails at compile time, if names are no names of methods, or not all different.
pub const fn check_names(names: &[&str]) {
    let mut index = 0;
    while index < names.len() {
        let is_name = check_name(names[index]).is_ok();
        assert!(is_name, "the name of a method is empty, has a NUL in it, or more than 255 bytes");
        let mut other = 0;
        while other < index {
            assert!(!is_same(names[index], names[other]), "two methods have the same name");
            other += 1;
        }
        index += 1;
    }
}

/// `==`, which is not there at compile time.
const fn is_same(one: &str, other: &str) -> bool {
    let (one, other) = (one.as_bytes(), other.as_bytes());
    let mut index = 0;
    while index < one.len() && index < other.len() && one[index] == other[index] {
        index += 1;
    }
    index == one.len() && index == other.len()
}
