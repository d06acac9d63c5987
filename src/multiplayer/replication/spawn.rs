//! The description of a node to spawn.

use std::borrow::Cow;

use super::spawner::SpawnKind;
use crate::variant::Variant;

/// A node to spawn: its scene or value, its name, and the values of its properties.
///
/// ```
/// use websocket_peer::{multiplayer::Spawn, variant::Vector2};
///
/// let coin = Spawn::scene(0).named("coin").with("position", Vector2::new(1.0, 2.0));
/// let orc = Spawn::custom("orc").hidden();
/// # let _ = (coin, orc);
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Spawn {
    pub(crate) kind: SpawnKind,
    pub(crate) name: Option<Cow<'static, str>>,
    pub(crate) values: Vec<(Cow<'static, str>, Variant)>,
    pub(crate) is_public: bool,
}

impl Spawn {
    /// Creates a node from the spawner's scene at this index.
    pub fn scene(number: u8) -> Self {
        Self::new(SpawnKind::Scene(number))
    }

    /// Creates a node from this value, by the spawner's function.
    ///
    /// Godot: `MultiplayerSpawner.spawn`.
    #[doc(alias = "spawn")]
    pub fn custom(value: impl Into<Variant>) -> Self {
        Self::new(SpawnKind::Custom(value.into()))
    }

    fn new(kind: SpawnKind) -> Self {
        Self { kind, name: None, values: Vec::new(), is_public: true }
    }

    /// Sets the name, which must be unique among the nodes of the spawner. Default: `Node` and a number.
    #[must_use]
    pub fn named(mut self, name: impl Into<Cow<'static, str>>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Sets the value of a property.
    #[must_use]
    pub fn with(mut self, property: impl Into<Cow<'static, str>>, value: impl Into<Variant>) -> Self {
        self.values.push((property.into(), value.into()));
        self
    }

    /// Hides the node from all peers until [`show`](super::super::Session::show) is called.
    ///
    /// Godot: `MultiplayerSynchronizer.public_visibility`.
    #[doc(alias = "public_visibility")]
    #[must_use]
    pub fn hidden(mut self) -> Self {
        self.is_public = false;
        self
    }
}
