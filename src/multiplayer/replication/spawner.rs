//! Spawners: they create nodes from scenes by index, or from values by a function.

use std::{fmt, iter, sync::Arc};

use super::property::{Properties, unique_names};
use crate::variant::Variant;

/// The largest number of scenes. The index 255 marks a custom spawn.
const MAX_SCENES: usize = 255;

/// A scene that a spawner can create, as the list of its synchronizers. Clones share it.
///
/// Synchronizers with another authority than the spawner are left out here. Register them by
/// [`register_synchronizer`](super::super::Session::register_synchronizer).
///
/// Godot: a `PackedScene`.
#[derive(Debug, Clone)]
pub struct Scene {
    synchronizers: Arc<[Properties]>,
}

impl Scene {
    /// Creates a scene with these synchronizers, in the order of the scene's tree.
    pub fn new(synchronizers: impl IntoIterator<Item = Properties>) -> Self {
        Self { synchronizers: synchronizers.into_iter().collect() }
    }

    pub(crate) fn synchronizers(&self) -> &[Properties] {
        &self.synchronizers
    }

    pub(crate) fn check(&self) -> Result<(), &'static str> {
        self.synchronizers.iter().try_for_each(Properties::check)?;
        unique_names(self.synchronizers.iter())
    }
}

impl From<Properties> for Scene {
    /// Creates a scene with one synchronizer.
    fn from(synchronizer: Properties) -> Self {
        Self::new(iter::once(synchronizer))
    }
}

type SpawnFunction = Arc<dyn Fn(&Variant) -> Option<Scene> + Send + Sync>;

/// The nodes that a spawner can create. All ends must declare the same.
///
/// ```
/// use websocket_peer::{
///     multiplayer::{Properties, Property, Scene, Spawner},
///     variant::{Variant, Vector2},
/// };
///
/// let coin = Properties::new().with(Property::of::<Vector2>("position"));
/// let wall = Scene::new([]);
/// let spawner = Spawner::new()
///     .scene(coin.clone())
///     .scene(wall)
///     .custom(move |value| (*value == Variant::from("coin")).then(|| coin.clone().into()));
/// # let _ = spawner;
/// ```
///
/// Godot: `MultiplayerSpawner`.
#[doc(alias = "MultiplayerSpawner")]
#[derive(Clone, Default)]
pub struct Spawner {
    scenes: Vec<Scene>,
    custom: Option<SpawnFunction>,
}

impl Spawner {
    /// Creates a spawner without scenes.
    pub fn new() -> Self {
        Self::default()
    }

    /// Appends a scene. The first one has index 0.
    ///
    /// Godot: `add_spawnable_scene`.
    #[doc(alias = "add_spawnable_scene")]
    #[must_use]
    pub fn scene(mut self, scene: impl Into<Scene>) -> Self {
        self.scenes.push(scene.into());
        self
    }

    /// Sets the function that creates nodes from values. If it returns `None`, the spawn is rejected. The value comes
    /// from a peer and may be anything.
    ///
    /// Godot: `spawn_function`.
    #[doc(alias = "spawn_function")]
    #[must_use]
    pub fn custom(mut self, make: impl Fn(&Variant) -> Option<Scene> + Send + Sync + 'static) -> Self {
        self.custom = Some(Arc::new(make));
        self
    }

    /// Returns the scene for a spawn; `None` if the spawner cannot create it.
    pub(crate) fn make(&self, kind: &SpawnKind) -> Option<Scene> {
        match kind {
            SpawnKind::Scene(scene) => self.scenes.get(usize::from(*scene)).cloned(),
            // The function may return any scene, so this one must be checked as well.
            SpawnKind::Custom(value) => self.custom.as_ref()?(value).filter(|scene| scene.check().is_ok()),
        }
    }

    pub(crate) fn check(&self) -> Result<(), &'static str> {
        if self.scenes.len() > MAX_SCENES {
            return Err("it has more than 255 scenes");
        }
        self.scenes.iter().try_for_each(Scene::check)
    }
}

impl fmt::Debug for Spawner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut spawner = f.debug_struct("Spawner");
        spawner.field("scenes", &self.scenes).field("custom", &self.custom.is_some()).finish()
    }
}

/// The scene or the value that a spawned node is created from.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum SpawnKind {
    /// The spawner's scene at this index.
    Scene(u8),
    /// A value for the spawner's function.
    Custom(Variant),
}
