//! Tests of the lobby's rules.

use super::*;

const SECOND: Duration = Duration::from_secs(1);
const HERE: IpAddr = IpAddr::V6(Ipv6Addr::LOCALHOST);

fn peer(id: i32) -> PeerId {
    PeerId::new(id).expect("it is positive")
}

fn lobby() -> Lobby {
    Lobby::new(LobbyOptions {
        max_rooms: 3,
        room: RoomOptions::default().capacity(2),
        ..LobbyOptions::default()
    })
}

#[test]
fn a_created_room_is_in_the_list_and_can_be_joined() {
    let mut lobby = lobby();
    let room = lobby.create(peer(2), HERE, "  Ann’s\n game ", Duration::ZERO).expect("there is place");
    assert_eq!((room.title.as_str(), room.players, room.capacity), ("Ann’s game", 0, 2));
    assert_eq!(lobby.list(), [&room]);
    let code = room.code;
    for text in [code.to_string(), code.to_string().to_lowercase(), format!(" {code}\n")] {
        assert_eq!(lobby.find(&text), Ok(code), "{text:?}");
    }
}

#[test]
fn titles_are_one_line_of_limited_length() {
    let mut lobby = lobby();
    let long =
        lobby.create(peer(2), HERE, &"\u{202e}x".repeat(100_000), Duration::ZERO).expect("there is place");
    assert_eq!(long.title, "x".repeat(MAX_TITLE));
    let empty = lobby.create(peer(3), HERE, "\u{200b}\n", Duration::ZERO).expect("there is place");
    assert_eq!(empty.title, format!("Room {}", empty.code));
}

#[test]
fn a_peer_creates_one_room_per_interval_and_others_are_not_affected() {
    let mut lobby = lobby();
    let interval = lobby.options().create_interval;
    lobby.create(peer(2), HERE, "first", SECOND).expect("there is place");
    assert_eq!(
        lobby.create(peer(2), HERE, "second", 2 * SECOND),
        Err(LobbyError::TooSoon(interval - SECOND))
    );
    lobby.create(peer(3), HERE, "of another", 2 * SECOND).expect("there is place");
    lobby.create(peer(2), HERE, "second", SECOND + interval).expect("it has waited");
    assert_eq!(lobby.creators.len(), 2, "only those that must wait are remembered");
}

#[test]
fn one_address_cannot_take_all_rooms() {
    let mut lobby = Lobby::new(LobbyOptions { max_rooms_per_address: 2, ..LobbyOptions::default() });
    let address = |text: &str| text.parse::<IpAddr>().expect("an address");
    let mut create =
        |id, from| lobby.create(peer(id), address(from), "", Duration::ZERO).map(|room| room.code);
    let first = create(2, "2001:db8::1").expect("there is place");
    create(3, "2001:db8::2:1").expect("there is place");
    assert_eq!(create(4, "2001:db8::3"), Err(LobbyError::TooManyFromAddress));
    create(4, "2001:db8:0:1::3").expect("it is another network");
    create(5, "192.0.2.1").expect("it is another network");
    create(6, "::ffff:192.0.2.1").expect("there is place");
    assert_eq!(create(7, "192.0.2.1"), Err(LobbyError::TooManyFromAddress));
    create(7, "192.0.2.2").expect("it is another address");
    lobby.remove(first);
    lobby.create(peer(8), address("2001:db8::9"), "", Duration::ZERO).expect("there is place again");
}

#[test]
fn a_refused_creation_does_not_count() {
    let mut lobby = lobby();
    let codes: Vec<RoomCode> = (2..5)
        .map(|id| lobby.create(peer(id), HERE, "", Duration::ZERO).expect("there is place").code)
        .collect();
    assert_eq!(lobby.create(peer(9), HERE, "", Duration::ZERO), Err(LobbyError::TooManyRooms));
    lobby.remove(codes[1]);
    lobby.create(peer(9), HERE, "", Duration::ZERO).expect("there is place again");
}

#[test]
fn a_full_room_and_an_unknown_code_cannot_be_joined() {
    let mut lobby = lobby();
    let code = lobby.create(peer(2), HERE, "", Duration::ZERO).expect("there is place").code;
    lobby.set_players(code, 2);
    assert_eq!(lobby.find(code.as_str()), Err(LobbyError::RoomFull(code)));
    lobby.set_players(code, 1);
    assert_eq!(lobby.find(code.as_str()), Ok(code));
    lobby.remove(code);
    assert_eq!(lobby.find(code.as_str()), Err(LobbyError::NoSuchRoom(code.to_string())));
    for text in ["", "lobby", "ABC", "\u{202e}\n", "ABCDE", &"ABCD".repeat(100_000)] {
        let error = lobby.find(text).expect_err("there is no such room");
        assert!(matches!(&error, LobbyError::NoSuchRoom(shown) if shown.chars().count() <= 8), "{error:?}");
        assert!(error.to_string().len() < 60, "{error}");
    }
}

#[test]
fn the_list_has_the_newest_rooms_and_is_bounded() {
    let mut lobby =
        Lobby::new(LobbyOptions { max_rooms: 1000, max_rooms_per_address: 0, ..LobbyOptions::default() });
    for id in 2..1002 {
        lobby.create(peer(id), HERE, &format!("{id}"), Duration::ZERO).expect("there is place");
    }
    let titles: Vec<&str> = lobby.list().into_iter().map(|room| room.title.as_str()).collect();
    assert_eq!((lobby.len(), titles.len()), (1000, MAX_LISTED));
    assert_eq!((titles[0], titles[MAX_LISTED - 1]), ("1001", "902"));
}

#[test]
fn a_list_goes_to_all_when_it_has_changed_and_otherwise_to_those_that_asked() {
    let mut lobby = lobby();
    let interval = lobby.options().list_interval;
    assert_eq!((lobby.list_due(), lobby.take_subscribers(SECOND)), (None, None));

    lobby.ask(peer(2));
    lobby.ask(peer(2));
    assert_eq!(lobby.list_due(), Some(Duration::ZERO));
    assert_eq!(lobby.take_subscribers(SECOND), Some(Subscribers::Only(BTreeSet::from([peer(2)]))));
    assert_eq!(lobby.take_subscribers(SECOND), None);

    let code = lobby.create(peer(2), HERE, "", SECOND).expect("there is place").code;
    lobby.ask(peer(3));
    assert_eq!(lobby.list_due(), Some(SECOND + interval), "lists are not sent in a row");
    assert_eq!(lobby.take_subscribers(SECOND), None);
    assert_eq!(lobby.take_subscribers(SECOND + interval), Some(Subscribers::All));

    lobby.set_players(code, 0);
    assert_eq!(lobby.list_due(), None, "nothing has changed");
    lobby.set_players(code, 1);
    assert!(lobby.list_due().is_some());
    lobby.take_subscribers(10 * SECOND);
    lobby.ask(peer(4));
    lobby.forget(peer(4));
    assert_eq!(lobby.list_due(), None, "the one that asked has left");
}

#[test]
fn errors_are_sentences_for_people() {
    let code: RoomCode = "ABCD".parse().expect("it is a code");
    for (error, text) in [
        (LobbyError::NoSuchRoom("WXYZ".to_owned()), "There is no room WXYZ"),
        (LobbyError::RoomFull(code), "Room ABCD is full"),
        (LobbyError::TooSoon(Duration::from_millis(1200)), "You can create the next room in 2 s"),
    ] {
        assert_eq!(error.to_string(), text);
    }
}
