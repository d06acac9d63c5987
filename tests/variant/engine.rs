//! Compares encoded and displayed values with those that an engine wrote.

use wasm_bindgen_test::wasm_bindgen_test;
use websocket_peer::variant::{Objects, Variant, VariantType};

use crate::vectors::{arguments, values};

#[wasm_bindgen_test(unsupported = test)]
fn the_lists_are_complete_and_have_every_type() {
    assert_eq!(values().len(), 134);
    assert_eq!(arguments().len(), 69);
    let kinds = |bytes: &[u8]| VariantType::try_from(u32::from(bytes[0])).expect("a type");
    for number in 0..39 {
        let kind = VariantType::try_from(number).expect("a type");
        // The instance id of an object is different in each run.
        let found = values().iter().any(|vector| kinds(&vector.bytes) == kind);
        assert_eq!(found, kind != VariantType::Object, "{kind}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn values_of_the_engine_are_decoded() {
    for vector in values() {
        let result = Variant::decode_prefix(&vector.bytes, Objects::ById);
        let (_, len) = result.unwrap_or_else(|error| panic!("{}: {error}", vector.name));
        assert_eq!(len, vector.bytes.len(), "{}", vector.name);
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn values_are_encoded_as_by_the_engine() {
    for vector in values() {
        let value = Variant::decode(&vector.bytes).expect("a value");
        assert_eq!(value.encode().as_ref(), Ok(&vector.bytes), "{}", vector.name);
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn values_are_displayed_as_by_the_engine() {
    for vector in values() {
        let value = Variant::decode(&vector.bytes).expect("a value");
        assert_eq!(value.to_string(), vector.text, "{}", vector.name);
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn arguments_of_the_engine_are_decoded() {
    for vector in arguments() {
        let result = Variant::decode_compressed(&vector.bytes, Objects::ById);
        let (value, len) = result.unwrap_or_else(|error| panic!("{}: {error}", vector.name));
        assert_eq!(len, vector.bytes.len(), "{}", vector.name);
        assert_eq!(value.to_string(), vector.text, "{}", vector.name);
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn arguments_are_encoded_as_by_the_engine() {
    for vector in arguments() {
        let (value, _) = Variant::decode_compressed(&vector.bytes, Objects::ById).expect("a value");
        let mut bytes = Vec::new();
        value.encode_compressed(&mut bytes, Objects::ById).expect("the value can be encoded");
        assert_eq!(bytes, vector.bytes, "{}", vector.name);
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn a_freed_object_is_rejected_as_an_argument() {
    // These are the engine's bytes. The engine cannot decode them either.
    assert!(Variant::decode_compressed(&[0x18, 0, 0, 0], Objects::ById).is_err());
}

#[wasm_bindgen_test(unsupported = test)]
fn truncated_values_of_the_engine_are_rejected() {
    for vector in values() {
        for len in 0..vector.bytes.len() {
            let cut = &vector.bytes[..len];
            // Only the padding of a byte array may be missing.
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
