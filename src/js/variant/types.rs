//! TypeScript types of Godot's values.

use wasm_bindgen::prelude::wasm_bindgen;

#[wasm_bindgen(typescript_custom_section)]
const VALUES: &str = r#"
/**
 * A Godot value, as it is received.
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
 * | anything else | an object whose `type` is the name of the type in Godot |
 *
 * Types that GDScript treats as one are the same here: `2` and `2.0`, `"a"` and `&"a"`, `[1]` typed and not.
 * If a dictionary has both 2 and 2.0 as keys, the `Map` has the value of the later one.
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
 * A value that can be sent: every `Variant` that can be received, and more.
 *
 * | JavaScript | Godot |
 * |---|---|
 * | `null`, `undefined`, a hole in an array | `null` |
 * | a `number` for which `Number.isSafeInteger` is true, except `-0` | `int` |
 * | any other `number` | `float` |
 * | `bigint` | `int`; throws beyond 64 bits |
 * | `string` | `String`; a lone surrogate becomes U+FFFD |
 * | `Array` | `Array` without a type |
 * | `Map` | `Dictionary` without types |
 * | a plain object without a property `type` | `Dictionary` of its own enumerable properties |
 * | an object with a property `type` | the type of that name; missing and unknown properties throw |
 *
 * Send a dictionary with a key `type` as a `Map`. The types `float`, `StringName`, `Array` and `Dictionary` are exact
 * where plain values are ambiguous. For an argument the declaration of the method also decides: see `RpcMethod.parameters`.
 *
 * Any other value, a value that contains itself, and containers nested deeper than 1024 throw. Then nothing is sent.
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
          /** The type of the keys. Default: any. */
          keyType?: VariantTypeName;
          /** The type of the values. Default: any. */
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
    /** An object of an engine, by its instance id, which is valid only there. */
    | { type: "Object"; id: number | bigint }
    /** An object with class and properties. Only with the option `allowObjects`. */
    | { type: "Object"; class: string; properties: Map<string, Variant> }
    /** A function. Its name and object are never sent. */
    | { type: "Callable" }
    | { type: "Signal"; name: string; object: number | bigint }
    | { type: "PackedStringArray"; elements: string[] }
    /** All numbers in a row: x and y of the first element, then of the second, and so on. */
    | { type: "PackedVector2Array"; components: Float32Array }
    | { type: "PackedVector3Array"; components: Float32Array }
    | { type: "PackedVector4Array"; components: Float32Array }
    /** Red, green, blue and alpha of the first element, then of the second, and so on. */
    | { type: "PackedColorArray"; components: Float32Array };

/** The name of a type in Godot. */
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

/// The components are those that GDScript shows, in single precision.
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
/** A matrix of three columns: the transformed axes, like `Basis.x`, `y` and `z` in GDScript. */
export interface Basis { type: "Basis"; x: Vector3; y: Vector3; z: Vector3 }
export interface Transform3D { type: "Transform3D"; basis: Basis; origin: Vector3 }
/** A matrix of four columns. */
export interface Projection { type: "Projection"; x: Vector4; y: Vector4; z: Vector4; w: Vector4 }
export interface Color { type: "Color"; r: number; g: number; b: number; a: number }
"#;
