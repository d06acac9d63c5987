//! Properties of all values and all bytes, tested with random ones.

use wasm_bindgen_test::wasm_bindgen_test;
use websocket_peer::variant::{Dictionary, Objects, Variant, VariantType};

use crate::random::Random;
use crate::vectors::{arguments, values};

/// The number of values or byte strings per test.
const TRIES: u64 = 4000;

#[wasm_bindgen_test(unsupported = test)]
fn every_value_is_decoded_to_itself() {
    for seed in 0..TRIES {
        let value = Random::new(seed).value(4);
        let bytes = value.encode().expect("the value can be encoded");
        assert_eq!(bytes.len() % 4, 0, "seed {seed}");
        let (read, len) = Variant::decode_prefix(&bytes, Objects::ById).expect("the bytes can be decoded");
        assert_eq!(len, bytes.len(), "seed {seed}");
        // NaN is not equal to itself, so bytes and texts are compared.
        assert_eq!(read.encode().as_ref(), Ok(&bytes), "seed {seed}");
        assert_eq!(read.to_string(), value.to_string(), "seed {seed}");
        assert_eq!(read == value, value == value.clone(), "seed {seed}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn every_argument_is_decoded_to_itself() {
    for seed in 0..TRIES {
        let value = Random::new(seed).value(3);
        let mut bytes = Vec::new();
        value.encode_compressed(&mut bytes, Objects::ById).expect("the value can be encoded");
        let (read, len) =
            Variant::decode_compressed(&bytes, Objects::ById).expect("the bytes can be decoded");
        assert_eq!(len, bytes.len(), "seed {seed}");
        assert_eq!(read.encode(), value.encode(), "seed {seed}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn a_converted_value_has_the_type_and_converts_to_itself() {
    for seed in 0..TRIES {
        let value = Random::new(seed).value(3);
        for kind in (1..39).filter_map(|number| VariantType::try_from(number).ok()) {
            let Ok(converted) = value.clone().convert_to(kind) else { continue };
            assert!(
                converted.kind() == kind || (converted.is_nil() && kind == VariantType::Object),
                "seed {seed}"
            );
            let again = converted.clone().convert_to(kind).map(|again| again.encode());
            assert_eq!(again, Ok(converted.encode()), "seed {seed}");
        }
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn truncated_values_are_rejected() {
    for seed in 0..TRIES / 10 {
        let value = Random::new(seed).value(4);
        let bytes = value.encode().expect("the value can be encoded");
        for len in (0..bytes.len()).step_by(3) {
            match Variant::decode_prefix(&bytes[..len], Objects::ById) {
                Err(error) => assert!(error.at() <= len, "seed {seed}: {error}"),
                Ok((_, used)) => {
                    // Only the padding of a byte array at the end may be missing.
                    assert_eq!(used, len, "seed {seed}");
                    assert!(
                        bytes.len() - len < 4 && bytes[len..].iter().all(|byte| *byte == 0),
                        "seed {seed}"
                    );
                }
            }
        }
    }
}

/// Decodes bytes. If they are a value, it can be encoded, and is decoded to the same value.
fn try_bytes(bytes: &[u8]) {
    for objects in [Objects::ById, Objects::Full] {
        if let Ok((value, len)) = Variant::decode_prefix(bytes, objects) {
            assert!(len <= bytes.len());
            let mut written = Vec::new();
            value.encode_into(&mut written, objects).expect("a decoded value can be encoded");
            let (again, _) =
                Variant::decode_prefix(&written, objects).expect("an encoded value can be decoded");
            assert_eq!(again.to_string(), value.to_string(), "{bytes:02x?}");
        }
        if let Ok((_, len)) = Variant::decode_compressed(bytes, objects) {
            assert!(len <= bytes.len());
        }
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn random_bytes_do_not_panic() {
    for seed in 0..TRIES {
        let mut random = Random::new(seed);
        let len = random.below(200) as usize;
        let mut bytes = random.bytes(len);
        // Makes the types valid. Otherwise most of the bytes would be rejected for their type.
        for header in bytes.chunks_exact_mut(4).step_by(2) {
            header[0] %= 39;
            header[1..].fill(0);
        }
        try_bytes(&bytes);
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn modified_values_do_not_panic() {
    let mut random = Random::new(7);
    for vector in values().iter().chain(&arguments()) {
        for _ in 0..40 {
            let mut bytes = vector.bytes.clone();
            for _ in 0..=random.below(3) {
                let at = random.below(bytes.len() as u64) as usize;
                bytes[at] = match random.below(3) {
                    0 => random.next() as u8,
                    1 => random.below(40) as u8,
                    _ => bytes[at] ^ 1 << random.below(8),
                };
            }
            try_bytes(&bytes);
        }
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn keys_have_a_total_order() {
    let mut random = Random::new(11);
    let values: Vec<Variant> = (0..400).map(|_| random.value(2)).collect();
    let forwards: Dictionary = values.iter().map(|value| (value.clone(), 1)).collect();
    let backwards: Dictionary = values.iter().rev().map(|value| (value.clone(), 1)).collect();
    assert!(forwards == backwards);
    for value in &values {
        assert!(forwards.contains_key(value), "{value}");
    }
}
