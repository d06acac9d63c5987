//! The macro that declares calls.

/// Declares the calls of a node's methods as an enum that implements [`Rpc`](crate::multiplayer::Rpc).
///
/// Each variant is a method, each field a parameter. The name of the method at the other ends follows the `=`. The
/// options of GDScript's `@rpc` can follow in brackets.
///
/// ```
/// use websocket_peer::{rpc, variant::Vector2};
///
/// rpc! {
///     /// The calls of a tank.
///     #[derive(Debug, Clone, PartialEq)]
///     pub enum Tank {
///         /// Drives to a place, at the default pace if none is given.
///         DriveTo { place: Vector2, pace: Option<f64> } = "drive_to" [any_peer];
///         /// The tank was hit.
///         Hit { by: i32, damage: i64 } = "hit" [authority, call_local];
///         Explode = "explode";
///     }
/// }
/// ```
///
/// **Fields** can have any type that implements `Into<Variant>` and `TryFrom<Variant>`, with an error that converts to
/// a [`WrongType`](crate::variant::WrongType). A [`Variant`](crate::variant::Variant) accepts any value. `None` is sent
/// as null. At the end, `None` is not sent at all, and the argument may be missing, as for a GDScript parameter with a
/// default value.
///
/// The default value can arrive as well: a GDScript caller of `func enter(name := "")` may pass `""`, and a Rust caller
/// `Some(String::new())`. If `None` means the default, treat `Some` of the default value the same:
/// `name.unwrap_or_default()`.
///
/// **Options**, in any order:
///
/// | option | meaning |
/// |---|---|
/// | `authority`, `any_peer` or `disabled` | [the peers that may call the method](crate::multiplayer::Caller). Default: `authority` |
/// | `call_local` | a call to all peers also calls the method at this end |
/// | `channel(n)` | the channel. Default: 0 |
/// | `reliable`, `unreliable_ordered` or `unreliable` | [the transfer mode](crate::multiplayer::TransferMode). Default: `reliable` |
/// | `node_level` | the method is declared by `Node.rpc_config`, not in the node's script |
///
/// With an enum, the compiler checks that a call has all arguments, and that the receiver handles all calls. A
/// duplicate or invalid method name is a compile error:
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
        $visibility:vis enum $calls:ident {
            $(
                $(#[$about_variant:meta])*
                $Variant:ident $({ $( $(#[$about_field:meta])* $field:ident: $type:ty ),* $(,)? })?
                    = $method:literal $([ $( $option:ident $(($value:expr))? ),* $(,)? ])?
            );* $(;)?
        }
    ) => {
        $(#[$about_enum])*
        $visibility enum $calls {
            $(
                $(#[$about_variant])*
                $Variant $({ $( $(#[$about_field])* $field: $type ),* })?
            ),*
        }

        const _: () = {
            // Imported as `_`, so that no type of the program is hidden.
            #[allow(unused_imports, reason = "unused if all fields are an Option")]
            use $crate::multiplayer::declare::AnyField as _;

            $crate::multiplayer::declare::check_names(&[$($method),*]);

            impl $crate::multiplayer::Rpc for $calls {
                fn methods() -> $crate::multiplayer::Methods {
                    // All nodes with these calls share one table.
                    static METHODS: ::std::sync::OnceLock<$crate::multiplayer::Methods> =
                        ::std::sync::OnceLock::new();
                    let methods = || {
                        $crate::multiplayer::Methods::new()
                            $(.with({
                                let options = $crate::multiplayer::declare::Options::of($method);
                                $($( let options = options.$option($($value)?); )*)?
                                options.method()$($(.parameter({
                                    $crate::multiplayer::declare::Field::<$type>::find()
                                        .parameter(::core::stringify!($field))
                                }))*)?
                            }))*
                    };
                    METHODS.get_or_init(methods).clone()
                }

                fn into_call(self) -> (&'static str, ::std::vec::Vec<$crate::variant::Variant>) {
                    match self {
                        $(Self::$Variant { $($($field),*)? } => {
                            let arguments = [$($(
                                $crate::multiplayer::declare::Field::<$type>::find().to_argument($field)
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
                            #[allow(unused_mut, unused_variables, reason = "unused without a field")]
                            let mut arguments =
                                $crate::multiplayer::declare::decode_arguments(arguments, optional)?;
                            ::core::result::Result::Ok(Self::$Variant { $($(
                                $field: $crate::multiplayer::declare::Field::<$type>::find()
                                    .from_argument(arguments.take_next())?
                            ),*)? })
                        })*
                        _ => {
                            // Without any method, this is the only use of the arguments.
                            ::core::mem::drop(arguments);
                            ::core::result::Result::Err($crate::multiplayer::CallError::UnknownMethod)
                        }
                    }
                }
            }
        };
    };
}
