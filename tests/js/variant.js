// Conversion between Godot's values and JavaScript's, compared with bytes that the engine wrote.

import { decodeVariant, encodeVariant } from "/pkg/websocket_peer.js";
import { equal, show, test, throws } from "./harness.js";

/** The bytes that the engine wrote, by name. */
const engine = new Map(
  (await (await fetch("/variant/values.txt")).text())
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map((line) => line.split(" "))
    .map(([name, hex]) => [name, Uint8Array.from(hex.match(/../g), (digits) => parseInt(digits, 16))]),
);

const vector2 = (x, y) => ({ type: "Vector2", x, y });
const vector2i = (x, y) => ({ type: "Vector2i", x, y });
const vector3 = (x, y, z) => ({ type: "Vector3", x, y, z });
const vector4 = (x, y, z, w) => ({ type: "Vector4", x, y, z, w });
const basis = { type: "Basis", x: vector3(1, 2, 3), y: vector3(4, 5, 6), z: vector3(7, 8, 9) };
const f32 = Math.fround;

/** Values that encode to the bytes that they were decoded from. */
const same = {
  "000_nil": null,
  "001_bool_false": false,
  "002_bool_true": true,
  "005_int_-1": -1,
  "018_int_2147483647": 2147483647,
  "021_int_-2147483649": -2147483649,
  "024_int_9223372036854775807": 9223372036854775807n,
  "025_int_-9223372036854775808": -9223372036854775808n,
  "026_int_9007199254740992": 9007199254740992n,
  "029_float_0.5": 0.5,
  "032_float_0.1": 0.1,
  "040_float_inf": Infinity,
  "041_float_-inf": -Infinity,
  "042_float_nan": NaN,
  "045_float_negzero": -0,
  "046_float_min_denormal": 5e-324,
  "047_string_0": "",
  "059_vector2i": vector2i(1, -2),
  "060_vector2i_max": vector2i(2147483647, -2147483648),
  "057_vector2": vector2(1.5, -2.25),
  "058_vector2_tenth": vector2(f32(0.1), f32(0.2)),
  "061_rect2": { type: "Rect2", position: vector2(1, 2), size: vector2(3, 4) },
  "062_rect2i": { type: "Rect2i", position: vector2i(1, -2), size: vector2i(3, 4) },
  "063_vector3": vector3(1, 2, 3),
  "064_vector3i": { type: "Vector3i", x: 1, y: -2, z: 3 },
  "066_transform2d": { type: "Transform2D", x: vector2(1, 2), y: vector2(3, 4), origin: vector2(5, 6) },
  "067_vector4": vector4(1, 2, 3, 4),
  "068_vector4i": { type: "Vector4i", x: 1, y: -2, z: 3, w: -4 },
  "069_plane": { type: "Plane", normal: vector3(1, 2, 3), d: 4 },
  "070_quaternion": { type: "Quaternion", x: 0.5, y: -0.5, z: 0.5, w: 0.5 },
  "071_aabb": { type: "AABB", position: vector3(1, 2, 3), size: vector3(4, 5, 6) },
  "073_basis": basis,
  "074_transform3d": { type: "Transform3D", basis, origin: vector3(10, 11, 12) },
  "075_projection": {
    type: "Projection",
    x: vector4(1, 2, 3, 4),
    y: vector4(5, 6, 7, 8),
    z: vector4(9, 10, 11, 12),
    w: vector4(13, 14, 15, 16),
  },
  "077_color_hdr": { type: "Color", r: 2, g: -1, b: f32(0.1), a: 0.5 },
  "083_nodepath_a/b:prop:x": { type: "NodePath", path: "a/b:prop:x" },
  "090_nodepath_/": { type: "NodePath", path: "/" },
  "091_rid_empty": { type: "RID", id: 0 },
  "093_callable_empty": { type: "Callable" },
  "095_signal_empty": { type: "Signal", name: "", object: 0 },
  "096_dict_empty": new Map(),
  "097_dict_simple": new Map([["a", 1], [2, "b"]]),
  "098_dict_nested": new Map([["k", new Map([["x", [1, 2.5, null, true]]])]]),
  "099_dict_nilkey": new Map([[null, null]]),
  "104_array_empty": [],
  "115_pba_5": Uint8Array.of(1, 2, 3, 4, 5),
  "117_pi32": Int32Array.of(1, -1, 2147483647),
  "119_pi64": BigInt64Array.of(1n, -1n, 9223372036854775807n),
  "120_pf32": Float32Array.of(1.5, 0.1),
  "121_pf64": Float64Array.of(1.5, 0.1),
  "125_pstr": { type: "PackedStringArray", elements: ["", "a", "abc", "abcd", "é"] },
  "126_pv2_empty": { type: "PackedVector2Array", components: new Float32Array() },
  "127_pv2": { type: "PackedVector2Array", components: Float32Array.of(1, 2, 3, 4) },
  "129_pv3": { type: "PackedVector3Array", components: Float32Array.of(1, 2, 3) },
  "131_pcolor": { type: "PackedColorArray", components: Float32Array.of(1, 0, 0, 1, 0, 0.5, 1, 0.25) },
  "133_pv4": { type: "PackedVector4Array", components: Float32Array.of(1, 2, 3, 4) },
};

