//! The macro that declares the calls of a node.

/// Declares the calls of a node's methods: an enum, and [`Rpc`](crate::multiplayer::Rpc) for it.
///
/// Each variant is a method, each field a parameter. Behind the `=` stands the name by which the other ends know the method,
/// and in brackets what GDScript's `@rpc` says; the brackets may be left out.
///
/// ```
/// use websocket_peer::{rpc, variant::Vector2};
///
/// rpc! {
///     /// What can be done with a tank.
///     #[derive(Debug, Clone, PartialEq)]
///     pub enum Tank {
///         /// To where it shall go. The pace is its own, unless said otherwise.
///         DriveTo { place: Vector2, pace: Option<f64> } = "drive_to" [any_peer];
///         /// It was hit.
///         Hit { by: i32, damage: i64 } = "hit" [authority, call_local];
///         Explode = "explode";
///     }
/// }
/// ```
///
/// **Fields** are of any type that becomes a [`Variant`](crate::variant::Variant) by `Into` and is made of one by `TryFrom`,
/// whose error must become a [`WrongType`](crate::variant::WrongType). A `Variant` takes anything. An `Option` is null where it
/// is `None`; if it stands at the end, its argument may be missing, as that of a GDScript parameter with a default value, and
/// is not sent if it is `None`.
///
/// The default value itself can arrive as well: a GDScript caller of `func enter(name := "")` may pass `""`, and a caller in Rust
/// `Some(String::new())`. Where `None` shall mean the default, `Some` of the default has to mean the same:
/// `name.unwrap_or_default()`.
///
/// **In the brackets** may stand, in any order:
///
/// | option | meaning |
/// |---|---|
/// | `authority`, `any_peer` or `disabled` | [who may call it](crate::multiplayer::Caller); `authority`, unless said otherwise |
/// | `call_local` | a call to all is one to oneself, too |
/// | `channel(n)` | the channel; 0, unless said otherwise |
/// | `reliable`, `unreliable_ordered` or `unreliable` | [how to transfer it](crate::multiplayer::TransferMode); `reliable`, unless said otherwise |
/// | `node_level` | it is not declared in the node's script but by `Node.rpc_config` |
///
/// An enum it is for the sake of the compiler: it sees to it that a call has all its arguments, and that the one who is called
/// handles all calls. A name that two methods have, or that is none, does not compile:
///
/// ```compile_fail
/// websocket_peer::rpc! {
///     enum Twice {
///         One = "same";
///         Other = "same";
///     }
/// }
/// ```
///
/// Godot: the annotation `@rpc`.
#[macro_export]
macro_rules! rpc {
    (
        $(#[$about_enum:meta])*
        $visibility:vis enum $Calls:ident {
            $(
                $(#[$about_variant:meta])*
                $Variant:ident $({ $( $(#[$about_field:meta])* $field:ident: $type:ty ),* $(,)? })?
                    = $method:literal $([ $( $option:ident $(($value:expr))? ),* $(,)? ])?
            );* $(;)?
        }
    ) => {
        $(#[$about_enum])*
        $visibility enum $Calls {
            $(
                $(#[$about_variant])*
                $Variant $({ $( $(#[$about_field])* $field: $type ),* })?
            ),*
        }

        const _: () = {
            // By no name: nothing here may hide a type of the program's.
            #[allow(unused_imports, reason = "not all calls have a field that is no Option")]
            use $crate::multiplayer::declare::AnyField as _;

            $crate::multiplayer::declare::check_names(&[$($method),*]);

            impl $crate::multiplayer::Rpc for $Calls {
                fn methods() -> $crate::multiplayer::Methods {
                    $crate::multiplayer::Methods::new()
                        $(.with({
                            let options = $crate::multiplayer::declare::Options::of($method);
                            $($( let options = options.$option($($value)?); )*)?
                            options.method()$($(.parameter({
                                $crate::multiplayer::declare::Field::<$type>::find()
                                    .parameter(::core::stringify!($field))
                            }))*)?
                        }))*
                }

                fn into_call(self) -> (&'static str, ::std::vec::Vec<$crate::variant::Variant>) {
                    match self {
                        $(Self::$Variant { $($($field),*)? } => {
                            let arguments = [$($(
                                $crate::multiplayer::declare::Field::<$type>::find().write($field)
                            ),*)?];
                            ($method, $crate::multiplayer::declare::encode_arguments(arguments))
                        })*
                    }
                }

                fn from_call(
                    method: &str,
                    arguments: ::std::vec::Vec<$crate::variant::Variant>,
                ) -> ::core::result::Result<Self, $crate::multiplayer::CallError> {
                    match method {
                        $($method => {
                            let optional = [$($(
                                $crate::multiplayer::declare::Field::<$type>::find().is_optional()
                            ),*)?];
                            let [$($($field),*)?] =
                                $crate::multiplayer::declare::decode_arguments(arguments, optional)?;
                            ::core::result::Result::Ok(Self::$Variant { $($(
                                $field: $crate::multiplayer::declare::Field::<$type>::find().read($field)?
                            ),*)? })
                        })*
                        _ => {
                            // Where there is no method at all, this is their only use.
                            ::core::mem::drop(arguments);
                            ::core::result::Result::Err($crate::multiplayer::CallError::UnknownMethod)
                        }
                    }
                }
            }
        };
    };
}
