//! The bytes that travel, as an engine sees them.

#[path = "common/mod.rs"]
mod common;

use chat::Mode;
use common::{Chat, eventually};
use websocket_peer::{CloseCause, Packet, PeerOptions, ReadyState, WebSocketPeer, variant::Variant};

#[test]
fn an_engine_chats_in_text_packets() {
    let mut chat = Chat::start(Mode::Plain);
    let mut ann = chat.raw();
    let mut bob = chat.raw();
    assert_eq!(chat.receive(&mut ann), Packet::text("[3] connected"));
    ann.send_text("hello").expect("an open peer");
    assert_eq!(chat.receive(&mut bob), Packet::text("[2] Says: hello"));
    ann.send_text("/name Ann").expect("an open peer");
    assert_eq!(chat.receive(&mut bob), Packet::text("[2] is called Ann"));
    assert_eq!(chat.receive(&mut ann), Packet::text("You are called Ann"));
    chat.server.say("welcome");
    for peer in [&mut ann, &mut bob] {
        assert_eq!(chat.receive(peer), Packet::text("Server says: welcome"));
    }
    let mut cem = chat.raw();
    assert_eq!(chat.receive(&mut cem), Packet::text("[2] is called Ann"), "3 has no name");
    bob.close();
    assert_eq!(chat.receive(&mut ann), Packet::text("[4] connected"));
    assert_eq!(chat.receive(&mut ann), Packet::text("[3] disconnected"));
}

#[test]
fn a_variant_string_is_a_line_and_other_values_are_refused_without_harm() {
    let mut chat = Chat::start(Mode::Plain);
    let mut ann = chat.raw();
    let mut bob = chat.raw();
    chat.receive(&mut ann);
    for value in [Variant::from(7), Variant::Nil, Variant::from(vec![1u8, 2])] {
        bob.send_variant(&value).expect("an open peer");
        assert_eq!(chat.receive(&mut bob), "Only text is accepted, and a packet of yours was none.");
    }
    bob.send(&[0xff, 0xfe, 0xfd]).expect("an open peer");
    assert_eq!(chat.receive(&mut bob), "Only text is accepted, and a packet of yours was none.");
    bob.send_variant(&Variant::from("still there")).expect("an open peer");
    assert_eq!(chat.receive(&mut ann), Packet::text("[3] Says: still there"));
}

#[test]
fn the_multiplayer_mode_sends_an_id_and_variant_strings() {
    let mut chat = Chat::start(Mode::Multiplayer);
    let mut ann = chat.raw();
    let id = chat.receive(&mut ann);
    let id = i32::from_le_bytes(id.as_bytes().try_into().expect("an id of four bytes"));
    assert!(id >= 2);
    let mut bob = chat.raw();
    chat.receive(&mut bob);
    let joined = chat.receive(&mut ann).to_variant().expect("a value");
    assert!(joined.to_string().ends_with(r#"] connected""#), "{joined}");
    ann.send_variant(&Variant::from("value")).expect("an open peer");
    ann.send_text("text").expect("an open peer");
    ann.send(b"bytes").expect("an open peer");
    for text in ["value", "text", "bytes"] {
        let says = chat.receive(&mut bob);
        assert_eq!(says.to_variant(), Ok(Variant::from(format!("[{id}] Says: {text}"))));
        assert!(!says.is_text());
    }
}

#[test]
fn a_client_without_the_sub_protocol_is_rejected() {
    for mode in common::MODES {
        let mut chat = Chat::start(mode);
        for options in [PeerOptions::default(), PeerOptions::default().protocols(["ludus"])] {
            let mut peer = WebSocketPeer::with_options(options);
            peer.connect(&chat.url).expect("a valid URL");
            eventually("the attempt fails", || {
                chat.frame();
                (peer.poll() == ReadyState::Closed).then_some(())
            });
            let info = peer.close_info().expect("a closed peer has a close info");
            assert!(matches!(info.cause, CloseCause::Refused { status: Some(400), .. }), "{info:?}");
        }
    }
}

#[test]
fn a_client_reads_what_a_server_without_names_relays() {
    use chat::{ChatClient, ChatEvent, SUB_PROTOCOL};
    use std::net::TcpListener;
    use websocket_peer::multiplayer::PeerId;

    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let url = format!("ws://{}", listener.local_addr().expect("a bound listener"));
    let mut client = ChatClient::connect(&url, Mode::Plain, Some("Ann")).expect("valid arguments");
    let mut server = WebSocketPeer::with_options(PeerOptions::for_server().protocols([SUB_PROTOCOL]));
    server.accept(listener.accept().expect("a connection").0).expect("a new stream");
    let mut next = |server: &mut WebSocketPeer| {
        eventually("the client reports something", || {
            server.wait(std::time::Duration::from_millis(1));
            client.poll();
            client.next_event()
        })
    };
    let id = PeerId::new(7).expect("a positive number");
    assert_eq!(next(&mut server), ChatEvent::Connected);
    for (text, event) in [
        ("[7] connected", ChatEvent::Joined { id }),
        ("[7] Says: /name Bob", ChatEvent::Renamed { id, name: "Bob".into(), before: None }),
        (
            "[7] Says: a\u{1b}[2Jb\nc",
            ChatEvent::Line { from: id, name: Some("Bob".into()), text: "a[2Jb c".into() },
        ),
        (
            "[7] Says: /name [x]",
            ChatEvent::Line { from: id, name: Some("Bob".into()), text: "/name [x]".into() },
        ),
        ("Server says: \u{202e}hi", ChatEvent::ServerLine { text: "hi".into() }),
        ("anything else", ChatEvent::Notice { text: "anything else".into() }),
        ("[7] disconnected", ChatEvent::Left { id, name: Some("Bob".into()) }),
    ] {
        server.send_text(text).expect("an open peer");
        assert_eq!(next(&mut server), event);
    }
    let name = eventually("the name arrives", || {
        server.wait(std::time::Duration::from_millis(1));
        server.recv()
    });
    assert_eq!(name, Packet::text("/name Ann"));
}
