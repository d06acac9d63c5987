//! What TypeScript is told of Godot's values.

use wasm_bindgen::prelude::wasm_bindgen;

#[wasm_bindgen(typescript_custom_section)]
const VALUES: &str = r#"
/**
 * A value of Godot's, as it comes to JavaScript.
 *
 * | Godot | JavaScript |
 * |---|---|
 * | `null`, also for an object | `null` |
 * | `bool` | `boolean` |
 * | `int` | `number`; `bigint` beyond `Number.MAX_SAFE_INTEGER` either way |
 * | `float` | `number` |
 * | `String`, `StringName` | `string` |
 * | `Array`, typed or not | `Array` |
 * | `Dictionary`, typed or not | `Map`, in the dictionary's order |
 * | `PackedByteArray` | `Uint8Array` |
 * | `PackedInt32Array`, `PackedInt64Array` | `Int32Array`, `BigInt64Array` |
 * | `PackedFloat32Array`, `PackedFloat64Array` | `Float32Array`, `Float64Array` |
 * | anything else | an object whose `type` is Godot's name of the type |
 *
 * So what GDScript itself takes one for the other is the same here: `2` and `2.0`, `"a"` and `&"a"`, `[1]` typed and not.
 * If a dictionary has both 2 and 2.0 as keys, the `Map` has the later one's value.
 */
export type Variant =
    | null
    | boolean
    | number
    | bigint
    | string
    | Variant[]
    | Map<Variant, Variant>
    | Uint8Array
    | Int32Array
    | BigInt64Array
    | Float32Array
    | Float64Array
    | TaggedVariant;

/**
 * What can be sent as a value of Godot's: each `Variant` as it came, and more.
 *
 * | JavaScript | Godot |
 * |---|---|
 * | `null`, `undefined`, a hole in an array | `null` |
 * | a `number` for which `Number.isSafeInteger` holds, but not `-0` | `int` |
 * | any other `number` | `float` |
 * | `bigint` | `int`; beyond 64 bits it throws |
 * | `string` | `String`; a lone surrogate becomes U+FFFD |
 * | `Array` | `Array` without a type |
 * | `Map` | `Dictionary` without types |
 * | a plain object without a property `type` | `Dictionary` of its own enumerable properties |
 * | an object with a property `type` | what that names; nothing may be missing and nothing left over |
 *
 * A dictionary that has a key `type` is sent as a `Map`. `float`, `StringName`, `Array` and `Dictionary` as `type` say what
 * the plain values leave open; for an argument the declaration of the method does that, too: see `RpcMethod.parameters`.
 *
 * What is anything else, refers to itself, or is more than 1024 containers deep, throws, and then nothing is sent.
 */
export type VariantLike =
    | undefined
    | null
    | boolean
    | number
    | bigint
    | string
    | readonly VariantLike[]
    | ReadonlyMap<VariantLike, VariantLike>
    | { readonly [key: string]: VariantLike; readonly type?: never }
    | Uint8Array
    | Int32Array
    | BigInt64Array
    | Float32Array
    | Float64Array
    | TaggedVariant
    | { type: "float"; value: number }
    | { type: "StringName"; name: string }
    | { type: "Array"; elementType: VariantTypeName; elements: readonly VariantLike[] }
    | {
          type: "Dictionary";
          /** What the keys are; left out: anything. */
          keyType?: VariantTypeName;
          /** What the values are; left out: anything. */
          valueType?: VariantTypeName;
          entries: ReadonlyMap<VariantLike, VariantLike>;
      }
    | {
          type: "Object";
          class: string;
          properties: ReadonlyMap<string, VariantLike>;
      };

/** The values that JavaScript has no type for. */
export type TaggedVariant =
    | Vector2
    | Vector2i
    | Rect2
    | Rect2i
    | Vector3
    | Vector3i
    | Transform2D
    | Vector4
    | Vector4i
    | Plane
    | Quaternion
    | AABB
    | Basis
    | Transform3D
    | Projection
    | Color
    | { type: "NodePath"; path: string }
    | { type: "RID"; id: number | bigint }
    /** An object of an engine's, by its number, which means something only there. */
    | { type: "Object"; id: number | bigint }
    /** An object with all that it is made of. It can come and be sent only where the option `allowObjects` is set. */
    | { type: "Object"; class: string; properties: Map<string, Variant> }
    /** A function. Which one is never told to others. */
    | { type: "Callable" }
    | { type: "Signal"; name: string; object: number | bigint }
    | { type: "PackedStringArray"; elements: string[] }
    /** All numbers in a row: x and y of the first element, of the second one, and so on. */
    | { type: "PackedVector2Array"; components: Float32Array }
    | { type: "PackedVector3Array"; components: Float32Array }
    | { type: "PackedVector4Array"; components: Float32Array }
    /** Red, green, blue and opacity of the first element, of the second one, and so on. */
    | { type: "PackedColorArray"; components: Float32Array };

/** Godot's name of the type of a value. */
export type VariantTypeName =
    | "bool"
    | "int"
    | "float"
    | "String"
    | "StringName"
    | "Array"
    | "Dictionary"
    | "PackedByteArray"
    | "PackedInt32Array"
    | "PackedInt64Array"
    | "PackedFloat32Array"
    | "PackedFloat64Array"
    | TaggedVariant["type"];
"#;

/// Their components are as a script of Godot's shows them, with single precision.
#[wasm_bindgen(typescript_custom_section)]
const SHAPES: &str = r#"
export interface Vector2 { type: "Vector2"; x: number; y: number }
export interface Vector2i { type: "Vector2i"; x: number; y: number }
export interface Rect2 { type: "Rect2"; position: Vector2; size: Vector2 }
export interface Rect2i { type: "Rect2i"; position: Vector2i; size: Vector2i }
export interface Vector3 { type: "Vector3"; x: number; y: number; z: number }
export interface Vector3i { type: "Vector3i"; x: number; y: number; z: number }
export interface Transform2D { type: "Transform2D"; x: Vector2; y: Vector2; origin: Vector2 }
export interface Vector4 { type: "Vector4"; x: number; y: number; z: number; w: number }
export interface Vector4i { type: "Vector4i"; x: number; y: number; z: number; w: number }
export interface Plane { type: "Plane"; normal: Vector3; d: number }
export interface Quaternion { type: "Quaternion"; x: number; y: number; z: number; w: number }
export interface AABB { type: "AABB"; position: Vector3; size: Vector3 }
/** A matrix of three columns: where the axes go, as `Basis.x`, `y` and `z` in GDScript. */
export interface Basis { type: "Basis"; x: Vector3; y: Vector3; z: Vector3 }
export interface Transform3D { type: "Transform3D"; basis: Basis; origin: Vector3 }
/** A matrix of four columns. */
export interface Projection { type: "Projection"; x: Vector4; y: Vector4; z: Vector4; w: Vector4 }
export interface Color { type: "Color"; r: number; g: number; b: number; a: number }
"#;
