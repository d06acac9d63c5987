//! Against the engine's own bytes and texts.

use wasm_bindgen_test::wasm_bindgen_test;
use websocket_peer::variant::{Objects, Variant, VariantType};

use crate::vectors::{arguments, values};

#[wasm_bindgen_test(unsupported = test)]
fn the_lists_are_whole_and_have_every_type_that_travels() {
    assert_eq!(values().len(), 134);
    assert_eq!(arguments().len(), 69);
    let kinds = |bytes: &[u8]| VariantType::try_from(u32::from(bytes[0])).expect("a type");
    for number in 0..39 {
        let kind = VariantType::try_from(number).expect("a type");
        // Of an object only the number travels, which is another one in each run.
        let found = values().iter().any(|vector| kinds(&vector.bytes) == kind);
        assert_eq!(found, kind != VariantType::Object, "{kind}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn values_of_the_engine_are_read_whole() {
    for vector in values() {
        let result = Variant::decode_prefix(&vector.bytes, Objects::ById);
        let (_, len) = result.unwrap_or_else(|error| panic!("{}: {error}", vector.name));
        assert_eq!(len, vector.bytes.len(), "{}", vector.name);
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn values_of_the_engine_are_written_as_the_engine_does() {
    for vector in values() {
        let value = Variant::decode(&vector.bytes).expect("a value");
        assert_eq!(value.encode().as_ref(), Ok(&vector.bytes), "{}", vector.name);
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn values_of_the_engine_are_displayed_as_the_engine_does() {
    for vector in values() {
        let value = Variant::decode(&vector.bytes).expect("a value");
        assert_eq!(value.to_string(), vector.text, "{}", vector.name);
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn arguments_of_the_engine_are_read_whole() {
    for vector in arguments() {
        let result = Variant::decode_compressed(&vector.bytes, Objects::ById);
        let (value, len) = result.unwrap_or_else(|error| panic!("{}: {error}", vector.name));
        assert_eq!(len, vector.bytes.len(), "{}", vector.name);
        assert_eq!(value.to_string(), vector.text, "{}", vector.name);
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn arguments_of_the_engine_are_written_as_the_engine_does() {
    for vector in arguments() {
        let (value, _) = Variant::decode_compressed(&vector.bytes, Objects::ById).expect("a value");
        let mut bytes = Vec::new();
        value.encode_compressed(&mut bytes, Objects::ById).expect("it can be written");
        assert_eq!(bytes, vector.bytes, "{}", vector.name);
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn an_object_that_was_freed_is_no_argument() {
    // So the engine writes it, and cannot read it either.
    assert!(Variant::decode_compressed(&[0x18, 0, 0, 0], Objects::ById).is_err());
}

#[wasm_bindgen_test(unsupported = test)]
fn whatever_an_engine_sends_can_be_cut_off_anywhere() {
    for vector in values() {
        for len in 0..vector.bytes.len() {
            let cut = &vector.bytes[..len];
            // Only what pads an array of bytes may be missing.
            let may_be_whole =
                vector.name.contains("_pba_") && vector.bytes[len..].iter().all(|byte| *byte == 0);
            for decode in [Variant::decode_prefix, Variant::decode_compressed] {
                match decode(cut, Objects::Full) {
                    Ok((value, used)) => {
                        assert!(used <= len, "{}: {used} of {len} bytes", vector.name);
                        let compressed = matches!(value, Variant::Bool(_) | Variant::Int(_));
                        assert!(may_be_whole || compressed, "{} cut to {len} bytes is {value}", vector.name);
                    }
                    Err(error) => assert!(error.at() <= len, "{}: {error}", vector.name),
                }
            }
        }
    }
}
