//! The ways in which a program puts another value into a resource.

use std::mem::swap;

use bevy_ecs::{component::Mutable, prelude::*};

/// A name, and a function that returns the resource that it leaves to the program, if any.
pub type Replacement<R> = (&'static str, fn(&mut World, R) -> Option<R>);

/// All of them. The world has the resource before.
pub fn replacements<R: Resource + Component<Mutability = Mutable>>() -> [Replacement<R>; 4] {
    [
        ("inserted", |world, new| {
            world.insert_resource(new);
            None
        }),
        ("removed and inserted", |world, new| {
            let former = world.remove_resource();
            world.insert_resource(new);
            former
        }),
        ("assigned", |world, new| {
            *world.resource_mut::<R>() = new;
            None
        }),
        ("swapped", |world, mut new| {
            swap(&mut *world.resource_mut::<R>(), &mut new);
            Some(new)
        }),
    ]
}
