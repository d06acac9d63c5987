//! Values of each of Godot's types, as the engine's text and as a `Variant`.

use websocket_peer::variant::{
    Aabb, Array, Basis, Color, Dictionary, ElementType, NodePath, Object, Plane, Projection, Quaternion,
    Rect2, Rect2i, Rid, Signal, StringName, Transform2D, Transform3D, Variant, VariantType, Vector2,
    Vector2i, Vector3, Vector3i, Vector4, Vector4i,
};

/// Values that the engine reads from a text with `str_to_var`, and writes as the same text with `var_to_str`.
pub fn with_text() -> Vec<(&'static str, Variant)> {
    let mut values = plain();
    values.extend(geometry());
    values.extend(containers());
    values.extend(packed());
    values
}

/// Values without a text form in the engine, or whose text form is incomplete.
pub fn without_text() -> Vec<Variant> {
    vec![
        Rid(0x1234_5678_9abc).into(),
        Variant::Object(Some(Box::new(Object::Id(77)))),
        Variant::Callable,
        Signal { name: "pressed".into(), object: 0 }.into(),
        f64::NAN.into(),
        (-0.0).into(),
    ]
}

fn plain() -> Vec<(&'static str, Variant)> {
    let path = |path: &str| Variant::from(NodePath::from(path));
    vec![
        ("null", Variant::Nil),
        ("false", false.into()),
        ("true", true.into()),
        ("0", 0.into()),
        ("-1", (-1).into()),
        ("127", 127.into()),
        ("128", 128.into()),
        ("-129", (-129).into()),
        ("32768", 32_768.into()),
        ("2147483648", 2_147_483_648_i64.into()),
        ("-2147483649", (-2_147_483_649_i64).into()),
        ("9223372036854775807", i64::MAX.into()),
        ("0.0", 0.0.into()),
        ("0.1", 0.1.into()),
        ("-2.25", (-2.25).into()),
        ("inf", f64::INFINITY.into()),
        ("\"\"", "".into()),
        ("\"abc\"", "abc".into()),
        ("\"grüße 日本 😀\"", "grüße 日本 😀".into()),
        ("&\"hello\"", StringName::from("hello").into()),
        ("NodePath(\"a/b:position:x\")", path("a/b:position:x")),
        ("NodePath(\"/a/../b\")", path("/a/../b")),
        ("NodePath(\"\")", path("")),
    ]
}

fn geometry() -> Vec<(&'static str, Variant)> {
    let basis = [1.0, 4.0, 7.0, 2.0, 5.0, 8.0, 3.0, 6.0, 9.0];
    let projection: [f32; 16] = std::array::from_fn(|index| index as f32 + 1.0);
    vec![
        ("Vector2(1.5, -2.25)", Vector2::new(1.5, -2.25).into()),
        ("Vector2i(1, -2)", Vector2i::new(1, -2).into()),
        ("Rect2(1, 2, 3, 4)", Rect2::from([1.0, 2.0, 3.0, 4.0]).into()),
        ("Rect2i(1, -2, 3, 4)", Rect2i::from([1, -2, 3, 4]).into()),
        ("Vector3(1, 2, 3)", Vector3::new(1.0, 2.0, 3.0).into()),
        ("Vector3i(1, -2, 3)", Vector3i::new(1, -2, 3).into()),
        ("Transform2D(1, 2, 3, 4, 5, 6)", Transform2D::from([1.0, 2.0, 3.0, 4.0, 5.0, 6.0]).into()),
        ("Vector4(1, 2, 3, 4)", Vector4::new(1.0, 2.0, 3.0, 4.0).into()),
        ("Vector4i(1, -2, 3, -4)", Vector4i::new(1, -2, 3, -4).into()),
        ("Plane(1, 2, 3, 4)", Plane::from([1.0, 2.0, 3.0, 4.0]).into()),
        ("Quaternion(0.5, -0.5, 0.5, 0.5)", Quaternion::new(0.5, -0.5, 0.5, 0.5).into()),
        ("AABB(1, 2, 3, 4, 5, 6)", Aabb::from([1.0, 2.0, 3.0, 4.0, 5.0, 6.0]).into()),
        ("Basis(1, 4, 7, 2, 5, 8, 3, 6, 9)", Basis::from(basis).into()),
        (
            "Transform3D(1, 4, 7, 2, 5, 8, 3, 6, 9, 10, 11, 12)",
            Transform3D::new(basis.into(), Vector3::new(10.0, 11.0, 12.0)).into(),
        ),
        (
            "Projection(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16)",
            Projection::from(projection).into(),
        ),
        ("Color(0.25, 0.5, 0.75, 1)", Color::new(0.25, 0.5, 0.75, 1.0).into()),
    ]
}

fn containers() -> Vec<(&'static str, Variant)> {
    let mixed = vec![1.into(), "two".into(), 3.0.into(), Variant::from(vec![Variant::Nil])];
    let mut numbers = Array::typed(ElementType::Builtin(VariantType::Int));
    let mut ages =
        Dictionary::typed(ElementType::Builtin(VariantType::String), ElementType::Builtin(VariantType::Int));
    numbers.push(1).and_then(|()| numbers.push(2)).expect("integers");
    ages.insert("a", 1).expect("a text and an integer");
    let inner: Dictionary =
        [("x", Variant::from(Array::from_iter([Variant::from(1), 2.5.into()])))].into_iter().collect();
    let outer: Dictionary =
        [(Variant::Int(2), Variant::from("b")), ("a".into(), inner.into())].into_iter().collect();
    vec![
        ("[]", Array::new().into()),
        ("[1, \"two\", 3.0, [null]]", mixed.into()),
        ("Array[int]([1, 2])", numbers.into()),
        ("{}", Dictionary::new().into()),
        ("{\n2: \"b\",\n\"a\": {\n\"x\": [1, 2.5]\n}\n}", outer.into()),
        ("Dictionary[String, int]({\n\"a\": 1\n})", ages.into()),
    ]
}

fn packed() -> Vec<(&'static str, Variant)> {
    let texts = ["", "a", "abc", "abcd", "é"].map(str::to_owned);
    vec![
        ("PackedByteArray(1, 2, 3, 4, 5)", vec![1_u8, 2, 3, 4, 5].into()),
        ("PackedInt32Array(1, -1, 2147483647)", vec![1, -1, i32::MAX].into()),
        ("PackedInt32Array()", Vec::<i32>::new().into()),
        ("PackedInt64Array(1, -1, 9223372036854775807)", vec![1, -1, i64::MAX].into()),
        ("PackedFloat32Array(1.5, -0.25)", vec![1.5_f32, -0.25].into()),
        ("PackedFloat64Array(1.5, 0.1)", vec![1.5_f64, 0.1].into()),
        ("PackedStringArray(\"\", \"a\", \"abc\", \"abcd\", \"é\")", texts.to_vec().into()),
        ("PackedVector2Array(1, 2, 3, 4)", vec![Vector2::new(1.0, 2.0), Vector2::new(3.0, 4.0)].into()),
        ("PackedVector3Array(1, 2, 3)", vec![Vector3::new(1.0, 2.0, 3.0)].into()),
        ("PackedColorArray(1, 0, 0, 1)", vec![Color::new(1.0, 0.0, 0.0, 1.0)].into()),
        ("PackedVector4Array(1, 2, 3, 4)", vec![Vector4::new(1.0, 2.0, 3.0, 4.0)].into()),
    ]
}
