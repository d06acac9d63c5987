//! The feature `serde`: options from files, and values in other formats than Godot's.

#![cfg(not(target_family = "wasm"))]

use std::time::Duration;

use serde::Deserialize;
use websocket_peer::{
    CloseCode, Liveness, OriginPolicy, Packet, PeerOptions, SendOverflow, ServerOptions, TlsCertificate,
    TlsOptions, TlsRoots,
    multiplayer::{MultiplayerOptions, PeerId, SessionOptions, Target},
    variant::{Array, Dictionary, ElementType, Object, Variant, VariantType, Vector2},
};

#[test]
fn missing_fields_take_the_defaults() {
    assert_eq!(toml::from_str(""), Ok(PeerOptions::default()));
    assert_eq!(toml::from_str(""), Ok(ServerOptions::default()));
    assert_eq!(toml::from_str(""), Ok(SessionOptions::default()));
    let options: MultiplayerOptions = toml::from_str("[server.connection]\n[client]\n").unwrap();
    assert_eq!(options.server.connection, PeerOptions::for_server());
    assert_eq!(options.client, PeerOptions::default());
}

#[test]
fn a_file_sets_options() {
    let options: ServerOptions = toml::from_str(
        r#"
        max_peers = 64
        origins = { List = ["https://game.example"] }
        send_overflow = "DropOldest"
        slow_reader_timeout = 2.5

        [connection]
        connect_timeout = 3
        liveness = { probe = "ping", silence = 15 }

        [connection.tls]
        roots = { Custom = { pem = "-----BEGIN CERTIFICATE-----" } }

        [rate_limits]
        max_packets_per_second = 100
        "#,
    )
    .unwrap();
    let roots = TlsRoots::Custom { pem: b"-----BEGIN CERTIFICATE-----".to_vec() };
    let liveness = Liveness::new(Packet::text("ping")).silence(Duration::from_secs(15));
    let mut expected = ServerOptions::default();
    expected.max_peers = 64;
    expected.origins = OriginPolicy::List(vec!["https://game.example".into()]);
    expected.send_overflow = SendOverflow::DropOldest;
    expected.slow_reader_timeout = Duration::from_millis(2500);
    expected.connection.connect_timeout = Duration::from_secs(3);
    expected.connection.liveness = Some(liveness);
    expected.connection.tls.roots = roots;
    expected.rate_limits.max_packets_per_second = 100;
    assert_eq!(options, expected);
    let written = toml::to_string(&options).unwrap();
    assert_eq!(toml::from_str(&written), Ok(expected));
}

#[test]
fn unknown_fields_and_invalid_times_are_refused() {
    for text in [
        "max_peer = 1",
        "slow_reader_timeout = -1",
        "slow_reader_timeout = nan",
        "slow_reader_timeout = inf",
        "slow_reader_timeout = 1e300",
        "[connection]\nnodelay = 1",
        "[rate_limits]\nx = 1",
    ] {
        assert!(toml::from_str::<ServerOptions>(text).is_err(), "{text}");
    }
}

#[test]
fn a_private_key_is_neither_written_nor_read() {
    let certificate = TlsCertificate::from_pem("certificate", "secret");
    let options = TlsOptions::default().certificate(certificate);
    let written = serde_json::to_string(&options).unwrap();
    assert!(!written.contains("certificate"), "{written}");
    assert!(serde_json::from_str::<TlsOptions>(r#"{"certificate": null}"#).is_err());
}

#[test]
fn codes_and_ids_are_numbers_and_are_checked() {
    assert_eq!(serde_json::to_string(&CloseCode::GOING_AWAY).unwrap(), "1001");
    assert_eq!(serde_json::from_str::<CloseCode>("4001").unwrap().get(), 4001);
    assert!(serde_json::from_str::<CloseCode>("1006").is_err());
    let target = Target::Peer(PeerId::new(7).unwrap());
    assert_eq!(serde_json::to_string(&target).unwrap(), r#"{"Peer":7}"#);
    assert_eq!(serde_json::from_str::<Target>(r#"{"Peer":7}"#).unwrap(), target);
    for id in ["0", "-1", "4294967295"] {
        assert!(serde_json::from_str::<PeerId>(id).is_err(), "{id}");
    }
}

#[test]
fn packets_are_text_or_bytes_in_every_format() {
    type BytesDeserializer<'a> = serde::de::value::BytesDeserializer<'a, serde::de::value::Error>;
    for (packet, json) in
        [(Packet::text("é"), r#""é""#), (Packet::binary([97, 255]), "[97,255]"), (Packet::binary([]), "[]")]
    {
        assert_eq!(serde_json::to_string(&packet).unwrap(), json);
        assert_eq!(serde_json::from_str::<Packet>(json).unwrap(), packet);
    }
    for json in ["5", "null", "[256]", "[[97]]", "{}"] {
        assert!(serde_json::from_str::<Packet>(json).is_err(), "{json}");
    }
    // CBOR and MessagePack have bytes.
    for bytes in [&b"text"[..], b"\xff"] {
        assert_eq!(Packet::deserialize(BytesDeserializer::new(bytes)), Ok(Packet::binary(bytes)));
    }
}

#[test]
fn values_come_back_as_they_were() {
    let mut typed = Array::typed(ElementType::Builtin(VariantType::Int));
    typed.push(7).unwrap();
    let object = Object::Full { class: "Node".into(), properties: vec![("x".into(), 1.into())] };
    let dictionary = Dictionary::from_iter([("b", Variant::from(typed)), ("a", object.into())]);
    for value in [
        Variant::Nil,
        1.5.into(),
        "text".into(),
        Vector2::new(1.0, -2.0).into(),
        vec![1_u8, 2].into(),
        dictionary.into(),
    ] {
        let json = serde_json::to_string(&value).unwrap();
        assert_eq!(serde_json::from_str::<Variant>(&json).unwrap(), value, "{json}");
    }
}

#[test]
fn typed_containers_convert_their_elements_or_refuse_them() {
    let array = |element: &str| {
        format!(r#"{{"Array": {{"element_type": {{"Builtin": "Int"}}, "elements": [{element}]}}}}"#)
    };
    let value: Variant = serde_json::from_str(&array(r#"{"Float": 2.0}"#)).unwrap();
    assert_eq!(value.to_string(), "Array[int]([2])");
    assert!(serde_json::from_str::<Variant>(&array(r#"{"String": "x"}"#)).is_err());
    let twice = r#"{"Dictionary": {"entries": [[{"Int": 1}, {"Int": 2}], [{"Int": 1}, {"Int": 3}]]}}"#;
    let value: Variant = serde_json::from_str(twice).unwrap();
    assert_eq!(value, Dictionary::from_iter([(1, 3)]).into());
}

#[test]
fn values_nest_64_deep_in_every_format() {
    let nested = |depth: usize| (0..depth).fold(Variant::Nil, |inner, _| Array::from(vec![inner]).into());
    let json = |value: &Variant| serde_json::to_value(value);
    let deepest = json(&nested(64)).unwrap();
    assert_eq!(serde_json::from_value::<Variant>(deepest.clone()).unwrap(), nested(64));
    assert!(json(&nested(65)).is_err());
    let deeper = serde_json::json!({"Array": {"elements": [deepest]}});
    assert!(serde_json::from_value::<Variant>(deeper).is_err());
    // The count is right after errors, too.
    assert!(json(&nested(64)).is_ok());
}
