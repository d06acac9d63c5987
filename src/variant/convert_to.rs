//! Converts values to a declared type, as for a typed parameter in GDScript.

use super::{
    Basis, Color, NodePath, Projection, Rect2, Rect2i, Rid, StringName, Transform2D, Transform3D, Variant,
    VariantType, Vector2, Vector2i, Vector3, Vector3i, Vector4, Vector4i, WrongType,
    casts::{read_float, read_int, to_i32, to_i64},
    rotation,
    stringify::texts,
};

/// The expected type if the strings of an array would be too long.
const SHORT_TEXTS: &str = "PackedStringArray with fewer long numbers";

impl Variant {
    /// Converts the value to this type, where Godot does so for a typed parameter or variable. A value that already has
    /// the type is unchanged. [`VariantType::Nil`] accepts every value.
    ///
    /// | to | from |
    /// |---|---|
    /// | `bool` | `int`, `float`: true if not 0 |
    /// | `int` | `bool`; `float`: rounded towards zero, the smallest `int` if it does not fit or is NaN |
    /// | `float` | `bool`; `int`: the nearest number |
    /// | `String` | `StringName`, `NodePath` |
    /// | `StringName`, `NodePath` | `String` |
    /// | `Vector2`, `Vector3`, `Vector4`, `Rect2` | the integer type of the same name, and vice versa, each component rounded towards zero |
    /// | `Transform2D` | `Transform3D`, without the third dimension |
    /// | `Transform3D` | `Transform2D`, `Basis`, `Quaternion`; `Projection`, without its fourth row |
    /// | `Projection` | `Transform3D` |
    /// | `Basis` | `Quaternion` |
    /// | `Quaternion` | `Basis`; the identity if it is not a rotation |
    /// | `Color` | `int`: `0xRRGGBBAA`; `String`: [`Color::from_text`], black if it is not a colour |
    /// | `RID` | `Object`: the empty RID |
    /// | `Object` | `null`, which is unchanged |
    /// | `Array` | every packed array |
    /// | every packed array | `Array`, each element converted; 0, a zero vector or black where that is not possible |
    ///
    /// The elements of a `PackedStringArray` are written as by Godot's `str`.
    ///
    /// Time and memory are linear in the size of the value: the result takes at most 32 bytes per byte of the encoded
    /// value, and 8 KiB more.
    ///
    /// # Errors
    /// [`WrongType`] for all other combinations, as in Godot; also for `null`, except to `Object`. Unlike in Godot, an
    /// `Array` does not become a `PackedStringArray` if its numbers with more than 42 characters, such as 1e300, have
    /// more than 4096 characters in total. Otherwise a short packet of an untrusted peer could become a very long text.
    ///
    /// Godot: `Variant::can_convert_strict`, `Variant::construct`. Where C++ does not define the result for a number
    /// that does not fit, it is that of an engine on x86-64. For a `Basis` that is not a rotation, debug builds of the
    /// engine return the identity, others an arbitrary quaternion.
    pub fn convert_to(self, to: VariantType) -> Result<Self, WrongType> {
        use Variant as V;
        use VariantType as T;

        let found = self.kind();
        if found == to {
            return Ok(self);
        }
        Ok(match (to, self) {
            (T::Nil, value) => value,
            (T::Bool, V::Int(number)) => V::Bool(number != 0),
            (T::Bool, V::Float(number)) => V::Bool(number != 0.0),
            (T::Int, V::Bool(value)) => V::Int(value.into()),
            (T::Int, V::Float(number)) => V::Int(to_i64(number)),
            (T::Float, V::Bool(value)) => V::Float(value.into()),
            (T::Float, V::Int(number)) => V::Float(number as f64),
            (T::String, V::StringName(StringName(name))) => V::String(name),
            (T::String, V::NodePath(path)) => V::String(path.to_string()),
            (T::StringName, V::String(text)) => V::StringName(StringName(text)),
            (T::NodePath, V::String(text)) => V::NodePath(Box::new(NodePath::from(text))),
            (T::Vector2, V::Vector2i(row)) => V::Vector2(row.into()),
            (T::Vector2i, V::Vector2(row)) => V::Vector2i(row.into()),
            (T::Rect2, V::Rect2i(Rect2i { position, size })) => {
                V::Rect2(Rect2::new(position.into(), size.into()))
            }
            (T::Rect2i, V::Rect2(Rect2 { position, size })) => {
                V::Rect2i(Rect2i::new(position.into(), size.into()))
            }
            (T::Vector3, V::Vector3i(row)) => V::Vector3(row.into()),
            (T::Vector3i, V::Vector3(row)) => V::Vector3i(row.into()),
            (T::Vector4, V::Vector4i(row)) => V::Vector4(row.into()),
            (T::Vector4i, V::Vector4(row)) => V::Vector4i(row.into()),
            (T::Transform2D, V::Transform3D(it)) => V::Transform2D(flat(&it)),
            (T::Transform3D, V::Transform2D(it)) => V::from(in_space(&it)),
            (T::Transform3D, V::Basis(basis)) => V::from(Transform3D::new(*basis, Vector3::default())),
            (T::Transform3D, V::Quaternion(rotation)) => {
                V::from(Transform3D::new(rotation::to_basis(rotation), Vector3::default()))
            }
            (T::Transform3D, V::Projection(it)) => V::from(without_perspective(&it)),
            (T::Projection, V::Transform3D(it)) => V::from(with_perspective(&it)),
            (T::Basis, V::Quaternion(rotation)) => V::from(rotation::to_basis(rotation)),
            (T::Quaternion, V::Basis(basis)) => V::Quaternion(rotation::to_quaternion(&basis)),
            (T::Color, value @ (V::Int(_) | V::String(_))) => V::Color(color(&value)),
            (T::Rid, V::Object(_)) => V::Rid(Rid::default()),
            (T::Object, V::Nil) => V::Nil,
            (T::Array, value) => match elements(value) {
                Some(elements) => V::from(elements),
                None => return Err(WrongType::new(to.name(), found)),
            },
            (T::PackedStringArray, V::Array(array)) => match texts(&array) {
                Some(texts) => V::from(texts),
                None => return Err(WrongType::new(SHORT_TEXTS, found)),
            },
            (_, V::Array(array)) => match packed(to, &array) {
                Some(packed) => packed,
                None => return Err(WrongType::new(to.name(), found)),
            },
            _ => return Err(WrongType::new(to.name(), found)),
        })
    }
}

