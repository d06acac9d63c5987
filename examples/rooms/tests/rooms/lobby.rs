//! Players find rooms and move between them and the lobby.

use std::time::Duration;

use rooms::{LobbyError, LobbyOptions, Place, RequestError, RoomsEvent, RoomsNotice};
use websocket_peer::multiplayer::RoomOptions;

use crate::world::World;

#[test]
fn a_player_creates_a_room_and_others_join_from_the_list_and_by_code() {
    let mut world = World::new();
    let [ann, bob, cid] = ["Ann", "Bob", "Cid"].map(|name| world.enter(name));
    assert_eq!(world.list(ann), []);
    let id = world.client(ann).id();
    let code = world.create(ann, " Friday\nnight ");
    assert_eq!(world.client(ann).id(), id, "it is the same connection");
    assert_eq!(world.names(ann), ["Ann"]);
    let created = |event: &&RoomsEvent| matches!(event, RoomsEvent::Created(_) | RoomsEvent::EnteredRoom(_));
    let events: Vec<_> = world.clients[ann].events.iter().filter(created).collect();
    assert_eq!(events, [&RoomsEvent::Created(code), &RoomsEvent::EnteredRoom(code)]);

    world.until("the others see it", |world| {
        [bob, cid].iter().all(|one| matches!(world.list(*one), [room] if room.players == 1))
    });
    let room = world.list(bob)[0].clone();
    assert_eq!((room.code, room.title.as_str(), room.capacity), (code, "Friday night", 3));

    world.join(bob, room.code);
    world.clients[cid].client.join_room(&code.as_str().to_lowercase()).expect("it is in the lobby");
    world.until("all are at the table", |world| {
        [ann, bob, cid].iter().all(|one| world.names(*one) == ["Ann", "Bob", "Cid"])
    });
    let notice =
        |notice: &RoomsNotice| matches!(notice, RoomsNotice::Created { code: of, .. } if *of == code);
    assert!(world.notices.iter().any(notice), "{:?}", world.notices);
}

#[test]
fn a_player_that_leaves_is_in_the_lobby_over_the_same_connection_and_can_come_back() {
    let mut world = World::new();
    let [ann, bob] = ["Ann", "Bob"].map(|name| world.enter(name));
    let code = world.create(ann, "");
    world.join(bob, code);
    let id = world.client(bob).id();
    for _ in 0..3 {
        world.leave(bob);
        assert_eq!(world.client(bob).table().players(), []);
        world.until("Ann sees it", |world| world.names(ann) == ["Ann"]);
        world.until("the list has it", |world| world.list(bob).iter().any(|room| room.players == 1));
        world.join(bob, code);
        world.until("Ann sees it", |world| world.names(ann) == ["Ann", "Bob"]);
    }
    assert_eq!(world.client(bob).id(), id);
    assert!(!world.clients[bob].events.iter().any(|event| matches!(event, RoomsEvent::Closed(_))));
}

#[test]
fn a_player_that_leaves_before_the_host_has_added_it_leaves_then() {
    let mut world = World::new();
    let [ann, bob] = ["Ann", "Bob"].map(|name| world.enter(name));
    let code = world.create(ann, "");
    world.clients[bob].client.join_room(code.as_str()).expect("it is in the lobby");
    world.until("it is moved", |world| world.client(bob).place() == Place::Room(code));
    world.leave(bob);
    let direct = world.start_in_room(code, "Cid");
    world.until("it is connected", |world| world.client(direct).place() == Place::Room(code));
    world.leave(direct);
    world.until("Ann is alone", |world| world.names(ann) == ["Ann"]);
}

#[test]
fn what_is_not_possible_is_refused_with_a_reason() {
    let mut world = World::new();
    let players = ["Ann", "Bob", "Cid"].map(|name| world.enter(name));
    let late = world.enter("Late");
    let code = world.create(players[0], "");
    let unknown = if code.as_str() == "ZZZZ" { "YYYY" } else { "ZZZZ" };
    world.clients[late].client.join_room(unknown).expect("it is in the lobby");
    let reason = format!("There is no room {unknown}");
    world.until("it is refused", |world| world.refusal(late) == Some(&reason));

    world.join(players[1], code);
    world.join(players[2], code);
    world.until("the list has it", |world| world.list(late).iter().any(|room| room.is_full()));
    world.clients[late].client.join_room(code.as_str()).expect("it is in the lobby");
    let reason = format!("Room {code} is full");
    world.until("it is refused", |world| world.refusal(late) == Some(&reason));
    assert!(world.client(late).is_in_lobby());

    let client = &mut world.clients[late].client;
    assert_eq!(client.join_room("ABIO"), Err(RequestError::InvalidCode));
    assert_eq!(client.leave_room(), Err(RequestError::NotThere));
    let client = &mut world.clients[players[0]].client;
    assert_eq!(client.create_room("x"), Err(RequestError::NotThere));
    assert_eq!(client.join_room(code.as_str()), Err(RequestError::NotThere));
}

#[test]
fn a_player_creates_one_room_per_interval_and_the_server_has_a_number_of_them() {
    let an_hour = Duration::from_secs(3600);
    let options = LobbyOptions { max_rooms: 2, create_interval: an_hour, ..LobbyOptions::default() };
    let mut world = World::with(options);
    let [ann, bob, cid] = ["Ann", "Bob", "Cid"].map(|name| world.enter(name));
    world.create(ann, "");
    world.leave(ann);
    world.clients[ann].client.create_room("").expect("it is in the lobby");
    world.until("it is refused", |world| {
        world.refusal(ann).is_some_and(|reason| reason.starts_with("You can create the next room in "))
    });
    world.create(bob, "");
    world.clients[cid].client.create_room("").expect("it is in the lobby");
    let reason = LobbyError::TooManyRooms.to_string();
    world.until("it is refused", |world| world.refusal(cid) == Some(&reason));
    assert_eq!(world.host.lobby().len(), 2);
}

#[test]
fn an_empty_room_is_closed_after_a_time_and_is_not_in_the_list() {
    let options = LobbyOptions {
        room: RoomOptions::default().empty_timeout(Duration::from_millis(1)),
        ..LobbyOptions::default()
    };
    let mut world = World::with(options);
    let [ann, bob] = ["Ann", "Bob"].map(|name| world.enter(name));
    let code = world.create(ann, "");
    world.until("the list has it", |world| world.list(bob).iter().any(|room| room.players == 1));
    world.leave(ann);
    world.until("the list is empty", |world| world.list(bob).is_empty() && world.list(ann).is_empty());
    assert!(world.server.find(code.as_str()).is_none());
    assert!(world.closed.iter().any(|closed| closed.ends_with(": Empty")), "{:?}", world.closed);
    world.clients[bob].client.join_room(code.as_str()).expect("it is in the lobby");
    world.until("it is refused", |world| world.refusal(bob).is_some());
}
