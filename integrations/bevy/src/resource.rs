//! What the resources have in common: each is used like the value that it holds, and has an identity.

use std::sync::atomic::{AtomicUsize, Ordering};

/// A number that no other resource has. It moves with the resource, so a plugin notices that another one has taken its
/// place, however that happened: inserted, removed, assigned or swapped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Identity(usize);

impl Default for Identity {
    fn default() -> Self {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        Self(NEXT.fetch_add(1, Ordering::Relaxed))
    }
}

/// Makes a resource deref to the value in one of its fields.
macro_rules! deref {
    ($resource:ty => $field:ident: $value:ty) => {
        impl std::ops::Deref for $resource {
            type Target = $value;

            fn deref(&self) -> &$value {
                &self.$field
            }
        }

        impl std::ops::DerefMut for $resource {
            fn deref_mut(&mut self) -> &mut $value {
                &mut self.$field
            }
        }
    };
}

pub(crate) use deref;