/** Values whose exact type is lost in JavaScript, and the values that encode to the same bytes. */
const merged = {
  "027_float_0.0": [0, { type: "float", value: 0 }],
  "043_float_16777217.0": [16777217, { type: "float", value: 16777217 }],
  "078_stringname": ["hello", { type: "StringName", name: "hello" }],
  "079_stringname_empty": ["", { type: "StringName", name: "" }],
  "100_dict_typed_string_int": [
    new Map([["a", 1]]),
    { type: "Dictionary", keyType: "String", valueType: "int", entries: new Map([["a", 1]]) },
  ],
  "101_dict_typed_int_variant": [
    new Map([[1, "x"]]),
    { type: "Dictionary", keyType: "int", entries: new Map([[1, "x"]]) },
  ],
  "102_dict_typed_variant_float": [
    new Map([[1, 2]]),
    { type: "Dictionary", valueType: "float", entries: new Map([[1, 2]]) },
  ],
  "105_array_mixed": [[1, "two", 3, [4]], [1, "two", { type: "float", value: 3 }, [4]]],
  "106_array_typed_int": [[1, 2], { type: "Array", elementType: "int", elements: [1, 2] }],
  "107_array_typed_string": [["x"], { type: "Array", elementType: "String", elements: ["x"] }],
  "110_array_typed_dict": [[new Map()], { type: "Array", elementType: "Dictionary", elements: [{}] }],
  "111_array_typed_float": [[1, 0.1], { type: "Array", elementType: "float", elements: [1, 0.1] }],
};

test("each type is decoded as documented, and encodes to the same bytes", () => {
  for (const [name, value] of Object.entries(same)) {
    equal([name, decodeVariant(engine.get(name))], [name, value]);
    equal([name, encodeVariant(value)], [name, engine.get(name)]);
  }
});

test("types that GDScript treats as one are decoded as one, and can be encoded exactly", () => {
  for (const [name, [value, exact]] of Object.entries(merged)) {
    equal([name, decodeVariant(engine.get(name))], [name, value]);
    equal([name, encodeVariant(exact)], [name, engine.get(name)]);
  }
});

test("every value of the engine is the same after encoding and decoding", () => {
  equal(engine.size, 134);
  for (const [name, bytes] of engine) {
    const value = decodeVariant(bytes);
    equal([name, decodeVariant(encodeVariant(value))], [name, value]);
  }
});

test("further values that can be encoded", () => {
  const sent = [
    [undefined, null],
    [[1, , undefined], [1, null, null]],
    [3n, 3],
    [Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER],
    [-Number.MAX_SAFE_INTEGER, -Number.MAX_SAFE_INTEGER],
    [1e20, 1e20],
    ["a\ud800b", "a\ufffdb"],
    [{ hp: 3, name: "Ann" }, new Map([["hp", 3], ["name", "Ann"]])],
    [Object.assign(Object.create(null), { a: 1 }), new Map([["a", 1]])],
    [JSON.parse('{"__proto__": 1}'), new Map([["__proto__", 1]])],
    [{ [Symbol("mine")]: 1, a: undefined }, new Map([["a", null]])],
    [new Map([["type", "enemy"]]), new Map([["type", "enemy"]])],
    [new Map([[vector2i(1, 2), 1]]), new Map([[vector2i(1, 2), 1]])],
    [Int32Array.of(1, 2, 3).subarray(1, 2), Int32Array.of(2)],
    [{ type: "RID", id: 18446744073709551615n }, { type: "RID", id: 18446744073709551615n }],
    [{ type: "Object", id: 7 }, { type: "Object", id: 7 }],
    [new Proxy([1, 2], {}), [1, 2]],
    [new Proxy({ a: 1 }, {}), new Map([["a", 1]])],
  ];
  for (const [value, decoded] of sent) equal(decodeVariant(encodeVariant(value)), decoded);
});

