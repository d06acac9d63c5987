//! Clients of the library with its server, in both modes.

#[path = "common/mod.rs"]
mod common;

use chat::{ChatClient, ChatError, ChatEvent, Mode, protocol::NameError};
use common::{Chat, MODES, eventually};
use websocket_peer::{CloseCause, ReadyState};

fn line(from: &ChatClient, chat: &Chat, text: &str) -> ChatEvent {
    let name = from.name().map(str::to_owned);
    ChatEvent::Line { from: chat.id_of(from), name, text: text.into() }
}

#[test]
fn two_clients_chat() {
    for mode in MODES {
        let mut chat = Chat::start(mode);
        let mut ann = chat.join(Some("Ann"));
        let mut bob = chat.join(Some("Bob"));
        let bob_id = chat.id_of(&bob);
        assert_eq!(chat.next(&mut ann), ChatEvent::Joined { id: bob_id });
        assert_eq!(chat.next(&mut ann), ChatEvent::Renamed { id: bob_id, name: "Bob".into(), before: None });
        let ann_id = chat.id_of(&ann);
        assert_eq!(bob.members().collect::<Vec<_>>(), [(ann_id, Some("Ann"))]);

        ann.send("hello\u{7} Bob ").expect("an open connection");
        assert_eq!(chat.next(&mut ann), ChatEvent::OwnLine { text: "hello Bob".into() });
        let received = line(&ann, &chat, "hello Bob");
        assert_eq!(chat.next(&mut bob), received);

        chat.server.say("welcome");
        for client in [&mut ann, &mut bob] {
            assert_eq!(chat.next(client), ChatEvent::ServerLine { text: "welcome".into() });
        }

        bob.close();
        assert!(matches!(chat.next(&mut bob), ChatEvent::Closed { .. }));
        assert_eq!(chat.next(&mut ann), ChatEvent::Left { id: bob_id, name: Some("Bob".into()) });
        assert_eq!(ann.members().len(), 0);
    }
}

#[test]
fn a_client_knows_its_id_in_the_multiplayer_mode_only() {
    let mut chat = Chat::start(Mode::Plain);
    assert_eq!(chat.join(Some("Ann")).id(), None);
    let mut chat = Chat::start(Mode::Multiplayer);
    let ann = chat.join(Some("Ann"));
    assert_eq!(ann.id(), Some(chat.id_of(&ann)));
}

#[test]
fn a_new_member_gets_the_names_of_the_others() {
    for mode in MODES {
        let mut chat = Chat::start(mode);
        let ann = chat.join(Some("Ann"));
        let mut bob = ChatClient::connect(&chat.url, mode, None).expect("valid arguments");
        assert_eq!(chat.next(&mut bob), ChatEvent::Connected);
        let present = ChatEvent::Present { id: chat.id_of(&ann), name: "Ann".into() };
        assert_eq!(chat.next(&mut bob), present);
        assert_eq!(bob.member_name(chat.id_of(&ann)), Some("Ann"));
    }
}

#[test]
fn a_name_that_is_taken_is_refused_by_the_client_and_by_the_server() {
    for mode in MODES {
        let mut chat = Chat::start(mode);
        let mut ann = chat.join(Some("Ann"));
        let mut bob = chat.join(None);
        chat.next_that(&mut bob, |event| matches!(event, ChatEvent::Present { .. }));
        assert_eq!(bob.set_name("ANN"), Err(ChatError::Name(NameError::Taken)));
        assert_eq!(bob.send("/name [1]"), Err(ChatError::Name(NameError::Bracket)));
        bob.set_name("Bob").expect("a valid name");
        assert_eq!(chat.next(&mut bob), ChatEvent::NameAccepted { name: "Bob".into() });

        // Two clients ask for a name before they know of each other.
        ann.set_name("Cem").expect("a valid name");
        assert_eq!(chat.next_that(&mut ann, |event| matches!(event, ChatEvent::NameAccepted { .. })), {
            ChatEvent::NameAccepted { name: "Cem".into() }
        });
        bob.set_name("Cem").expect("it has not read the name of the other");
        assert_eq!(bob.name(), Some("Cem"));
        let refused = chat.next_that(&mut bob, |event| matches!(event, ChatEvent::NameRefused { .. }));
        assert_eq!(refused, ChatEvent::NameRefused { reason: "this name is taken".into() });
        assert_eq!(bob.name(), Some("Bob"), "it keeps the name that it had");
    }
}

