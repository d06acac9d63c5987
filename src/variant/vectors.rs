//! Vectors, quaternions and colours.

/// Declares a struct of numbers, and its conversions from and to an array.
macro_rules! numbers {
    ($(#[$about:meta])* $name:ident, [$number:ty; $count:literal], $($field:ident),+) => {
        $(#[$about])*
        #[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
        pub struct $name {
            $(
                #[doc = concat!("`", stringify!($field), "`")]
                pub $field: $number,
            )+
        }

        impl $name {
            /// Creates the value from its components.
            pub const fn new($($field: $number),+) -> Self {
                Self { $($field),+ }
            }
        }

        impl From<[$number; $count]> for $name {
            fn from([$($field),+]: [$number; $count]) -> Self {
                Self { $($field),+ }
            }
        }

        impl From<$name> for [$number; $count] {
            fn from(row: $name) -> Self {
                [$(row.$field),+]
            }
        }
    };
}

numbers! {
    /// A 2D vector: a point, a direction or a size.
    #[derive(Debug, Clone, Copy, Default, PartialEq)]
    Vector2, [f32; 2], x, y
}

numbers! {
    /// A 2D vector of integers.
    #[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
    Vector2i, [i32; 2], x, y
}

numbers! {
    /// A 3D vector: a point, a direction or a size.
    #[derive(Debug, Clone, Copy, Default, PartialEq)]
    Vector3, [f32; 3], x, y, z
}

numbers! {
    /// A 3D vector of integers.
    #[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
    Vector3i, [i32; 3], x, y, z
}

numbers! {
    /// A 4D vector.
    #[derive(Debug, Clone, Copy, Default, PartialEq)]
    Vector4, [f32; 4], x, y, z, w
}

numbers! {
    /// A 4D vector of integers.
    #[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
    Vector4i, [i32; 4], x, y, z, w
}

numbers! {
    /// A 3D rotation. The default is the identity.
    #[derive(Debug, Clone, Copy, PartialEq)]
    Quaternion, [f32; 4], x, y, z, w
}

numbers! {
    /// A colour: red, green, blue and opacity, usually from 0 to 1; larger and smaller numbers are allowed. The default
    /// is opaque black.
    #[derive(Debug, Clone, Copy, PartialEq)]
    Color, [f32; 4], r, g, b, a
}

impl Default for Quaternion {
    fn default() -> Self {
        Self::new(0.0, 0.0, 0.0, 1.0)
    }
}

impl Default for Color {
    fn default() -> Self {
        Self::new(0.0, 0.0, 0.0, 1.0)
    }
}
