//! `Array`.

use wasm_bindgen_test::wasm_bindgen_test;
use websocket_peer::variant::{Array, ElementType, Object, StringName, Variant, VariantType, WrongType};

fn of(kind: VariantType) -> Array {
    Array::typed(ElementType::Builtin(kind))
}

#[wasm_bindgen_test(unsupported = test)]
fn an_untyped_array_accepts_all_types() {
    let mut array = Array::new();
    array.push(1).expect("the array is untyped");
    array.push("two").expect("the array is untyped");
    array.push(Variant::Nil).expect("the array is untyped");
    assert_eq!(*array, [Variant::Int(1), "two".into(), Variant::Nil]);
    assert_eq!(array.pop(), Some(Variant::Nil));
    assert_eq!(array.iter().map(Variant::kind).collect::<Vec<_>>(), [VariantType::Int, VariantType::String]);
    array.clear();
    assert!(array.is_empty());
}

#[wasm_bindgen_test(unsupported = test)]
fn a_typed_array_accepts_only_its_type() {
    let mut array = of(VariantType::Int);
    assert_eq!(array.push("two"), Err(WrongType::new("int", VariantType::String)));
    assert_eq!(array.push(true), Err(WrongType::new("int", VariantType::Bool)));
    assert_eq!(array.push(Variant::Nil), Err(WrongType::new("int", VariantType::Nil)));
    assert!(array.is_empty());
}

#[wasm_bindgen_test(unsupported = test)]
fn a_typed_array_converts_as_godot_does() {
    let mut floats = of(VariantType::Float);
    floats.push(2).expect("an int converts to float");
    assert_eq!(*floats, [Variant::Float(2.0)]);
    let mut ints = of(VariantType::Int);
    ints.push(-2.75).expect("a float converts to int");
    assert_eq!(*ints, [Variant::Int(-2)]);
    let mut names = of(VariantType::StringName);
    names.push("a").expect("a String converts to StringName");
    assert_eq!(*names, [StringName::from("a").into()]);
    let mut texts = of(VariantType::String);
    texts.push(StringName::from("a")).expect("a StringName converts to String");
    assert_eq!(*texts, ["a".into()]);
}

#[wasm_bindgen_test(unsupported = test)]
fn an_array_of_objects_accepts_null() {
    for element_type in [
        ElementType::Builtin(VariantType::Object),
        ElementType::Class("Node".to_owned()),
        ElementType::Script("res://a.gd".to_owned()),
    ] {
        let mut array = Array::typed(element_type);
        array.push(Object::Id(7)).expect("an object");
        array.push(Variant::Object(None)).expect("a null object");
        array.push(Variant::Nil).expect("a null object");
        assert!(array.push(7).is_err());
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn an_element_type_of_nil_means_untyped() {
    assert_eq!(of(VariantType::Nil), Array::new());
    assert_eq!(of(VariantType::Nil).element_type(), &ElementType::Untyped);
}

#[wasm_bindgen_test(unsupported = test)]
fn arrays_of_different_element_types_are_not_equal() {
    assert_ne!(of(VariantType::Int), Array::new());
    assert_eq!(of(VariantType::Int), of(VariantType::Int).clone());
}

#[wasm_bindgen_test(unsupported = test)]
fn arrays_convert_from_and_to_iterators() {
    let array: Array = ["a", "b"].into_iter().collect();
    assert_eq!((&array).into_iter().count(), 2);
    let texts: Result<Vec<String>, WrongType> = array.into_iter().map(String::try_from).collect();
    assert_eq!(texts, Ok(vec!["a".to_owned(), "b".to_owned()]));
}