test("an integer beyond 2^53 is a bigint, on either side of zero", () => {
  for (const integer of [2n ** 53n, -(2n ** 53n), 2n ** 62n + 1n, 2n ** 63n - 1n, -(2n ** 63n)]) {
    equal(decodeVariant(encodeVariant(integer)), integer);
  }
  equal(decodeVariant(encodeVariant(2n ** 53n - 1n)), 2 ** 53 - 1);
  throws("RangeError", "64 bits", () => encodeVariant(2n ** 63n));
  throws("RangeError", "64 bits", () => encodeVariant([-(2n ** 63n) - 1n]));
});

test("a value without a Godot type is a TypeError", () => {
  class Point {}
  const others = [() => 1, Symbol("mine"), new Date(), new Set(), new Point(), /a/, Promise.resolve(), new String("a")];
  const views = [new ArrayBuffer(4), new Uint16Array(1), new Uint8ClampedArray(1), new DataView(new ArrayBuffer(1))];
  for (const value of [...others, ...views]) {
    throws("TypeError", "has no Godot type", () => encodeVariant(value));
    throws("TypeError", "has no Godot type", () => encodeVariant([{ a: new Map([[1, value]]) }]));
  }
});

test("an invalid object with a type is a TypeError", () => {
  const wrong = (value, part) => throws("TypeError", part, () => encodeVariant(value));
  wrong({ type: "enemy", hp: 3 }, '"enemy"');
  wrong({ type: 5 }, "is sent as a Map");
  wrong({ type: "int", value: 5 }, '"int"');
  wrong({ type: "Nil" }, '"Nil"');
  wrong({ type: "Vector2", x: 1 }, "`y`");
  wrong({ type: "Vector2", x: 1, y: undefined }, "`y`");
  wrong({ type: "Vector2", x: 1, y: "2" }, "`y`");
  wrong({ type: "Vector2", x: 1, y: 2n }, "`y`");
  wrong({ type: "Vector2", x: 1, y: 2, z: 3 }, "`z`");
  wrong(vector2i(1, 2.5), "`y`");
  wrong(vector2i(1, 2 ** 31), "`y`");
  wrong({ type: "Rect2", position: vector2(1, 2), size: vector2i(1, 2) }, "`size`");
  wrong({ type: "Rect2", position: null, size: vector2(1, 2) }, "`position`");
  wrong({ type: "Rect2", position: vector2(1, 2), size: { ...vector2(1, 2), z: 3 } }, "`z`");
  wrong({ type: "float", value: "1" }, "`value`");
  wrong({ type: "StringName" }, "`name`");
  wrong({ type: "NodePath", path: 5 }, "`path`");
  wrong({ type: "RID", id: -1 }, "`id`");
  wrong({ type: "RID", id: 2n ** 64n }, "`id`");
  wrong({ type: "RID", id: 2 ** 53 }, "`id`");
  wrong({ type: "Array", elementType: "Integer", elements: [] }, "`elementType`");
  wrong({ type: "Array", elementType: "int", elements: { 0: 1 } }, "`elements`");
  wrong({ type: "Array", elementType: "int", elements: [1, "2"] }, "expected int, found String");
  wrong({ type: "Dictionary", keyType: "int", entries: new Map([["a", 1]]) }, "expected int, found String");
  wrong({ type: "Dictionary", entries: { a: 1 } }, "`entries`");
  wrong({ type: "Object", class: "Node", properties: new Map([[1, 2]]) }, "`properties`");
  wrong({ type: "PackedStringArray", elements: ["a", 1] }, "`elements`");
  wrong({ type: "PackedVector2Array", components: Float32Array.of(1, 2, 3) }, "2 numbers for each element");
  wrong({ type: "PackedVector2Array", components: [1, 2] }, "`components`");
  wrong(new Map([[1, "a"], [1n, "b"]]), "two keys");
  wrong(new Map([["a", 1], [{ type: "StringName", name: "a" }, 2]]), "two keys");
});

