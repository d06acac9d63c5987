//! Games as people play them: who joins, in which order, and who leaves.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use game::{
    Action, ActionError, HostEvent, Player, PlayerEvent, TableEvent, host_game::MAX_EVENTS,
    names::DEFAULT_NAME,
};

use crate::world::{Waiting, World};

const A_MINUTE: Duration = Duration::from_secs(60);

#[test]
fn three_players_play_three_rounds() {
    let mut world = World::new(None);
    let [ann, bob, cid] = ["Ann", "Bob", "Cid"].map(|name| world.join(name));
    for _ in 0..3 {
        world.act(ann, Action::Roll);
        world.act(bob, Action::Pass);
        world.act(cid, Action::Roll);
    }
    assert_eq!(
        world.log(),
        [
            "Ann: rolls 1",
            "Bob: passs 2",
            "Cid: rolls 3",
            "Ann: rolls 4",
            "Bob: passs 5",
            "Cid: rolls 6",
            "Ann: rolls 7",
            "Bob: passs 8",
            "Cid: rolls 9",
        ]
    );
    assert_eq!(world.host.as_ref().map(|host| host.rounds()), Some(3));
    for one in &world.players {
        assert!(one.player.table().log().eq(world.table().log()), "each player has the whole log");
    }
}

#[test]
fn a_host_can_play() {
    let mut world = World::new(Some("Host"));
    let ann = world.join("Ann");
    assert_eq!(world.names(), ["Host", "Ann"]);
    assert_eq!(world.players[ann].player.roll(), Err(ActionError::NotYourTurn));
    let host = world.host.as_mut().expect("the host runs");
    assert!(host.table().is_own_turn());
    host.act(Action::Roll).expect("it is its turn");
    assert_eq!(host.act(Action::Roll), Err(ActionError::NotYourTurn));
    world.act(ann, Action::Roll);
    assert_eq!(world.log(), ["Host: rolls 1", "Ann: rolls 2"]);
    let host = world.host.as_mut().expect("the host runs");
    host.set_name("Chief").expect("it is connected");
    world.until("the name is known", |world| world.tables_agree());
    assert_eq!(world.names(), ["Chief", "Ann"]);
}

#[test]
fn a_host_whose_events_are_not_read_keeps_the_newest() {
    let mut world = World::new(Some("Host"));
    let host = world.host.as_mut().expect("the host runs");
    for _ in 0..2 * MAX_EVENTS {
        host.act(Action::Roll).expect("it plays alone");
    }
    let events: Vec<HostEvent> = std::iter::from_fn(|| host.next_event()).collect();
    assert_eq!(events.len(), MAX_EVENTS);
    let last = host.table().log().next_back().cloned().expect("it has rolled");
    assert!(events.contains(&HostEvent::Table(TableEvent::Logged(last))));
}

#[test]
fn a_host_that_does_not_play_cannot_act() {
    let mut world = World::new(None);
    let host = world.host.as_mut().expect("the host runs");
    assert_eq!(host.act(Action::Roll), Err(ActionError::NotYourTurn));
    assert_eq!((host.set_name("Host"), host.next_event()), (Ok(()), None));
}

#[test]
fn a_player_that_joins_a_running_game_sees_whose_turn_it_is() {
    let mut world = World::new(Some("Host"));
    let [ann, _] = ["Ann", "Bob"].map(|name| world.join(name));
    world.host.as_mut().expect("the host runs").act(Action::Roll).expect("it is its turn");
    world.act(ann, Action::Roll);
    let late = world.join("Cid");
    world.until("the tables agree", World::tables_agree);
    let table = world.players[late].player.table();
    assert_eq!(table.current().map(|player| player.name.as_str()), Some("Bob"));
    let names: Vec<_> = table.players().iter().map(|player| player.name.as_str()).collect();
    assert_eq!(names, ["Host", "Ann", "Bob", "Cid"]);
}

#[test]
fn players_that_join_at_once_are_all_in_the_list_of_all() {
    let mut world = World::new(None);
    let names = ["A", "B", "C", "D", "E", "F"];
    for name in names {
        world.start_join(name);
    }
    world.until("all have joined", |world| {
        let mut joined = world.names();
        joined.sort_unstable();
        joined == names && world.tables_agree()
    });
    for _ in 0..2 * names.len() {
        let current = world.table().current().expect("it is a player's turn").id;
        let has_turn = |one: &crate::world::PlayerAndEvents| {
            one.player.table().own_id().is_some_and(|id| id.get() == current)
        };
        let index = world.players.iter().position(has_turn).expect("it is one of them");
        world.act(index, Action::Roll);
    }
    assert_eq!(world.host.as_ref().map(|host| host.rounds()), Some(2));
}

#[test]
fn a_player_that_vanishes_in_its_turn_is_followed_by_the_next_one() {
    let mut world = World::new(None);
    let [ann, bob, cid] = ["Ann", "Bob", "Cid"].map(|name| world.join(name));
    world.act(ann, Action::Roll);
    world.until("it is Bob's turn", |world| world.current() == Some("Bob") && world.tables_agree());
    // Without a close frame: its process has ended.
    drop(world.players.remove(bob));
    world.until("it is Cid's turn", |world| world.current() == Some("Cid") && world.tables_agree());
    assert_eq!(world.names(), ["Ann", "Cid"]);
    world.act(cid - 1, Action::Roll);

    // The last of the list, by leaving.
    world.act(ann, Action::Roll);
    world.players[cid - 1].player.leave();
    world.until("it is Ann's turn", |world| world.current() == Some("Ann") && world.names() == ["Ann"]);
    world.act(ann, Action::Roll);
    let is_left = |event: &HostEvent| matches!(event, HostEvent::Table(TableEvent::Left(_)));
    assert_eq!(world.host_events.iter().filter(|event| is_left(event)).count(), 2);
}

