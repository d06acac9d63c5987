//! Declarations of properties, scenes and spawners, as objects. Unknown fields are errors.

use wasm_bindgen::{JsValue, prelude::wasm_bindgen};

use crate::{
    js::{
        values::{Thrown, fields, integer, list},
        variant::{self, declared_type},
    },
    multiplayer::{Properties, Property, ReplicationMode, Scene, Spawn, Spawner},
    variant::VariantType,
};

#[wasm_bindgen(typescript_custom_section)]
const TYPES: &str = r#"
/** The properties of a `MultiplayerSynchronizer`, in the order of its configuration: names are not sent. */
export type SynchronizerDeclaration = readonly PropertyDeclaration[];

/** A property of a `MultiplayerSynchronizer`. */
export interface PropertyDeclaration {
    /** Its name at this end. */
    readonly name: string;
    /** Its type. Default: `Variant`. */
    readonly type?: DeclaredType;
    /** When it is sent after the spawn: every time, when it has changed, or never. Default: `always`. */
    readonly mode?: "always" | "on-change" | "never";
    /** `true` if it is sent at the spawn. Default: true. */
    readonly atSpawn?: boolean;
}

/**
 * A scene: its `MultiplayerSynchronizer`s in the order of its tree, without those that have another authority than the
 * spawner.
 */
export type SceneDeclaration = readonly SynchronizerDeclaration[];

/** The scenes and values that a `MultiplayerSpawner` can spawn. */
export interface SpawnerDeclaration {
    /** Its scenes, in its order. */
    readonly scenes?: readonly SceneDeclaration[];
    /** The scene that its `spawn_function` creates from a value. */
    readonly custom?: SceneDeclaration;
}

/** A node to spawn: from a scene by its index, or from a value by the spawner's function. */
export type SpawnRequest = ({ readonly scene: number } | { readonly value: VariantLike }) & {
    /** Its name, unique among the nodes of the spawner. Default: `Node` and a number. */
    readonly name?: string;
    /** The values of its properties. */
    readonly properties?: Readonly<Record<string, VariantLike>>;
    /** `true` if it is visible to no peer before `show()`. Default: false. */
    readonly hidden?: boolean;
};
"#;

/// Reads the properties of one synchronizer.
pub(super) fn read_synchronizer(given: &JsValue) -> Result<Properties, Thrown> {
    let properties = list("properties", given)?;
    properties.iter().try_fold(Properties::new(), |all, given| Ok(all.with(read_property(given)?)))
}

fn read_scene(given: &JsValue) -> Result<Scene, Thrown> {
    let synchronizers =
        list("a scene", given)?.iter().map(read_synchronizer).collect::<Result<Vec<_>, _>>()?;
    Ok(Scene::new(synchronizers))
}

fn read_property(given: &JsValue) -> Result<Property, Thrown> {
    let (mut name, mut kind) = (None, VariantType::Nil);
    let (mut mode, mut at_spawn) = (ReplicationMode::default(), true);
    for (field, value) in fields("a property", given)? {
        let wrong = |wanted| Thrown::wrong_type(&format!("`{field}` of a property"), wanted);
        match field.as_str() {
            "name" => name = Some(value.as_string().ok_or_else(|| wrong("a string"))?),
            "type" => {
                let declared = value.as_string().and_then(|name| declared_type(&name));
                kind = declared.ok_or_else(|| wrong("the name of a Godot type"))?;
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
    let mut property = Property::typed(name, kind);
    (property.mode, property.at_spawn) = (mode, at_spawn);
    Ok(property)
}

pub(super) fn read_spawner(given: &JsValue) -> Result<Spawner, Thrown> {
    let mut spawner = Spawner::new();
    for (field, value) in fields("a spawner", given)? {
        match field.as_str() {
            "scenes" => {
                for given in list("scenes", &value)? {
                    spawner = spawner.scene(read_scene(&given)?);
                }
            }
            "custom" => {
                let scene = read_scene(&value)?;
                spawner = spawner.custom(move |_| Some(scene.clone()));
            }
            _ => return Err(Thrown::type_error(&format!("a spawner has no `{field}`"))),
        }
    }
    Ok(spawner)
}

pub(super) fn read_spawn(given: &JsValue) -> Result<Spawn, Thrown> {
    let (mut what, mut name, mut properties, mut hidden) = (None, None, Vec::new(), false);
    for (field, value) in fields("what is spawned", given)? {
        let wrong = |wanted| Thrown::wrong_type(&format!("`{field}` of what is spawned"), wanted);
        match field.as_str() {
            "scene" if what.is_none() => {
                let scene = integer(&value).and_then(|scene| u8::try_from(scene).ok());
                what = Some(Spawn::scene(scene.ok_or_else(|| wrong("the number of a scene"))?));
            }
            "value" if what.is_none() => what = Some(Spawn::custom(variant::read(&value)?)),
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
    let what = what.ok_or_else(|| Thrown::type_error("what is spawned must have a `scene` or a `value`"))?;
    let spawn = properties.into_iter().fold(what, |spawn, (property, value)| spawn.with(property, value));
    let spawn = match name {
        Some(name) => spawn.named(name),
        None => spawn,
    };
    Ok(if hidden { spawn.hidden() } else { spawn })
}
