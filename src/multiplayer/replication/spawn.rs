//! What the program says of a node that it spawns.

use std::borrow::Cow;

use super::spawner::SpawnKind;
use crate::variant::Variant;

/// A node to be spawned: what it is made from, its name, and what its properties hold.
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
    /// A node of the spawner's scene of this number.
    pub fn scene(number: u8) -> Self {
        Self::new(SpawnKind::Scene(number))
    }

    /// A node that the spawner's function makes of this value.
    ///
    /// Godot: `MultiplayerSpawner.spawn`.
    pub fn custom(value: impl Into<Variant>) -> Self {
        Self::new(SpawnKind::Custom(value.into()))
    }

    fn new(kind: SpawnKind) -> Self {
        Self { kind, name: None, values: Vec::new(), is_public: true }
    }

    /// Gives it a name, which no other node of the spawner may have. One without has `Node` and a number.
    #[must_use]
    pub fn named(mut self, name: impl Into<Cow<'static, str>>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Sets a property.
    #[must_use]
    pub fn with(mut self, property: impl Into<Cow<'static, str>>, value: impl Into<Variant>) -> Self {
        self.values.push((property.into(), value.into()));
        self
    }

    /// Nobody sees it, until [`show`](super::super::Session::show) says who does.
    ///
    /// Godot: `MultiplayerSynchronizer.public_visibility`.
    #[doc(alias = "public_visibility")]
    #[must_use]
    pub fn hidden(mut self) -> Self {
        self.is_public = false;
        self
    }
}
