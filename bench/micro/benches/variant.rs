//! Encoding and decoding of values.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use websocket_peer::variant::{Array, Dictionary, ElementType, Objects, Variant, VariantType, Vector3};

/// Values as games send them, from the smallest to the largest.
fn values() -> Vec<(&'static str, Vec<Variant>)> {
    let arguments = vec![
        Variant::from(1_234_567),
        "Player 1".into(),
        Vector3::new(12.5, -3.25, 100.0).into(),
        0.016_f64.into(),
        true.into(),
    ];
    let numbers: Array = (0..1000_i64).collect();
    let mut typed = Array::typed(ElementType::Builtin(VariantType::Int));
    numbers.iter().for_each(|number| typed.push(number.clone()).expect("an int"));
    let texts: Array = (0..1000).map(|number| format!("item {number}")).collect();
    let places: Array = (0..1000_i16).map(|x| Vector3::new(x.into(), 0.5, -1.0)).collect();
    let pairs: Array =
        (0..1000_i64).map(|number| Variant::from(vec![Variant::from(number), true.into()])).collect();
    let scores: Dictionary = (0..1000_i64).map(|number| (format!("player {number}"), number)).collect();
    vec![
        ("small int", vec![Variant::Int(7)]),
        ("string of 32 bytes", vec!["a line that a player has written".into()]),
        ("arguments of a call", arguments),
        ("array of 1000 ints", vec![numbers.into()]),
        ("typed array of 1000 ints", vec![typed.into()]),
        ("array of 1000 strings", vec![texts.into()]),
        ("array of 1000 vectors", vec![places.into()]),
        ("array of 1000 pairs", vec![pairs.into()]),
        ("packed array of 1000 ints", vec![(0..1000).collect::<Vec<i32>>().into()]),
        ("dictionary of 1000 strings and ints", vec![scores.into()]),
        ("nested dictionary", vec![nested(4).into()]),
        ("64 KiB of bytes", vec![Variant::PackedByteArray(vec![7; 64 * 1024])]),
    ]
}

/// Makes a dictionary of four entries, one of which is a dictionary again, to this depth.
fn nested(depth: usize) -> Dictionary {
    let inner = if depth == 0 { Variant::Nil } else { nested(depth - 1).into() };
    let entries: [(Variant, Variant); 4] = [
        ("name".into(), "an inventory".into()),
        ("position".into(), Vector3::new(1.0, 2.0, 3.0).into()),
        (7.into(), Array::from(vec![Variant::Int(1), "two".into(), 3.5.into()]).into()),
        ("inner".into(), inner),
    ];
    entries.into_iter().collect()
}

fn encoding(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("encode");
    for (name, values) in values() {
        let mut out = Vec::new();
        encode(&values, &mut out);
        group.throughput(Throughput::Bytes(out.len() as u64));
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                out.clear();
                encode(black_box(&values), &mut out);
                black_box(out.len())
            });
        });
    }
    group.finish();
}

fn decoding(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("decode");
    for (name, values) in values() {
        let mut bytes = Vec::new();
        encode(&values, &mut bytes);
        assert_eq!(decode(&bytes), values);
        group.throughput(Throughput::Bytes(bytes.len() as u64));
        group.bench_function(name, |bencher| bencher.iter(|| decode(black_box(&bytes))));
    }
    group.finish();
}

/// Encodes like the arguments of a call: one after the other, compressed.
fn encode(values: &[Variant], out: &mut Vec<u8>) {
    for value in values {
        value.encode_compressed(out, Objects::ById).expect("the value can be encoded");
    }
}

fn decode(mut bytes: &[u8]) -> Vec<Variant> {
    let mut values = Vec::new();
    while !bytes.is_empty() {
        let (value, len) = Variant::decode_compressed(bytes, Objects::ById).expect("the bytes were encoded");
        values.push(value);
        bytes = &bytes[len..];
    }
    values
}

criterion_group!(benches, encoding, decoding);
criterion_main!(benches);
