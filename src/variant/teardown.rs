//! Drops nested values without recursion. The code that the compiler generates would use the thread's stack.

use super::{Object, Variant};

/// Drops values and all values in them, without recursion.
pub(super) fn drop_all(values: Vec<Variant>) {
    if values.iter().all(is_flat) {
        return;
    }
    let mut todo = values;
    while let Some(mut value) = todo.pop() {
        match &mut value {
            Variant::Array(array) => todo.append(&mut array.take()),
            Variant::Dictionary(dictionary) => {
                todo.extend(dictionary.take().into_iter().flat_map(|(key, value)| [key, value]));
            }
            Variant::Object(Some(object)) => {
                if let Object::Full { properties, .. } = &mut **object {
                    todo.extend(properties.drain(..).map(|(_, value)| value));
                }
            }
            _ => {}
        }
    }
}

/// Drops keys and values as [`drop_all`].
pub(super) fn drop_entries(entries: Vec<(Variant, Variant)>) {
    if entries.iter().any(|(key, value)| !is_flat(key) || !is_flat(value)) {
        drop_all(entries.into_iter().flat_map(|(key, value)| [key, value]).collect());
    }
}

fn is_flat(value: &Variant) -> bool {
    !matches!(value, Variant::Array(_) | Variant::Dictionary(_) | Variant::Object(Some(_)))
}