test("1024 containers may be nested, and a container that contains itself is too deep", () => {
  const nested = (depth) => {
    let value = [];
    for (let level = 1; level < depth; level += 1) value = level % 2 ? { a: value } : [value];
    return value;
  };
  equal(encodeVariant(decodeVariant(encodeVariant(nested(1024)))), encodeVariant(nested(1024)));
  throws("RangeError", "1024", () => encodeVariant(nested(1025)));
  const [array, object, map] = [[], {}, new Map()];
  array.push(object);
  object.map = map;
  map.set("array", array);
  for (const value of [array, object, map]) throws("RangeError", "contains itself", () => encodeVariant(value));
  map.set(map, 1);
  throws("RangeError", "contains itself", () => encodeVariant(map));
});

test("encoding a large Map takes time linear in its size", () => {
  const key = (index) => `key ${(index * 48_271) % 100_003}`;
  const large = new Map(Array.from({ length: 100_000 }, (_, index) => [key(index), index]));
  const decoded = decodeVariant(encodeVariant(large));
  equal([decoded.size, decoded.get(key(77_777)), [...decoded.keys()][5]], [100_000, 77_777, key(5)]);
});

test("getters and traps run once, and their exceptions are passed on unchanged", () => {
  let calls = 0;
  equal(decodeVariant(encodeVariant({ get a() { return (calls += 1); } })), new Map([["a", 1]]));
  equal(decodeVariant(encodeVariant({ ...vector2(1, 2), get x() { return (calls += 1); } })), vector2(2, 2));
  equal(calls, 2);

  const mistake = new Error("my own mistake");
  const fail = () => {
    throw mistake;
  };
  const traps = { get: fail, ownKeys: fail, getPrototypeOf: fail, has: fail, getOwnPropertyDescriptor: fail };
  const hostile = [
    { get a() { return fail(); } },
    [{ type: "Vector2", x: 1, get y() { return fail(); } }],
    new Proxy([1], traps),
    new Proxy(new Uint8Array(1), { get: fail }),
    new Proxy({}, traps),
    Object.assign(new Map(), { [Symbol.iterator]: fail }),
    Object.assign([1], { [Symbol.iterator]: fail }),
  ];
  for (const value of hostile) equal(thrownBy(() => encodeVariant(value)) === mistake, true);
  throws("TypeError", "", () => encodeVariant(new Proxy(new Map(), {})));
  const { proxy, revoke } = Proxy.revocable([], {});
  revoke();
  throws("TypeError", "revoked", () => encodeVariant([proxy]));
  throws("TypeError", "revoked", () => encodeVariant(Object.assign(new Map(), { *[Symbol.iterator]() { yield proxy; } })));
  class Long extends Uint8Array {
    get length() {
      return 1e9;
    }
  }
  equal(encodeVariant(new Long(2)), encodeVariant(new Uint8Array(2)));
});

test("objects with their own iterators are read without harm", () => {
  const odd = Object.assign(new Map(), { *[Symbol.iterator]() { yield* [["a", 1], 5]; } });
  throws("TypeError", "a key without a value", () => encodeVariant(odd));
  const array = [1, 2, 3];
  const growing = [{ get a() { return array.push(4); } }, array];
  equal(decodeVariant(encodeVariant(growing)), [new Map([["a", 4]]), [1, 2, 3, 4]]);
});

test("bytes that are not a value are InvalidVariant", () => {
  throws("InvalidVariant", "end", () => decodeVariant(new Uint8Array()));
  throws("InvalidVariant", "type 39", () => decodeVariant(Uint8Array.of(39, 0, 0, 0)));
  throws("InvalidVariant", "NUL", () => encodeVariant("a\0b"));
  throws("InvalidVariant", "object", () => encodeVariant({ type: "Object", class: "Node", properties: new Map() }));
  for (const wrong of ["text", 5, null, [1, 2], new ArrayBuffer(4)]) {
    throws("TypeError", "Uint8Array", () => decodeVariant(wrong));
  }
  equal(show(decodeVariant(Uint8Array.of(1, 0, 0, 0, 1, 0, 0, 0, 99))), "true");
});

function thrownBy(call) {
  try {
    call();
  } catch (error) {
    return error;
  }
  return undefined;
}
