//! Sends and receives values over a connection.

use wasm_bindgen_test::wasm_bindgen_test;
use websocket_peer::variant::{DecodeError, Dictionary, EncodeError, Object, Variant, Vector2};
use websocket_peer::{Error, Packet, PacketKind, PeerOptions, ReadyState, WebSocketPeer};

use crate::support::{open, open_with, receive};

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn a_sent_value_is_received_unchanged() {
    let mut peer = open("/echo").await;
    let value: Variant = Dictionary::from_iter([("at", Vector2::new(1.5, -2.25))]).into();
    peer.send_variant(&value).unwrap();
    peer.send_variant(&Variant::Nil).unwrap();
    let packet = receive(&mut peer).await;
    assert_eq!(packet.kind(), PacketKind::Binary);
    assert_eq!(packet.to_variant(), Ok(value));
    let nothing = receive(&mut peer).await;
    assert_eq!(nothing.as_bytes(), [0; 4]);
    assert_eq!(nothing.to_variant(), Ok(Variant::Nil));
}

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn a_value_that_cannot_be_encoded_is_not_sent() {
    let mut peer = open_with(PeerOptions::default().outbound_buffer_size(1000), "/echo").await;
    let object = Object::Full { class: "Node".to_owned(), properties: Vec::new() };
    let errors = [
        peer.send_variant(&object.into()),
        peer.send_variant(&"a\0b".into()),
        peer.send_variant(&vec![0_u8; 993].into()),
    ];
    assert_eq!(
        errors,
        [
            Err(Error::InvalidVariant { reason: EncodeError::ObjectNotAllowed }),
            Err(Error::InvalidVariant { reason: EncodeError::NulInText }),
            Err(Error::PacketTooBig { len: 1004, max: 1000 }),
        ]
    );
    assert_eq!(peer.stats().packets_sent, 0);
    peer.send_variant(&"fine".into()).unwrap();
    assert_eq!(receive(&mut peer).await.to_variant(), Ok("fine".into()));
}

#[wasm_bindgen_test(unsupported = test)]
fn a_peer_that_is_not_open_sends_no_value() {
    let mut peer = WebSocketPeer::new();
    assert_eq!(peer.send_variant(&Variant::Nil), Err(Error::NotOpen { state: ReadyState::Closed }));
}

#[wasm_bindgen_test(unsupported = test)]
fn a_text_packet_decodes_as_a_binary_one() {
    assert_eq!(Packet::text("\0\0\0\0").to_variant(), Ok(Variant::Nil));
    assert_eq!(Packet::text("hello").to_variant(), Err(DecodeError::UnknownType { id: 104, at: 0 }));
    assert_eq!(Packet::binary([]).to_variant(), Err(DecodeError::Truncated { at: 0 }));
    assert_eq!(
        Packet::binary([0, 0, 0, 0, 7]).to_variant(),
        Ok(Variant::Nil),
        "bytes after the value are ignored"
    );
}

#[wasm_bindgen_test(unsupported = test)]
fn encoding_errors_have_a_text_and_a_godot_code() {
    let error = Error::InvalidVariant { reason: EncodeError::TooDeep };
    let why = "the value cannot be encoded: more than 1024 containers are nested";
    assert_eq!(error.to_string(), why);
    assert_eq!(error.godot_code(), 6);
    assert_eq!(Error::from(EncodeError::NulInText).godot_code(), 31);
}
