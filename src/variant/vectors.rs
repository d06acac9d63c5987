//! Small rows of numbers: vectors, quaternions and colours.

/// A row of numbers with names, and its ways from and to an array.
macro_rules! row {
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
            /// One of these numbers.
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

row! {
    /// Two numbers: a point, a direction or a size in the plane.
    #[derive(Debug, Clone, Copy, Default, PartialEq)]
    Vector2, [f32; 2], x, y
}

row! {
    /// Two integers.
    #[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
    Vector2i, [i32; 2], x, y
}

row! {
    /// Three numbers: a point, a direction or a size in space.
    #[derive(Debug, Clone, Copy, Default, PartialEq)]
    Vector3, [f32; 3], x, y, z
}

row! {
    /// Three integers.
    #[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
    Vector3i, [i32; 3], x, y, z
}

row! {
    /// Four numbers.
    #[derive(Debug, Clone, Copy, Default, PartialEq)]
    Vector4, [f32; 4], x, y, z, w
}

row! {
    /// Four integers.
    #[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
    Vector4i, [i32; 4], x, y, z, w
}

row! {
    /// A rotation in space. The default turns nothing.
    #[derive(Debug, Clone, Copy, PartialEq)]
    Quaternion, [f32; 4], x, y, z, w
}

row! {
    /// Red, green, blue and opacity, from 0 to 1 each; beyond that they are legal, too. The default is an opaque black.
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