#[test]
fn a_name_before_the_connection_is_sent_when_it_opens() {
    let mut chat = Chat::start(Mode::Plain);
    let connect = |name| ChatClient::connect("ws://127.0.0.1:1/", Mode::Plain, Some(name));
    assert_eq!(connect("").map(|_| ()), Err(ChatError::Name(NameError::Empty)));
    let mut ann = ChatClient::connect(&chat.url, Mode::Plain, Some("Anna")).expect("valid arguments");
    assert_eq!(ann.send("too early"), Err(ChatError::NotConnected));
    ann.set_name("Ann").expect("a valid name");
    assert_eq!((ann.name(), ann.state()), (Some("Ann"), ReadyState::Connecting));
    assert_eq!(chat.next(&mut ann), ChatEvent::Connected);
    assert_eq!(chat.next(&mut ann), ChatEvent::NameAccepted { name: "Ann".into() });
}

#[test]
fn a_line_that_cannot_be_sent_is_an_error() {
    let mut chat = Chat::start(Mode::Plain);
    let mut ann = chat.join(None);
    assert_eq!(ann.send(" \u{7}\n"), Err(ChatError::Empty));
    assert_eq!(ann.send(&"x".repeat(501)), Err(ChatError::TooLong { length: 501 }));
    for _ in 0..256 {
        ann.send("x").expect("room for its event");
    }
    assert_eq!(ann.send("x"), Err(ChatError::UnreadEvents));
}

#[test]
fn a_member_that_is_removed_gets_the_reason() {
    for mode in MODES {
        let mut chat = Chat::start(mode);
        let mut ann = chat.join(Some("Ann"));
        let mut bob = chat.join(Some("Bob"));
        let id = chat.id_of(&bob);
        let log = chat.server.kick(id, "be kind");
        assert_eq!(log[0], format!("[{id}] was removed: be kind"));
        let ChatEvent::Closed { why, info } = chat.next(&mut bob) else { panic!("it is closed") };
        assert_eq!(why, "The server removed you from the chat: be kind");
        assert_eq!((info.code, info.cause), (Some(4000), CloseCause::Remote));
        assert_eq!((bob.state(), bob.send("x")), (ReadyState::Closed, Err(ChatError::NotConnected)));
        assert_eq!(bob.set_name("Bo"), Err(ChatError::NotConnected));
        chat.next_that(&mut ann, |event| *event == ChatEvent::Left { id, name: Some("Bob".into()) });
    }
}

#[test]
fn a_client_that_floods_is_removed_with_a_reason() {
    for mode in MODES {
        let mut chat = Chat::start(mode);
        let mut bob = chat.join(Some("Bob"));
        for number in 0..250 {
            bob.send(&format!("flood {number}")).expect("an open connection");
        }
        let closed = chat.next_that(&mut bob, |event| matches!(event, ChatEvent::Closed { .. }));
        let ChatEvent::Closed { why, .. } = closed else { panic!("it is closed") };
        assert_eq!(why, "The server removed you from the chat: you send faster than people type");
    }
}

#[test]
fn a_member_that_reads_nothing_is_disconnected_and_delays_no_other() {
    for mode in MODES {
        let mut chat = Chat::start(mode);
        let mut ann = chat.join(Some("Ann"));
        let slow = chat.raw();
        let (mut sent, mut received) = (0, 0);
        eventually("the slow member is gone", || {
            if chat.log.iter().all(|line| !line.contains("left")) {
                (0..200).for_each(|_| chat.server.say(&"x".repeat(500)));
                sent += 200;
            }
            chat.frame();
            ann.poll();
            while let Some(event) = ann.next_event() {
                received += usize::from(matches!(event, ChatEvent::ServerLine { .. }));
            }
            let is_alone = chat.server.room().members().len() == 1;
            (is_alone && received == sent).then_some(())
        });
        assert!(sent > 500, "a send queue and the kernel hold more than {sent} lines");
        drop(slow);
    }
}

#[test]
fn a_shutdown_closes_all_connections_and_is_explained() {
    for mode in MODES {
        let mut chat = Chat::start(mode);
        let mut ann = chat.join(Some("Ann"));
        chat.server.shutdown();
        let ChatEvent::Closed { why, info } = chat.next(&mut ann) else { panic!("it is closed") };
        assert_eq!((why.as_str(), info.code), ("The server has shut down.", Some(1001)));
        eventually("the server is shut down", || {
            chat.frame();
            chat.server.is_shut_down().then_some(())
        });
    }
}

#[test]
fn a_server_that_is_not_there_is_explained() {
    for mode in MODES {
        let free = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = free.local_addr().expect("a bound listener");
        drop(free);
        let mut client = ChatClient::connect(&format!("ws://{address}"), mode, None).expect("a valid URL");
        let event = eventually("the attempt fails", || {
            client.wait(std::time::Duration::from_millis(10));
            client.next_event()
        });
        let ChatEvent::Closed { why, .. } = event else { panic!("{event:?}") };
        assert_eq!(why, "There is no server at this address, or it cannot be reached.");
        assert_eq!(client.next_event(), None, "the end is reported once");
    }
}
