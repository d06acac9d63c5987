//! What [`rpc!`](crate::rpc!) puts into the code that it writes. For that macro alone: anything here may change.

use std::{array, marker::PhantomData};

use super::{
    method::{Method, TransferMode},
    methods::check_name,
    parameter::Parameter,
    wrong::WrongCall,
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

/// A field of type `T`. A macro cannot tell an `Option` from other types, since it may have another name; the compiler can: what
/// is in the inherent `impl` for `Option` is found before what is in the trait for all types.
#[derive(Debug)]
pub struct Field<T>(PhantomData<T>);

impl<T> Field<Option<T>>
where
    T: Into<Variant> + TryFrom<Variant, Error: Into<WrongType>>,
{
    /// Whether the argument may be missing, if all after it may, and are.
    pub const OPTIONAL: bool = true;

    /// Its parameter.
    pub fn parameter(name: &'static str) -> Parameter {
        Parameter::of::<T>(plain(name)).optional()
    }

    /// Its argument.
    pub fn write(value: Option<T>) -> Variant {
        value.map_or(Variant::Nil, Into::into)
    }

    /// Its value, from the argument at this place.
    pub fn read((index, value): (usize, Variant)) -> Result<Option<T>, WrongCall> {
        if value.is_nil() { Ok(None) } else { convert(index, value).map(Some) }
    }
}

/// What is the same for all types but `Option`.
pub trait Required {
    /// The field's type.
    type Value;

    /// Whether the argument may be missing.
    const OPTIONAL: bool = false;

    /// Its parameter.
    fn parameter(name: &'static str) -> Parameter;

    /// Its argument.
    fn write(value: Self::Value) -> Variant;

    /// Its value, from the argument at this place.
    fn read(argument: (usize, Variant)) -> Result<Self::Value, WrongCall>;
}

impl<T> Required for Field<T>
where
    T: Into<Variant> + TryFrom<Variant, Error: Into<WrongType>>,
{
    type Value = T;

    fn parameter(name: &'static str) -> Parameter {
        Parameter::of::<T>(plain(name))
    }

    fn write(value: T) -> Variant {
        value.into()
    }

    fn read((index, value): (usize, Variant)) -> Result<T, WrongCall> {
        convert(index, value)
    }
}

fn convert<T: TryFrom<Variant, Error: Into<WrongType>>>(
    index: usize,
    value: Variant,
) -> Result<T, WrongCall> {
    T::try_from(value).map_err(|why| WrongCall::Argument { index, why: why.into() })
}

/// A field may be called `r#type`.
fn plain(name: &'static str) -> &'static str {
    name.strip_prefix("r#").unwrap_or(name)
}

/// The arguments to send, of which each is optional or not: those at the end that are, and are null, are left out.
pub fn leaving<const N: usize>(arguments: [(Variant, bool); N]) -> Vec<Variant> {
    let needed = |(value, optional): &(Variant, bool)| !optional || !value.is_nil();
    let count = arguments.iter().rposition(needed).map_or(0, |last| last + 1);
    arguments.into_iter().take(count).map(|(value, _)| value).collect()
}

/// The arguments that came, each with its place; what is missing is null.
pub fn arrived<const N: usize>(
    arguments: Vec<Variant>,
    optional: [bool; N],
) -> Result<[(usize, Variant); N], WrongCall> {
    let found = arguments.len();
    let least = optional.iter().rposition(|optional| !optional).map_or(0, |last| last + 1);
    if found < least || found > N {
        return Err(WrongCall::ArgumentCount { least, most: N, found });
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
