//! Clones values without recursion.

use std::convert::Infallible;

use super::visitor::{ContainerRef, Visitor, walk};
use super::{Object, Variant};

impl Clone for Variant {
    fn clone(&self) -> Self {
        let mut copier = Copier::default();
        match walk(self, &mut copier) {
            Ok(()) => copier.done,
            Err(never) => match never {},
        }
    }
}

/// Copies the visited values.
#[derive(Default)]
struct Copier {
    /// The copied values of each open container, the innermost last.
    open: Vec<Vec<Variant>>,
    done: Variant,
}

impl Copier {
    fn add(&mut self, value: Variant) {
        match self.open.last_mut() {
            Some(values) => values.push(value),
            None => self.done = value,
        }
    }
}

impl<'a> Visitor<'a> for Copier {
    type Error = Infallible;

    fn leaf(&mut self, value: &'a Variant) -> Result<(), Infallible> {
        self.add(copy_leaf(value));
        Ok(())
    }

    fn enter(&mut self, container: ContainerRef<'a>, _: usize) -> Result<(), Infallible> {
        self.open.push(Vec::with_capacity(match container {
            ContainerRef::Array(array) => array.len(),
            ContainerRef::Dictionary(dictionary) => 2 * dictionary.len(),
            ContainerRef::Object { properties, .. } => properties.len(),
        }));
        Ok(())
    }

    fn before(&mut self, _: ContainerRef<'a>, _: usize) -> Result<(), Infallible> {
        Ok(())
    }

    fn leave(&mut self, container: ContainerRef<'a>) -> Result<(), Infallible> {
        let values = self.open.pop().unwrap_or_default();
        let copy = match container {
            ContainerRef::Array(array) => Variant::Array(Box::new(array.copy_with(values))),
            ContainerRef::Dictionary(dictionary) => {
                Variant::Dictionary(Box::new(dictionary.copy_with(values)))
            }
            ContainerRef::Object { class, properties } => {
                let names = properties.iter().map(|(name, _)| name.clone());
                let properties = names.zip(values).collect();
                Object::Full { class: class.to_owned(), properties }.into()
            }
        };
        self.add(copy);
        Ok(())
    }
}

/// Copies a value that does not contain others.
fn copy_leaf(value: &Variant) -> Variant {
    use Variant as V;
    match value {
        V::Nil => V::Nil,
        V::Bool(value) => V::Bool(*value),
        V::Int(value) => V::Int(*value),
        V::Float(value) => V::Float(*value),
        V::String(value) => V::String(value.clone()),
        V::Vector2(value) => V::Vector2(*value),
        V::Vector2i(value) => V::Vector2i(*value),
        V::Rect2(value) => V::Rect2(*value),
        V::Rect2i(value) => V::Rect2i(*value),
        V::Vector3(value) => V::Vector3(*value),
        V::Vector3i(value) => V::Vector3i(*value),
        V::Transform2D(value) => V::Transform2D(*value),
        V::Vector4(value) => V::Vector4(*value),
        V::Vector4i(value) => V::Vector4i(*value),
        V::Plane(value) => V::Plane(*value),
        V::Quaternion(value) => V::Quaternion(*value),
        V::Aabb(value) => V::Aabb(*value),
        V::Basis(value) => V::Basis(value.clone()),
        V::Transform3D(value) => V::Transform3D(value.clone()),
        V::Projection(value) => V::Projection(value.clone()),
        V::Color(value) => V::Color(*value),
        V::StringName(value) => V::StringName(value.clone()),
        V::NodePath(value) => V::NodePath(value.clone()),
        V::Rid(value) => V::Rid(*value),
        V::Object(value) => V::Object(value.clone()),
        V::Callable => V::Callable,
        V::Signal(value) => V::Signal(value.clone()),
        V::Dictionary(value) => V::Dictionary(value.clone()),
        V::Array(value) => V::Array(value.clone()),
        V::PackedByteArray(value) => V::PackedByteArray(value.clone()),
        V::PackedInt32Array(value) => V::PackedInt32Array(value.clone()),
        V::PackedInt64Array(value) => V::PackedInt64Array(value.clone()),
        V::PackedFloat32Array(value) => V::PackedFloat32Array(value.clone()),
        V::PackedFloat64Array(value) => V::PackedFloat64Array(value.clone()),
        V::PackedStringArray(value) => V::PackedStringArray(value.clone()),
        V::PackedVector2Array(value) => V::PackedVector2Array(value.clone()),
        V::PackedVector3Array(value) => V::PackedVector3Array(value.clone()),
        V::PackedColorArray(value) => V::PackedColorArray(value.clone()),
        V::PackedVector4Array(value) => V::PackedVector4Array(value.clone()),
    }
}
