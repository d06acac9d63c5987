//! `Dictionary`.

use wasm_bindgen_test::wasm_bindgen_test;
use websocket_peer::variant::{
    Array, Dictionary, ElementType, Object, StringName, Variant, VariantType, Vector2, WrongType,
};

use crate::random::Random;
use crate::vectors::decoded;

fn keys(dictionary: &Dictionary) -> Vec<&Variant> {
    dictionary.keys().collect()
}

#[wasm_bindgen_test(unsupported = test)]
fn keys_keep_the_order_of_insertion() {
    let mut dictionary = Dictionary::new();
    for key in [5, 1, 4, 2, 3] {
        assert_eq!(dictionary.insert(key, key * 10), Ok(None));
    }
    assert_eq!(keys(&dictionary), [5, 1, 4, 2, 3].map(Variant::from).each_ref());
    assert_eq!(dictionary.insert(4, "new"), Ok(Some(Variant::Int(40))));
    assert_eq!(keys(&dictionary), [5, 1, 4, 2, 3].map(Variant::from).each_ref());
    assert_eq!(dictionary.remove(&4.into()), Some("new".into()));
    assert_eq!(dictionary.remove(&4.into()), None);
    assert_eq!(keys(&dictionary), [5, 1, 2, 3].map(Variant::from).each_ref());
    for key in [5, 1, 2, 3] {
        assert_eq!(dictionary.get(&key.into()), Some(&Variant::Int(i64::from(key) * 10)));
    }
    assert_eq!(dictionary.len(), 4);
    dictionary.clear();
    assert!(dictionary.is_empty());
    assert_eq!(dictionary.get(&5.into()), None);
}

#[wasm_bindgen_test(unsupported = test)]
fn of_equal_keys_the_last_value_is_kept_at_the_index_of_the_first() {
    let entries = [("a", 1), ("b", 2), ("a", 3), ("c", 4), ("b", 5), ("a", 6)];
    let dictionary: Dictionary = entries.into_iter().collect();
    let expected = [("a", 6), ("b", 5), ("c", 4)];
    for ((key, value), (expected_key, expected_value)) in dictionary.iter().zip(expected) {
        assert_eq!((key, value), (&expected_key.into(), &expected_value.into()));
    }
    assert_eq!(dictionary.len(), 3);
    for (key, value) in expected {
        assert_eq!(dictionary.get_str(key), Some(&value.into()));
    }
    // The same for single inserts and for decoding.
    let mut one_by_one = Dictionary::new();
    for (key, value) in entries {
        one_by_one.insert(key, value).expect("the dictionary is untyped");
    }
    assert_eq!(keys(&one_by_one), keys(&dictionary));
    assert_eq!(one_by_one, dictionary);
    let read = decoded(
        "1b000000 03000000 02000000 01000000 02000000 0a000000 02000000 02000000 02000000 14000000 \
         02000000 01000000 02000000 1e000000",
    );
    assert_eq!(read.encode().map(|bytes| bytes.len()), Ok(40));
    assert_eq!(read, Dictionary::from_iter([(1, 30), (2, 20)]).into());
}

#[wasm_bindgen_test(unsupported = test)]
fn keys_are_compared_as_in_godot() {
    let same: [(Variant, Variant); 7] = [
        ("a".into(), StringName::from("a").into()),
        (0.0.into(), (-0.0).into()),
        (f64::NAN.into(), (-f64::NAN).into()),
        (Vector2::new(0.0, f32::NAN).into(), Vector2::new(-0.0, f32::NAN).into()),
        (vec![Variant::from("a")].into(), vec![Variant::from(StringName::from("a"))].into()),
        (vec![0.0_f32, f32::NAN].into(), vec![-0.0_f32, f32::NAN].into()),
        (Dictionary::from_iter([(1, 2), (3, 4)]).into(), Dictionary::from_iter([(3, 4), (1, 2)]).into()),
    ];
    for (a, b) in same {
        let mut dictionary = Dictionary::from_iter([(a.clone(), 1)]);
        assert_eq!(dictionary.get(&b), Some(&Variant::Int(1)), "{a} and {b}");
        assert_eq!(dictionary.insert(b, 2), Ok(Some(Variant::Int(1))));
        assert_eq!(dictionary.len(), 1);
    }
    let different: [Variant; 14] = [
        Variant::Nil,
        false.into(),
        0.into(),
        0.0.into(),
        "".into(),
        "0".into(),
        Vector2::default().into(),
        vec![0_u8].into(),
        vec![0_i32].into(),
        Array::new().into(),
        Dictionary::new().into(),
        Variant::Object(None),
        Object::Id(0).into(),
        Variant::Callable,
    ];
    let dictionary: Dictionary = different.iter().map(|key| (key.clone(), 1)).collect();
    assert_eq!(dictionary.len(), different.len());
}

#[wasm_bindgen_test(unsupported = test)]
fn get_str_finds_strings_and_names() {
    let dictionary: Dictionary = [
        (Variant::from("b"), 1),
        (StringName::from("a").into(), 2),
        (1.into(), 3),
        (Variant::Callable, 4),
        (Vector2::default().into(), 5),
    ]
    .into_iter()
    .collect();
    assert_eq!(dictionary.get_str("a"), Some(&Variant::Int(2)));
    assert_eq!(dictionary.get_str("b"), Some(&Variant::Int(1)));
    assert_eq!(dictionary.get_str("c"), None);
    assert_eq!(dictionary.get_str(""), None);
}

