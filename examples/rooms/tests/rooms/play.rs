//! The games in the rooms, and what fails alone.

use std::time::{Duration, Instant};

use game::{Action, Player};
use rooms::{RoomsEvent, RoomsNotice};
use websocket_peer::multiplayer::RoomError;

use crate::world::World;

/// Lets a client roll, and waits until its log has the roll.
#[track_caller]
fn roll(world: &mut World, index: usize) {
    world.until("it is its turn", |world| world.client(index).game().can_act());
    let before = world.client(index).table().log().len();
    world.clients[index].client.act(Action::Roll).expect("it is its turn");
    world.until("it is in the log", |world| world.client(index).table().log().len() > before);
}

#[test]
fn each_room_has_its_own_game() {
    let mut world = World::new();
    let [ann, bob, cid, dora] = ["Ann", "Bob", "Cid", "Dora"].map(|name| world.enter(name));
    let one = world.create(ann, "one");
    let two = world.create(cid, "two");
    world.join(bob, one);
    world.join(dora, two);
    for index in [ann, bob, ann, bob, cid] {
        roll(&mut world, index);
    }
    world.until("all have the lines", |world| {
        world.client(ann).table().log().len() == 4
            && world.client(bob).table().log().len() == 4
            && world.client(dora).table().log().len() == 1
    });
    assert_eq!((world.names(ann), world.names(dora)), (vec!["Ann", "Bob"], vec!["Cid", "Dora"]));
    let actors: Vec<String> = world.client(bob).table().log().map(|line| line.text[..3].to_owned()).collect();
    assert_eq!(actors, ["Ann", "Bob", "Ann", "Bob"]);
}

#[test]
fn a_player_without_a_lobby_joins_a_room_by_its_path_in_any_case() {
    let mut world = World::new();
    let ann = world.enter("Ann");
    let code = world.create(ann, "");
    let mut players: Vec<Player> = [code.to_string(), code.to_string().to_lowercase()]
        .iter()
        .map(|code| Player::connect(&format!("{}/room/{code}", world.url), "Godot").expect("a valid URL"))
        .collect();
    let names = ["Ann", "Godot", "Godot (2)"];
    let start = Instant::now();
    while world.names(ann).len() < 3 || world.names(ann).contains(&game::messages::NAMELESS) {
        assert!(start.elapsed() < Duration::from_secs(120), "they did not join: {:?}", world.notices);
        world.step();
        for player in &mut players {
            player.poll();
            while player.next_event().is_some() {}
        }
    }
    assert_eq!(world.names(ann), names);
    roll(&mut world, ann);
    let start = Instant::now();
    while players[0].table().log().len() == 0 {
        assert!(start.elapsed() < Duration::from_secs(120), "the roll did not arrive");
        world.step();
        players[0].poll();
        while players[0].next_event().is_some() {}
    }

    // The third place is taken: the room is full.
    let late = world.start_in_room(code, "Late");
    world.until("it is rejected", |world| world.client(late).close_info().is_some());
    let info = world.client(late).close_info().expect("it is closed").to_string();
    assert!(info.contains("503"), "{info}");
}

#[test]
fn a_room_that_does_not_exist_is_404() {
    let mut world = World::new();
    let late = world.start_in_room("ZZZZ".parse().expect("it is a code"), "Late");
    world.until("it is rejected", |world| world.client(late).close_info().is_some());
    let info = world.client(late).close_info().expect("it is closed").to_string();
    assert!(info.contains("404"), "{info}");
    assert!(matches!(world.clients[late].events.as_slice(), [RoomsEvent::Closed(_)]));
}

#[test]
fn a_room_that_is_closed_disconnects_its_players_with_the_reason_and_leaves_the_list() {
    let mut world = World::new();
    let [ann, bob, cid] = ["Ann", "Bob", "Cid"].map(|name| world.enter(name));
    let code = world.create(ann, "");
    world.create(bob, "");
    let room = world.server.find(code.as_str()).expect("it is open");
    world.server.close(room, "the evening is over").expect("it is open");
    world.until("Ann is disconnected", |world| world.client(ann).close_info().is_some());
    let info = world.client(ann).close_info().expect("it is closed").clone();
    assert_eq!((info.code, info.reason.as_str()), (Some(1000), "the evening is over"));
    world.until(
        "the list has only the other room",
        |world| matches!(world.list(cid), [room] if room.code != code),
    );
    roll(&mut world, bob);
}

#[test]
fn a_game_that_fails_closes_its_room_only() {
    let mut world = World::new();
    let [ann, bob, cid] = ["Ann", "Bob", "Cid"].map(|name| world.enter(name));
    let code = world.create(ann, "");
    world.create(bob, "");
    let room = world.server.find(code.as_str()).expect("it is open");
    let failed = world.server.run(room, |_| -> Result<(), String> { panic!("a bug in the game") });
    assert_eq!(failed, Err(RoomError::Failed("a bug in the game".to_owned())));
    world.until("Ann is disconnected", |world| world.client(ann).close_info().is_some());
    assert_eq!(world.client(ann).close_info().and_then(|info| info.code), Some(1011));
    world.until(
        "the list has only the other room",
        |world| matches!(world.list(cid), [room] if room.code != code),
    );
    roll(&mut world, bob);
}

#[test]
fn a_lobby_that_fails_is_opened_again_and_the_rooms_play_on() {
    let mut world = World::new();
    let [ann, bob] = ["Ann", "Bob"].map(|name| world.enter(name));
    let code = world.create(ann, "");
    let lobby = world.server.find("lobby").expect("it is open");
    let failed = world.server.run(lobby, |_| Err::<(), _>("a bug in the lobby"));
    assert!(failed.is_err());
    world.until("Bob is disconnected", |world| world.client(bob).close_info().is_some());
    assert!(world.notices.contains(&RoomsNotice::LobbyReopened));
    roll(&mut world, ann);
    let cid = world.enter("Cid");
    assert_eq!(world.list(cid).len(), 1);
    world.join(cid, code);
    world.leave(ann);
}
