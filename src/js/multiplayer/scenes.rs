//! What is spawned and synchronized: properties, scenes of them, and spawners of scenes, as objects that are read strictly.

use std::collections::BTreeMap;

use wasm_bindgen::{JsValue, prelude::wasm_bindgen};

use crate::{
    js::{
        values::{Thrown, fields, integer, list},
        variant::{self, Kind, of_kind},
    },
    multiplayer::{Properties, Property, ReplicationMode, Scene, Spawn, SpawnKind, Spawner},
    variant::Variant,
};

#[wasm_bindgen(typescript_custom_section)]
const TYPES: &str = r#"
/** What a `MultiplayerSynchronizer` keeps in step, in the order of its configuration: no name is on the wire. */
export type SynchronizerDeclaration = readonly PropertyDeclaration[];

/** One property of a `MultiplayerSynchronizer`. */
export interface PropertyDeclaration {
    /** What it is called here. */
    readonly name: string;
    /** What it holds. Default: `Variant`. */
    readonly type?: DeclaredType;
    /** When it is sent after the spawn: every time, when it has changed, or not at all. Default: `always`. */
    readonly mode?: "always" | "on-change" | "never";
    /** Whether it is sent at the spawn. Default: true. */
    readonly atSpawn?: boolean;
}

/**
 * What a scene is to others: its `MultiplayerSynchronizer`s, in the order in which they stand in its tree, but for those in
 * other hands than the spawner.
 */
export type SceneDeclaration = readonly SynchronizerDeclaration[];

/** What a `MultiplayerSpawner` can make. */
export interface SpawnerDeclaration {
    /** Its scenes, in its order. */
    readonly scenes?: readonly SceneDeclaration[];
    /** What its `spawn_function` makes, of whatever value. */
    readonly custom?: SceneDeclaration;
}

/** A node to be spawned, of a scene by its number or of a value by the spawner's function. */
export type SpawnRequest = ({ readonly scene: number } | { readonly value: VariantLike }) & {
    /** Its name, which no other node of the spawner may have. Default: `Node` and a number. */
    readonly name?: string;
    /** What its properties hold. */
    readonly properties?: Readonly<Record<string, VariantLike>>;
    /** Whether nobody sees it before `show()`. Default: false. */
    readonly hidden?: boolean;
};
"#;

/// The types of a node's properties.
#[derive(Clone, Default)]
pub(super) struct PropertyKinds(BTreeMap<String, Kind>);

/// The types of the properties of what a spawner makes.
#[derive(Default)]
pub(super) struct SceneKinds {
    scenes: Vec<PropertyKinds>,
    custom: PropertyKinds,
}

/// A node that a page wants to spawn.
pub(super) struct SpawnRequest {
    what: SpawnKind,
    name: Option<String>,
    properties: Vec<(String, Variant)>,
    hidden: bool,
}

impl PropertyKinds {
    pub(super) fn admit(&self, property: &str, value: Variant) -> Variant {
        self.0.get(property).copied().unwrap_or(Kind::ANY).admit(value)
    }

    /// The properties of one synchronizer, and here their types.
    fn read(&mut self, given: &JsValue) -> Result<Properties, Thrown> {
        let mut properties = Properties::new();
        for given in list("properties", given)? {
            let (property, kind) = read_property(&given)?;
            self.0.insert(property.name.clone().into_owned(), kind);
            properties = properties.with(property);
        }
        Ok(properties)
    }

    fn read_scene(&mut self, given: &JsValue) -> Result<Scene, Thrown> {
        let synchronizers =
            list("a scene", given)?.iter().map(|given| self.read(given)).collect::<Result<Vec<_>, _>>()?;
        Ok(Scene::new(synchronizers))
    }
}

/// A synchronizer, and the types of its properties.
pub(super) fn read_synchronizer(given: &JsValue) -> Result<(Properties, PropertyKinds), Thrown> {
    let mut kinds = PropertyKinds::default();
    Ok((kinds.read(given)?, kinds))
}

