//! What a spawner can make: scenes by number, or whatever its function makes of a value.

use std::{fmt, iter, sync::Arc};

use super::property::{Properties, unique_names};
use crate::variant::Variant;

/// The number of scenes that can be told from the one that stands for none.
const MAX_SCENES: usize = 255;

/// What has to be known of a scene: its synchronizers. A clone shares them.
///
/// Those that are in another peer's hands than the spawner are left out: they are declared by
/// [`register_synchronizer`](super::super::Session::register_synchronizer).
///
/// Godot: a `PackedScene`.
#[derive(Debug, Clone)]
pub struct Scene {
    synchronizers: Arc<[Properties]>,
}

impl Scene {
    /// A scene with these synchronizers, in the order in which they stand in its tree.
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
    /// A scene with one synchronizer.
    fn from(synchronizer: Properties) -> Self {
        Self::new(iter::once(synchronizer))
    }
}

type SpawnFunction = Arc<dyn Fn(&Variant) -> Option<Scene> + Send + Sync>;

/// What a spawner can make, the same as at the other ends.
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
///     .custom(move |what| (*what == Variant::from("coin")).then(|| coin.clone().into()));
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
    /// A spawner that can make nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a scene, whose number is that of those before it.
    ///
    /// Godot: `add_spawnable_scene`.
    #[doc(alias = "add_spawnable_scene")]
    #[must_use]
    pub fn scene(mut self, scene: impl Into<Scene>) -> Self {
        self.scenes.push(scene.into());
        self
    }

    /// Lets it make nodes of values. The function says what there will be, or `None` for a value that it does not know; such
    /// a spawn is refused. The value may be anything that a peer can think of.
    ///
    /// Godot: `spawn_function`.
    #[doc(alias = "spawn_function")]
    #[must_use]
    pub fn custom(mut self, make: impl Fn(&Variant) -> Option<Scene> + Send + Sync + 'static) -> Self {
        self.custom = Some(Arc::new(make));
        self
    }

    /// What it makes.
    pub(crate) fn make(&self, kind: &SpawnKind) -> Option<Scene> {
        match kind {
            SpawnKind::Scene(scene) => self.scenes.get(usize::from(*scene)).cloned(),
            // Not only what it was made with, but also what it makes is the program's.
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

/// What a node is made from.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum SpawnKind {
    /// The spawner's scene of this number.
    Scene(u8),
    /// This value, by the spawner's function.
    Custom(Variant),
}