#[wasm_bindgen_test(unsupported = test)]
fn strings_and_names_are_found_among_other_keys() {
    let letters: Vec<String> = ('a'..='z').map(String::from).collect();
    let (names, texts) = letters.split_at(13);
    let dictionary: Dictionary = names
        .iter()
        .map(|name| Variant::from(StringName::from(name.as_str())))
        .chain(texts.iter().map(|text| Variant::from(text.as_str())))
        .chain((0..40).map(|x| Vector2::new(x as f32, 0.0).into()))
        .map(|key| (key, 1))
        .collect();
    for letter in &letters {
        assert!(dictionary.get_str(letter).is_some(), "{letter}");
        assert!(dictionary.contains_key(&letter.as_str().into()), "{letter}");
        assert!(dictionary.contains_key(&StringName::from(letter.as_str()).into()), "{letter}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn equality_ignores_the_order_of_insertion() {
    let a = Dictionary::from_iter([("x", 1), ("y", 2)]);
    let b = Dictionary::from_iter([("y", 2), ("x", 1)]);
    assert_eq!(a, b);
    assert_eq!(Variant::from(a.clone()), b.clone().into());
    assert_ne!(
        Variant::from(a.clone()).encode(),
        Variant::from(b).encode(),
        "they are encoded in the order of insertion"
    );
    assert_ne!(a, Dictionary::from_iter([("x", 1), ("y", 3)]));
    assert_ne!(a, Dictionary::from_iter([("x", 1), ("z", 2)]));
    assert_ne!(a, Dictionary::from_iter([("x", 1)]));
    let typed = Dictionary::typed(ElementType::Builtin(VariantType::Int), ElementType::Untyped);
    assert_ne!(typed, Dictionary::new());
}

#[wasm_bindgen_test(unsupported = test)]
fn a_typed_dictionary_accepts_only_its_types() {
    let mut dictionary = Dictionary::typed(
        ElementType::Builtin(VariantType::StringName),
        ElementType::Builtin(VariantType::Float),
    );
    assert_eq!(dictionary.insert("a", 1), Ok(None));
    assert_eq!(dictionary.iter().next(), Some((&StringName::from("a").into(), &Variant::Float(1.0))));
    assert_eq!(dictionary.insert(1, 1.0), Err(WrongType::new("StringName", VariantType::Int)));
    assert_eq!(dictionary.insert("a", "b"), Err(WrongType::new("float", VariantType::String)));
    assert_eq!(dictionary.get_str("a"), Some(&Variant::Float(1.0)));
}

#[wasm_bindgen_test(unsupported = test)]
fn a_dictionary_behaves_like_a_list_of_entries() {
    let mut random = Random::new(5);
    let mut dictionary = Dictionary::new();
    let mut model: Vec<(i64, i64)> = Vec::new();
    for step in 0..3000 {
        let key = random.below(60) as i64;
        let place = model.iter().position(|(known, _)| *known == key);
        if random.below(3) == 0 {
            let removed = place.map(|place| Variant::Int(model.remove(place).1));
            assert_eq!(dictionary.remove(&key.into()), removed, "step {step}");
        } else {
            let replaced = match place {
                Some(place) => Some(Variant::Int(std::mem::replace(&mut model[place].1, step))),
                None => {
                    model.push((key, step));
                    None
                }
            };
            assert_eq!(dictionary.insert(key, step), Ok(replaced), "step {step}");
        }
        let expected = model.iter().map(|(key, value)| (Variant::Int(*key), Variant::Int(*value)));
        assert!(dictionary.clone().into_iter().eq(expected), "step {step}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn many_keys_are_decoded_quickly_in_any_order() {
    const KEYS: u64 = 100_000;
    let mut random = Random::new(3);
    let ascending = (0..KEYS).map(Key::from).collect();
    let descending = (0..KEYS).rev().map(Key::from).collect();
    let shuffled = (0..KEYS).map(|_| Key::from(random.next())).collect();
    let equal = (0..KEYS).map(|_| Key::from(7)).collect();
    let lists: [Vec<Key>; 4] = [ascending, descending, shuffled, equal];
    for list in lists {
        let mut bytes = vec![0x1b, 0, 0, 0];
        bytes.extend((KEYS as u32).to_le_bytes());
        for Key(key) in &list {
            bytes.extend([2, 0, 1, 0]);
            bytes.extend(key.to_le_bytes());
            bytes.extend([0; 4]);
        }
        let value = within_a_minute(|| Variant::decode(&bytes)).expect("a dictionary");
        let dictionary = Dictionary::try_from(value).expect("a dictionary");
        assert!(list.iter().all(|Key(key)| dictionary.contains_key(&(*key).into())));
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn nested_keys_are_compared_quickly() {
    // Each level has two large keys that differ only at the end.
    let mut key = Variant::from(vec![Variant::Int(0); 2]);
    for level in 0..13 {
        let other = vec![key.clone(), Variant::Int(level)];
        key = Dictionary::from_iter([(Variant::from(vec![key, Variant::Int(-1)]), 1), (other.into(), 2)])
            .into();
    }
    let bytes = key.encode().expect("the value can be encoded");
    let value = within_a_minute(|| Variant::decode(&bytes)).expect("a dictionary");
    assert_eq!(value, key);
}

struct Key(i64);

impl From<u64> for Key {
    fn from(key: u64) -> Self {
        Self(key as i64)
    }
}

/// Runs a function. Natively it must end within a minute, also in a debug build on a busy machine. It usually takes a
/// fraction of that; quadratic time would take several minutes.
#[track_caller]
fn within_a_minute<T>(run: impl FnOnce() -> T) -> T {
    #[cfg(not(target_family = "wasm"))]
    {
        let start = std::time::Instant::now();
        let result = run();
        assert!(start.elapsed() < std::time::Duration::from_secs(60), "took {:?}", start.elapsed());
        result
    }
    #[cfg(target_family = "wasm")]
    run()
}