#[test]
fn a_player_that_leaves_reports_its_end_and_does_nothing_more() {
    let mut world = World::new(None);
    let ann = world.join("Ann");
    world.players[ann].player.leave();
    world.until("it is closed", |world| world.players[ann].player.is_closed());
    let player = &mut world.players[ann].player;
    assert!(!player.can_act());
    assert_eq!(player.roll(), Err(ActionError::NotConnected));
    assert_eq!(player.set_name("Bob"), Err(ActionError::NotConnected));
    world.step();
    let events = &world.players[ann].events;
    assert!(matches!(events.last(), Some(PlayerEvent::Closed(_))), "{events:?}");
}

#[test]
fn a_host_that_ends_closes_all_players_and_they_know_why() {
    let mut world = World::new(Some("Host"));
    let players = ["Ann", "Bob"].map(|name| world.join(name));
    let mut host = world.host.take().expect("the host runs");
    let ending = std::thread::spawn(move || host.shutdown(A_MINUTE));
    world.until("all are closed", |world| players.iter().all(|one| world.players[*one].player.is_closed()));
    assert!(ending.join().expect("the host ends"), "all connections have ended");
    for one in &world.players {
        let info = one.player.close_info().expect("it is closed");
        assert_eq!((info.code, info.was_clean()), (Some(1000), true), "{info}");
        assert_eq!(info.reason, "the session was left");
    }
}

#[test]
fn a_host_that_vanishes_closes_all_players() {
    let mut world = World::new(None);
    let ann = world.join("Ann");
    assert!(world.players[ann].player.can_act());
    drop(world.host.take());
    world.until("it is closed", |world| world.players[ann].player.is_closed());
    let player = &mut world.players[ann].player;
    assert_eq!((player.can_act(), player.roll()), (false, Err(ActionError::NotConnected)));
    let info = world.players[ann].player.close_info().expect("it is closed");
    assert!(!info.was_clean(), "{info}");
    let closed = |event: &&PlayerEvent| matches!(event, PlayerEvent::Closed(_));
    assert_eq!(world.players[ann].events.iter().filter(closed).count(), 1);
}

#[test]
fn a_player_without_a_host_reports_why() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let url = format!("ws://{}", listener.local_addr().expect("it listens"));
    drop(listener);
    let mut player = Player::connect(&url, "Ann").expect("the URL is valid");
    let waiting = Waiting::start("the player is closed");
    let info = loop {
        waiting.check();
        player.wait(A_MINUTE);
        if let Some(event) = player.next_event() {
            let PlayerEvent::Closed(info) = event else { panic!("{event:?}") };
            break info;
        }
    };
    assert_eq!(player.close_info(), Some(&info));
    assert!(Player::connect("http://127.0.0.1", "Ann").is_err(), "not the URL of a WebSocket");
}

#[test]
fn empty_long_and_equal_names_are_shown_differently() {
    let mut world = World::new(Some("Ann"));
    for name in ["Ann", "", "\u{202e}\n", &"x".repeat(5000), &"x".repeat(6000)] {
        world.start_join(name);
        let count = world.players.len() + 1;
        world.until("the name is known", |world| {
            world.names().len() == count && !world.names().contains(&game::messages::NAMELESS)
        });
    }
    let long = "x".repeat(game::names::MAX_NAME);
    let (second, second_long) = (format!("{DEFAULT_NAME} (2)"), format!("{long} (2)"));
    assert_eq!(world.names(), ["Ann", "Ann (2)", DEFAULT_NAME, &second, &long, &second_long]);
    world.until("all show them", World::tables_agree);

    world.players[0].player.set_name("Zoe").expect("it is connected");
    world.until("the name is known", |world| world.names()[1] == "Zoe" && world.tables_agree());
}

#[test]
fn a_name_that_is_set_while_connecting_is_the_one_to_join_with() {
    let mut world = World::new(None);
    let ann = world.start_join("A");
    world.players[ann].player.set_name("Ann").expect("it is connecting");
    world.until("it has joined", |world| world.names() == ["Ann"]);
}

#[test]
fn a_hook_is_called_when_there_is_something_to_poll_for() {
    let mut world = World::new(None);
    world.join("Ann");
    let mut ann = world.players.remove(0).player;
    let calls = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&calls);
    let hook = move || {
        counter.fetch_add(1, Ordering::SeqCst);
    };
    ann.on_wake(hook).expect("a player has hooks");
    ann.poll();
    while ann.next_event().is_some() {}
    calls.store(0, Ordering::SeqCst);
    // Nothing polls Ann now.
    world.start_join("Bob");
    world.until("the hook is called", |_| calls.load(Ordering::SeqCst) > 0);
    let waiting = Waiting::start("Ann sees Bob");
    while ann.table().players().len() < 2 {
        waiting.check();
        world.step();
        ann.poll();
        while ann.next_event().is_some() {}
    }
}

#[test]
fn a_full_game_rejects_further_players() {
    let mut world = World::new(None);
    for index in 0..8 {
        world.join(&format!("P{index}"));
    }
    let late = world.start_join("Late");
    world.until("it is rejected", |world| world.players[late].player.is_closed());
    let info = world.players[late].player.close_info().expect("it is closed");
    assert!(info.to_string().contains("503"), "{info}");
    assert_eq!(world.names().len(), 8);
}
