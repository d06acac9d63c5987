//! What is spawned and synchronized: properties, scenes of them, and spawners of scenes, as objects that are read strictly.

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

/// The properties of one synchronizer.
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
