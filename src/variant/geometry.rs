//! What is made of vectors: rectangles, boxes, planes and matrices.

use super::vectors::{Vector2, Vector2i, Vector3, Vector4};

/// A rectangle.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Rect2 {
    /// The corner with the smallest coordinates, if the size is positive.
    pub position: Vector2,
    /// From that corner to the opposite one.
    pub size: Vector2,
}

/// A rectangle of whole numbers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Rect2i {
    /// The corner with the smallest coordinates, if the size is positive.
    pub position: Vector2i,
    /// From that corner to the opposite one.
    pub size: Vector2i,
}

/// A transformation of the plane, by its columns. The default changes nothing.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Transform2D {
    /// Where the x axis goes.
    pub x: Vector2,
    /// Where the y axis goes.
    pub y: Vector2,
    /// Where the origin goes.
    pub origin: Vector2,
}

/// A plane in space: the points whose product with `normal` is `d`.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Plane {
    /// At right angles to the plane.
    pub normal: Vector3,
    /// The plane's distance from the origin.
    pub d: f32,
}

/// A box in space, its edges along the axes.
///
/// Godot: `AABB`.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Aabb {
    /// The corner with the smallest coordinates, if the size is positive.
    pub position: Vector3,
    /// From that corner to the opposite one.
    pub size: Vector3,
}

/// A matrix of three rows: rotation, scale and shear in space. The default changes nothing.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Basis {
    /// The rows, as they stand on the wire. Godot's scripts show the columns: [`from_axes`](Self::from_axes).
    pub rows: [Vector3; 3],
}

/// A transformation of space. The default changes nothing.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Transform3D {
    /// Rotation, scale and shear.
    pub basis: Basis,
    /// Where the origin goes.
    pub origin: Vector3,
}

/// A matrix of four columns, as cameras have it. The default changes nothing.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Projection {
    /// The first column.
    pub x: Vector4,
    /// The second column.
    pub y: Vector4,
    /// The third column.
    pub z: Vector4,
    /// The fourth column.
    pub w: Vector4,
}

impl Rect2 {
    /// A rectangle with this corner and size.
    pub const fn new(position: Vector2, size: Vector2) -> Self {
        Self { position, size }
    }
}

impl Rect2i {
    /// A rectangle with this corner and size.
    pub const fn new(position: Vector2i, size: Vector2i) -> Self {
        Self { position, size }
    }
}

impl Transform2D {
    /// A transformation with these columns.
    pub const fn new(x: Vector2, y: Vector2, origin: Vector2) -> Self {
        Self { x, y, origin }
    }
}

impl Plane {
    /// The plane with this normal, at this distance from the origin.
    pub const fn new(normal: Vector3, d: f32) -> Self {
        Self { normal, d }
    }
}

impl Aabb {
    /// A box with this corner and size.
    pub const fn new(position: Vector3, size: Vector3) -> Self {
        Self { position, size }
    }
}

impl Basis {
    /// A matrix with these rows.
    pub const fn new(rows: [Vector3; 3]) -> Self {
        Self { rows }
    }

    /// The matrix with these columns: where the axes go.
    ///
    /// Godot: `Basis(x_axis, y_axis, z_axis)`.
    pub const fn from_axes(x: Vector3, y: Vector3, z: Vector3) -> Self {
        Self { rows: [Vector3::new(x.x, y.x, z.x), Vector3::new(x.y, y.y, z.y), Vector3::new(x.z, y.z, z.z)] }
    }
}

impl Transform3D {
    /// A transformation with this matrix and origin.
    pub const fn new(basis: Basis, origin: Vector3) -> Self {
        Self { basis, origin }
    }
}

impl Projection {
    /// A matrix with these columns.
    pub const fn new(x: Vector4, y: Vector4, z: Vector4, w: Vector4) -> Self {
        Self { x, y, z, w }
    }
}

impl Default for Transform2D {
    fn default() -> Self {
        [1.0, 0.0, 0.0, 1.0, 0.0, 0.0].into()
    }
}

impl Default for Basis {
    fn default() -> Self {
        [1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0].into()
    }
}

impl Default for Projection {
    fn default() -> Self {
        [1.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 1.0].into()
    }
}

/// The ways from and to all numbers in a row, in the order of the wire.
macro_rules! numbers {
    ($name:ident, [$number:ty; $count:literal], [$($item:ident),+] => $made:expr, $value:ident => [$($taken:expr),+]) => {
        impl From<[$number; $count]> for $name {
            fn from([$($item),+]: [$number; $count]) -> Self {
                $made
            }
        }

        impl From<$name> for [$number; $count] {
            fn from($value: $name) -> Self {
                [$($taken),+]
            }
        }
    };
}

numbers! {
    Rect2, [f32; 4],
    [x, y, width, height] => Self::new(Vector2::new(x, y), Vector2::new(width, height)),
    rect => [rect.position.x, rect.position.y, rect.size.x, rect.size.y]
}

numbers! {
    Rect2i, [i32; 4],
    [x, y, width, height] => Self::new(Vector2i::new(x, y), Vector2i::new(width, height)),
    rect => [rect.position.x, rect.position.y, rect.size.x, rect.size.y]
}

numbers! {
    Transform2D, [f32; 6],
    [a, b, c, d, e, f] => Self::new(Vector2::new(a, b), Vector2::new(c, d), Vector2::new(e, f)),
    it => [it.x.x, it.x.y, it.y.x, it.y.y, it.origin.x, it.origin.y]
}

numbers! {
    Plane, [f32; 4],
    [x, y, z, d] => Self::new(Vector3::new(x, y, z), d),
    plane => [plane.normal.x, plane.normal.y, plane.normal.z, plane.d]
}

numbers! {
    Aabb, [f32; 6],
    [x, y, z, width, height, depth] => Self::new(Vector3::new(x, y, z), Vector3::new(width, height, depth)),
    it => [it.position.x, it.position.y, it.position.z, it.size.x, it.size.y, it.size.z]
}

numbers! {
    Basis, [f32; 9],
    [a, b, c, d, e, f, g, h, i] => Self::new([Vector3::new(a, b, c), Vector3::new(d, e, f), Vector3::new(g, h, i)]),
    it => [
        it.rows[0].x, it.rows[0].y, it.rows[0].z,
        it.rows[1].x, it.rows[1].y, it.rows[1].z,
        it.rows[2].x, it.rows[2].y, it.rows[2].z
    ]
}

numbers! {
    Transform3D, [f32; 12],
    [a, b, c, d, e, f, g, h, i, x, y, z] => Self::new([a, b, c, d, e, f, g, h, i].into(), Vector3::new(x, y, z)),
    it => [
        it.basis.rows[0].x, it.basis.rows[0].y, it.basis.rows[0].z,
        it.basis.rows[1].x, it.basis.rows[1].y, it.basis.rows[1].z,
        it.basis.rows[2].x, it.basis.rows[2].y, it.basis.rows[2].z,
        it.origin.x, it.origin.y, it.origin.z
    ]
}

numbers! {
    Projection, [f32; 16],
    [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p] => Self::new(
        Vector4::new(a, b, c, d),
        Vector4::new(e, f, g, h),
        Vector4::new(i, j, k, l),
        Vector4::new(m, n, o, p),
    ),
    it => [
        it.x.x, it.x.y, it.x.z, it.x.w,
        it.y.x, it.y.y, it.y.z, it.y.w,
        it.z.x, it.z.y, it.z.z, it.z.w,
        it.w.x, it.w.y, it.w.z, it.w.w
    ]
}