/// Returns the elements of a packed array.
fn elements(packed: Variant) -> Option<Vec<Variant>> {
    use Variant as V;
    fn all<T: Into<Variant>>(values: Vec<T>) -> Option<Vec<Variant>> {
        Some(values.into_iter().map(T::into).collect())
    }
    match packed {
        V::PackedByteArray(values) => all(values),
        V::PackedInt32Array(values) => all(values),
        V::PackedInt64Array(values) => all(values),
        V::PackedFloat32Array(values) => all(values),
        V::PackedFloat64Array(values) => all(values),
        V::PackedStringArray(values) => all(values),
        V::PackedVector2Array(values) => all(values),
        V::PackedVector3Array(values) => all(values),
        V::PackedColorArray(values) => all(values),
        V::PackedVector4Array(values) => all(values),
        _ => None,
    }
}

/// Converts values of any type to a packed array.
fn packed(to: VariantType, values: &[Variant]) -> Option<Variant> {
    use VariantType as T;
    fn all<P>(values: &[Variant], element: impl Fn(&Variant) -> P) -> Option<Variant>
    where
        Vec<P>: Into<Variant>,
    {
        Some(values.iter().map(element).collect::<Vec<P>>().into())
    }
    match to {
        T::PackedByteArray => all(values, |value| int32(value) as u8),
        T::PackedInt32Array => all(values, int32),
        T::PackedInt64Array => all(values, int64),
        T::PackedFloat32Array => all(values, float32),
        T::PackedFloat64Array => all(values, float64),
        T::PackedVector2Array => all(values, |value| vector(value, |[x, y, ..]| Vector2::new(x, y))),
        T::PackedVector3Array => all(values, |value| vector(value, |[x, y, z, _]| Vector3::new(x, y, z))),
        T::PackedVector4Array => all(values, |value| vector(value, Vector4::from)),
        T::PackedColorArray => all(values, color),
        _ => None,
    }
}

