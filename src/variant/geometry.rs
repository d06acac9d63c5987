//! Types made of vectors: rectangles, boxes, planes and matrices.

use super::vectors::{Vector2, Vector2i, Vector3, Vector4};

/// A rectangle.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Rect2 {
    /// The corner with the smallest coordinates, if the size is positive.
    pub position: Vector2,
    /// The vector from that corner to the opposite one.
    pub size: Vector2,
}

/// A rectangle with integer coordinates.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Rect2i {
    /// The corner with the smallest coordinates, if the size is positive.
    pub position: Vector2i,
    /// The vector from that corner to the opposite one.
    pub size: Vector2i,
}

/// A 2D transformation, as the columns of its matrix. The default is the identity.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Transform2D {
    /// The image of the x axis.
    pub x: Vector2,
    /// The image of the y axis.
    pub y: Vector2,
    /// The image of the origin.
    pub origin: Vector2,
}

/// A plane in 3D space: all points whose dot product with `normal` is `d`.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Plane {
    /// The normal vector of the plane.
    pub normal: Vector3,
    /// The distance of the plane from the origin.
    pub d: f32,
}

/// An axis-aligned 3D box.
///
/// Godot: `AABB`.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Aabb {
    /// The corner with the smallest coordinates, if the size is positive.
    pub position: Vector3,
    /// The vector from that corner to the opposite one.
    pub size: Vector3,
}

/// A 3×3 matrix: rotation, scale and shear. The default is the identity.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Basis {
    /// The rows, as they are encoded. GDScript shows the columns: [`from_axes`](Self::from_axes).
    pub rows: [Vector3; 3],
}

/// A 3D transformation. The default is the identity.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Transform3D {
    /// Rotation, scale and shear.
    pub basis: Basis,
    /// The image of the origin.
    pub origin: Vector3,
}

/// A 4×4 matrix, such as the projection of a camera. The default is the identity.
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
    /// Returns the rectangle with this corner and size.
    pub const fn new(position: Vector2, size: Vector2) -> Self {
        Self { position, size }
    }
}

impl Rect2i {
    /// Returns the rectangle with this corner and size.
    pub const fn new(position: Vector2i, size: Vector2i) -> Self {
        Self { position, size }
    }
}

impl Transform2D {
    /// Returns the transformation with these columns.
    pub const fn new(x: Vector2, y: Vector2, origin: Vector2) -> Self {
        Self { x, y, origin }
    }
}

impl Plane {
    /// Returns the plane with this normal and distance from the origin.
    pub const fn new(normal: Vector3, d: f32) -> Self {
        Self { normal, d }
    }
}

impl Aabb {
    /// Returns the box with this corner and size.
    pub const fn new(position: Vector3, size: Vector3) -> Self {
        Self { position, size }
    }
}

impl Basis {
    /// Returns the matrix with these rows.
    pub const fn new(rows: [Vector3; 3]) -> Self {
        Self { rows }
    }

    /// Returns the matrix with these columns, which are the images of the axes.
    ///
    /// Godot: `Basis(x_axis, y_axis, z_axis)`.
    pub const fn from_axes(x: Vector3, y: Vector3, z: Vector3) -> Self {
        Self { rows: [Vector3::new(x.x, y.x, z.x), Vector3::new(x.y, y.y, z.y), Vector3::new(x.z, y.z, z.z)] }
    }
}

impl Transform3D {
    /// Returns the transformation with this matrix and origin.
    pub const fn new(basis: Basis, origin: Vector3) -> Self {
        Self { basis, origin }
    }
}

impl Projection {
    /// Returns the matrix with these columns.
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

/// Implements the conversions from and to an array of all numbers, in the order in which they are encoded.
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
