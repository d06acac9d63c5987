//! The rules: the calls after each event, and their targets; and that no sequence of events breaks the game.

use super::*;
use crate::table::{MAX_LOG, Table};

fn id(number: i32) -> PeerId {
    PeerId::new(number).expect("ids are positive")
}

/// A game with these players, who have names, and dice that show 7, 8, 9, …
fn rules(names: &[&str]) -> Rules {
    let mut next = 6;
    let mut rules = Rules::new(move || {
        next += 1;
        next
    });
    for (number, name) in (2..).zip(names) {
        rules.join(id(number));
        rules.set_name(id(number), name);
    }
    rules
}

fn all(call: GameCall) -> Effect {
    Effect::Call(Target::All, call)
}

fn logged(message: &str) -> Effect {
    all(GameCall::Log { message: message.to_owned() })
}

fn turn(index: i32) -> Effect {
    all(GameCall::SetTurn { index })
}

fn renamed(number: i32, name: &str) -> Effect {
    all(GameCall::UpdatePlayerName { id: number, name: name.to_owned() })
}

#[test]
fn a_new_player_gets_the_list_then_all_get_it_then_it_gets_the_turn() {
    let mut rules = rules(&["Ann", "Bob"]);
    rules.act(id(2), "roll");
    let to_new = |call| Effect::Call(id(9).into(), call);
    let player = |number, name: &str| GameCall::AddPlayer { id: number, name: Some(name.to_owned()) };
    assert_eq!(
        rules.join(id(9)),
        [
            to_new(player(2, "Ann")),
            to_new(player(3, "Bob")),
            all(GameCall::AddPlayer { id: 9, name: None }),
            to_new(GameCall::SetTurn { index: 1 }),
        ]
    );
    assert_eq!(rules.join(id(9)), [], "it is a player already");
}

#[test]
fn a_host_that_plays_is_the_first_player() {
    let mut rules = Rules::new(|| 5);
    let name = || Some("Host".to_owned());
    assert_eq!(rules.join_host("Host"), [all(GameCall::AddPlayer { id: 1, name: name() })]);
    let joined = rules.join(id(2));
    assert_eq!(joined[0], Effect::Call(id(2).into(), GameCall::AddPlayer { id: 1, name: name() }));
    assert_eq!(rules.act(PeerId::SERVER, "roll"), [logged("Host: rolls 5"), turn(1)]);
}

#[test]
fn players_act_in_turn_and_the_log_has_the_lines_of_the_demo() {
    let mut rules = rules(&["Ann", "Bob"]);
    assert_eq!(rules.act(id(2), "roll"), [logged("Ann: rolls 7"), turn(1)]);
    assert_eq!(rules.act(id(3), "pass"), [logged("Bob: passs 8"), turn(0)]);
    assert_eq!(rules.act(id(3), "roll"), [logged("Someone is trying to cheat! 3")]);
    assert_eq!(rules.act(id(2), "win"), [logged("Invalid action: win")]);
    assert_eq!(rules.act(id(2), "roll"), [logged("Ann: rolls 9"), turn(1)]);
    assert_eq!(rules.act(id(77), "roll"), [], "it is not a player");
}

#[test]
fn a_player_without_a_name_is_shown_as_in_the_demo() {
    let mut rules = Rules::new(|| 199);
    rules.join(id(2));
    assert_eq!(rules.act(id(2), "roll")[0], logged("... connecting ...: rolls 99"));
    let name = Some(NAMELESS.to_owned());
    assert_eq!(rules.join(id(3))[0], Effect::Call(id(3).into(), GameCall::AddPlayer { id: 2, name }));
}

#[test]
fn a_player_that_leaves_in_its_turn_is_followed_by_the_next_one() {
    let mut rules = rules(&["Ann", "Bob", "Cid"]);
    let gone = |number| all(GameCall::DelPlayer { id: number });
    rules.act(id(2), "roll");
    assert_eq!(rules.leave(id(3)), [gone(3), turn(1)], "Cid's turn");
    assert_eq!(rules.current(), Some(id(4)));
    assert_eq!(rules.leave(id(4)), [gone(4), turn(0)], "the last of the list: Ann's turn");
    assert_eq!(rules.current(), Some(id(2)));
    assert_eq!(rules.leave(id(2)), [gone(2), turn(0)]);
    assert_eq!((rules.current(), rules.leave(id(2)).len()), (None, 0));
}

#[test]
fn a_player_that_leaves_out_of_turn_does_not_change_whose_turn_it_is() {
    let mut rules = rules(&["Ann", "Bob", "Cid"]);
    rules.act(id(2), "roll");
    assert_eq!(rules.leave(id(2))[1], turn(0));
    assert_eq!(rules.current(), Some(id(3)));
    rules.leave(id(4));
    assert_eq!(rules.current(), Some(id(3)));
}

#[test]
fn names_are_cleaned_limited_and_unique() {
    let mut rules = rules(&["Ann", "Ann", "", " \u{202e}\n"]);
    assert_eq!(rules.act(id(2), "roll")[0], logged("Ann: rolls 7"));
    assert_eq!(rules.act(id(3), "roll")[0], logged("Ann (2): rolls 8"));
    assert_eq!(rules.act(id(4), "roll")[0], logged("Player: rolls 9"));
    assert_eq!(rules.act(id(5), "roll")[0], logged("Player (2): rolls 10"));
    assert_eq!(rules.set_name(id(3), &"x".repeat(60_000)), [renamed(3, &"x".repeat(24))]);
    assert_eq!(rules.set_name(id(2), "Ann"), [renamed(2, "Ann")], "a player may keep its name");
    assert_eq!(rules.set_name(id(77), "Eve"), [], "it is not a player");
}