fn int64(value: &Variant) -> i64 {
    match value {
        Variant::Bool(value) => (*value).into(),
        Variant::Int(number) => *number,
        Variant::Float(number) => to_i64(*number),
        Variant::String(text) => read_int(text),
        _ => 0,
    }
}

fn int32(value: &Variant) -> i32 {
    match value {
        Variant::Float(number) => to_i32(*number),
        // Larger integers are truncated to the lower 32 bits.
        value => int64(value) as i32,
    }
}

fn float64(value: &Variant) -> f64 {
    match value {
        Variant::Bool(value) => (*value).into(),
        Variant::Int(number) => *number as f64,
        Variant::Float(number) => *number,
        Variant::String(text) => read_float(text),
        _ => 0.0,
    }
}

fn float32(value: &Variant) -> f32 {
    match value {
        // Converted in one step, to round only once.
        Variant::Int(number) => *number as f32,
        value => float64(value) as f32,
    }
}

/// Returns the first four components of a vector; missing ones are 0.
fn vector<T>(value: &Variant, make: impl Fn([f32; 4]) -> T) -> T {
    let four = match *value {
        Variant::Vector2(Vector2 { x, y }) => [x, y, 0.0, 0.0],
        Variant::Vector2i(row) => {
            let Vector2 { x, y } = row.into();
            [x, y, 0.0, 0.0]
        }
        Variant::Vector3(Vector3 { x, y, z }) => [x, y, z, 0.0],
        Variant::Vector3i(row) => {
            let Vector3 { x, y, z } = row.into();
            [x, y, z, 0.0]
        }
        Variant::Vector4(row) => row.into(),
        Variant::Vector4i(row) => Vector4::from(row).into(),
        _ => [0.0; 4],
    };
    make(four)
}

fn color(value: &Variant) -> Color {
    match value {
        Variant::Color(color) => *color,
        Variant::Int(rgba) => Color::from_hex(*rgba as u32),
        Variant::String(text) => Color::from_text(text).unwrap_or_default(),
        _ => Color::default(),
    }
}

/// Returns the part in the x-y plane.
fn flat(it: &Transform3D) -> Transform2D {
    let [a, b, _] = it.basis.rows;
    Transform2D::new(Vector2::new(a.x, b.x), Vector2::new(a.y, b.y), Vector2::new(it.origin.x, it.origin.y))
}

fn in_space(it: &Transform2D) -> Transform3D {
    let basis = Basis::new([
        Vector3::new(it.x.x, it.y.x, 0.0),
        Vector3::new(it.x.y, it.y.y, 0.0),
        Vector3::new(0.0, 0.0, 1.0),
    ]);
    Transform3D::new(basis, Vector3::new(it.origin.x, it.origin.y, 0.0))
}

fn without_perspective(it: &Projection) -> Transform3D {
    let three = |row: Vector4| Vector3::new(row.x, row.y, row.z);
    Transform3D::new(Basis::from_axes(three(it.x), three(it.y), three(it.z)), three(it.w))
}

fn with_perspective(it: &Transform3D) -> Projection {
    let ([a, b, c], origin) = (it.basis.rows, it.origin);
    Projection::new(
        Vector4::new(a.x, b.x, c.x, 0.0),
        Vector4::new(a.y, b.y, c.y, 0.0),
        Vector4::new(a.z, b.z, c.z, 0.0),
        Vector4::new(origin.x, origin.y, origin.z, 1.0),
    )
}

/// Implements the conversions between vectors of floats and of integers.
macro_rules! both_ways {
    ($($real:ident, $whole:ident: $($component:ident),+;)+) => {$(
        impl From<$whole> for $real {
            /// Converts each component to the nearest float.
            fn from(row: $whole) -> Self {
                Self { $($component: row.$component as f32),+ }
            }
        }

        impl From<$real> for $whole {
            /// Rounds each component towards zero. A component that does not fit, or is NaN, becomes the smallest
            /// integer.
            fn from(row: $real) -> Self {
                Self { $($component: to_i32(row.$component.into())),+ }
            }
        }
    )+};
}

both_ways! {
    Vector2, Vector2i: x, y;
    Vector3, Vector3i: x, y, z;
    Vector4, Vector4i: x, y, z, w;
}