fn read_property(given: &JsValue) -> Result<(Property, Kind), Thrown> {
    let (mut name, mut kind) = (None, Kind::ANY);
    let (mut mode, mut at_spawn) = (ReplicationMode::default(), true);
    for (field, value) in fields("a property", given)? {
        let wrong = |wanted| Thrown::wrong_type(&format!("`{field}` of a property"), wanted);
        match field.as_str() {
            "name" => name = Some(value.as_string().ok_or_else(|| wrong("a string"))?),
            "type" => {
                let declared = value.as_string().and_then(|name| Kind::of_name(&name));
                kind = declared.ok_or_else(|| wrong("the name of a type of Godot's"))?;
            }
            "mode" => {
                mode = match value.as_string().as_deref() {
                    Some("always") => ReplicationMode::Always,
                    Some("on-change") => ReplicationMode::OnChange,
                    Some("never") => ReplicationMode::Never,
                    _ => return Err(wrong("\"always\", \"on-change\" or \"never\"")),
                };
            }
            "atSpawn" => at_spawn = value.as_bool().ok_or_else(|| wrong("true or false"))?,
            _ => return Err(Thrown::type_error(&format!("a property has no `{field}`"))),
        }
    }
    let name = name.ok_or_else(|| Thrown::type_error("a property must have a `name`"))?;
    let mut property = of_kind!(kind, Property, name);
    (property.mode, property.at_spawn) = (mode, at_spawn);
    Ok((property, kind))
}

pub(super) fn read_spawner(given: &JsValue) -> Result<(Spawner, SceneKinds), Thrown> {
    let (mut spawner, mut kinds) = (Spawner::new(), SceneKinds::default());
    for (field, value) in fields("a spawner", given)? {
        match field.as_str() {
            "scenes" => {
                for given in list("scenes", &value)? {
                    let mut properties = PropertyKinds::default();
                    spawner = spawner.scene(properties.read_scene(&given)?);
                    kinds.scenes.push(properties);
                }
            }
            "custom" => {
                let scene = kinds.custom.read_scene(&value)?;
                spawner = spawner.custom(move |_| Some(scene.clone()));
            }
            _ => return Err(Thrown::type_error(&format!("a spawner has no `{field}`"))),
        }
    }
    Ok((spawner, kinds))
}

impl SpawnRequest {
    pub(super) fn read(given: &JsValue) -> Result<Self, Thrown> {
        let (mut what, mut name, mut properties, mut hidden) = (None, None, Vec::new(), false);
        for (field, value) in fields("what is spawned", given)? {
            let wrong = |wanted| Thrown::wrong_type(&format!("`{field}` of what is spawned"), wanted);
            match field.as_str() {
                "scene" if what.is_none() => {
                    let scene = integer(&value).and_then(|scene| u8::try_from(scene).ok());
                    what = Some(SpawnKind::Scene(scene.ok_or_else(|| wrong("the number of a scene"))?));
                }
                "value" if what.is_none() => what = Some(SpawnKind::Custom(variant::read(&value)?)),
                "name" => name = Some(value.as_string().ok_or_else(|| wrong("a string"))?),
                "properties" => {
                    for (property, value) in fields("`properties`", &value)? {
                        properties.push((property, variant::read(&value)?));
                    }
                }
                "hidden" => hidden = value.as_bool().ok_or_else(|| wrong("true or false"))?,
                _ => {
                    let message = format!("what is spawned cannot have `{field}`, or not as well");
                    return Err(Thrown::type_error(&message));
                }
            }
        }
        let what =
            what.ok_or_else(|| Thrown::type_error("what is spawned must have a `scene` or a `value`"))?;
        Ok(Self { what, name, properties, hidden })
    }

    /// The spawn, with properties of the types that the spawner declares; and these types.
    pub(super) fn admit(self, kinds: &SceneKinds) -> (Spawn, PropertyKinds) {
        let (mut spawn, kinds) = match self.what {
            SpawnKind::Scene(scene) => {
                (Spawn::scene(scene), kinds.scenes.get(usize::from(scene)).cloned().unwrap_or_default())
            }
            SpawnKind::Custom(value) => (Spawn::custom(value), kinds.custom.clone()),
        };
        for (property, value) in self.properties {
            let value = kinds.admit(&property, value);
            spawn = spawn.with(property, value);
        }
        if let Some(name) = self.name {
            spawn = spawn.named(name);
        }
        (if self.hidden { spawn.hidden() } else { spawn }, kinds)
    }
}