#[test]
fn an_invalid_action_cannot_fill_or_change_the_log() {
    let mut rules = rules(&["Ann"]);
    let action = format!("x\n{}\u{202e}", "y".repeat(60_000));
    assert_eq!(rules.act(id(2), &action), [logged(&format!("Invalid action: x {}", "y".repeat(38)))]);
}

#[test]
fn useless_requests_are_limited_and_forgiven_after_an_action() {
    let mut rules = rules(&["Ann", "Bob"]);
    for _ in 0..2 {
        for _ in 0..MAX_USELESS_REQUESTS {
            assert_eq!(rules.act(id(3), "roll"), [logged("Someone is trying to cheat! 3")]);
        }
        rules.act(id(2), "roll");
        rules.act(id(3), "roll");
    }
    for _ in 0..MAX_USELESS_REQUESTS / 2 {
        rules.act(id(3), "roll");
        rules.set_name(id(3), "Bob");
    }
    assert_eq!(rules.set_name(id(3), "Bob"), [Effect::Disconnect(id(3))]);
    assert_eq!(rules.act(id(3), "roll"), [Effect::Disconnect(id(3))]);
}

#[test]
fn a_round_counts_if_two_players_were_in_it() {
    let mut rules = rules(&["Ann"]);
    rules.act(id(2), "roll");
    assert_eq!(rules.rounds(), 0);
    rules.join(id(3));
    rules.act(id(2), "roll");
    assert_eq!(rules.rounds(), 0);
    rules.act(id(3), "roll");
    assert_eq!(rules.rounds(), 1);
}

/// The tables of all players, which know only the calls that were sent to them.
#[derive(Default)]
struct Tables(Vec<(PeerId, Table)>);

impl Tables {
    fn apply(&mut self, effects: &[Effect]) {
        for effect in effects {
            let Effect::Call(to, call) = effect else { continue };
            for (id, table) in &mut self.0 {
                if *to == Target::All || *to == Target::Peer(*id) {
                    table.apply(call);
                }
            }
        }
    }
}

/// Random players join, leave, act in and out of turn, and take names. After each event the game can go on, and all
/// tables show the same.
#[test]
fn no_sequence_of_events_breaks_the_game() {
    for seed in 0..60 {
        let mut random = fastrand::Rng::with_seed(seed);
        let mut dice = random.fork();
        let mut rules = Rules::new(move || dice.u32(..));
        let mut tables = Tables::default();
        if random.bool() {
            rules.join_host("Host");
        }
        for _ in 0..300 {
            let peer = id(random.i32(2..12));
            let effects = match random.u32(0..10) {
                0..2 => {
                    if !tables.0.iter().any(|(id, _)| *id == peer) {
                        let mut table = Table::default();
                        table.set_own_id(peer);
                        tables.0.push((peer, table));
                    }
                    rules.join(peer)
                }
                2 => {
                    tables.0.retain(|(id, _)| *id != peer);
                    rules.leave(peer)
                }
                3 => rules.set_name(
                    peer,
                    ["", ["Ann", "ANN"][random.usize(0..2)], "\n", "a name of 24 letters and some"]
                        [random.usize(0..4)],
                ),
                4 => rules.act(peer, ["roll", "pass", "win", ""][random.usize(0..4)]),
                _ => rules.current().map_or(Vec::new(), |current| rules.act(current, "roll")),
            };
            if let [Effect::Disconnect(peer)] = effects[..] {
                tables.0.retain(|(id, _)| *id != peer);
                tables.apply(&rules.leave(peer));
            }
            tables.apply(&effects);
            check(&rules, &tables, seed);
        }
        every_player_gets_its_turn(&mut rules, seed);
    }
}

#[track_caller]
fn check(rules: &Rules, tables: &Tables, seed: u64) {
    assert_eq!(rules.current().is_some(), rules.players().len() > 0, "seed {seed}: {rules:?}");
    let mut names: Vec<_> = rules
        .players
        .iter()
        .filter_map(|player| player.name.as_ref())
        .map(|name| name.to_lowercase())
        .collect();
    names.sort();
    let count = names.len();
    names.dedup();
    assert_eq!(names.len(), count, "seed {seed}: names are unique in {rules:?}");
    for (id, table) in &tables.0 {
        let shown: Vec<_> = table.players().iter().map(|player| (player.id, &*player.name)).collect();
        let real: Vec<_> = rules.players.iter().map(|player| (player.id.get(), player.name())).collect();
        assert_eq!(shown, real, "seed {seed}: the table of {id}");
        let current = table.current().map(|player| player.id);
        assert_eq!(current, rules.current().map(PeerId::get), "seed {seed}: the table of {id}");
        assert!(table.log().len() <= MAX_LOG);
    }
}

fn every_player_gets_its_turn(rules: &mut Rules, seed: u64) {
    let mut waiting: Vec<PeerId> = rules.players().collect();
    for _ in 0..waiting.len() {
        let current = rules.current().expect("there are players");
        waiting.retain(|id| *id != current);
        rules.act(current, "roll");
    }
    assert!(waiting.is_empty(), "seed {seed}: {waiting:?} never had a turn in {rules:?}");
}
