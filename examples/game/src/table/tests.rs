//! The table at the calls of hosts: of this crate, of the demo, and of hostile ones.

use super::*;

fn add(id: i32, name: &str) -> GameCall {
    GameCall::AddPlayer { id, name: Some(name.to_owned()) }
}

fn table(names: &[&str]) -> Table {
    let mut table = Table::default();
    for (id, name) in (2..).zip(names) {
        table.apply(&add(id, name));
    }
    table
}

fn current(table: &Table) -> Option<&str> {
    table.current().map(|player| player.name.as_str())
}

fn set_turn(index: i32) -> GameCall {
    GameCall::SetTurn { index }
}

#[test]
fn the_turn_is_an_index_into_the_list_of_players() {
    let mut table = table(&["Ann", "Bob"]);
    table.set_own_id(PeerId::new(3).unwrap());
    assert_eq!((current(&table), table.is_own_turn()), (Some("Ann"), false));
    let bob = table.players()[1].clone();
    assert_eq!(table.apply(&set_turn(1)), Some(TableEvent::TurnChanged(Some(bob))));
    assert_eq!((current(&table), table.is_own_turn(), table.turn()), (Some("Bob"), true, Some(1)));
    assert_eq!(table.own().map(|own| own.name.as_str()), Some("Bob"));
}

#[test]
fn a_player_before_the_current_one_leaves_and_the_turn_stays() {
    let mut table = table(&["Ann", "Bob", "Cid"]);
    table.apply(&set_turn(2));
    table.apply(&GameCall::DelPlayer { id: 2 });
    assert_eq!(current(&table), Some("Cid"));
    table.apply(&GameCall::DelPlayer { id: 4 });
    assert_eq!(current(&table), None, "until the host announces whose turn it is");
}

/// A host of the demo leaves the turn behind the list when its last player leaves in its turn. The next player to join
/// is the current one.
#[test]
fn a_turn_behind_the_list_is_that_of_the_next_player_to_join() {
    let mut table = table(&["Ann"]);
    assert_eq!(table.apply(&set_turn(1)), Some(TableEvent::TurnChanged(None)));
    table.apply(&add(9, "Bob"));
    assert_eq!(current(&table), Some("Bob"));
}

#[test]
fn wrong_indexes_and_unknown_ids_change_nothing() {
    let mut table = table(&["Ann"]);
    for index in [-1, 1, i32::MAX, i32::MIN] {
        assert_eq!(table.apply(&set_turn(index)), Some(TableEvent::TurnChanged(None)));
        assert_eq!(table.apply(&GameCall::DelPlayer { id: -5 }), None);
        let rename = GameCall::UpdatePlayerName { id: 77, name: "X".to_owned() };
        assert_eq!(table.apply(&rename), None);
    }
    assert_eq!(table.players().len(), 1);
    for call in [
        GameCall::RequestAction { action: "roll".to_owned() },
        GameCall::SetPlayerName { name: "X".to_owned() },
    ] {
        assert_eq!(table.apply(&call), None, "a call for the host");
    }
}

#[test]
fn a_player_that_was_added_twice_is_removed_once() {
    let mut table = table(&["Ann"]);
    table.apply(&add(2, "Ann"));
    table.apply(&GameCall::DelPlayer { id: 2 });
    assert_eq!(table.players().len(), 1);
}

#[test]
fn the_table_and_its_log_are_bounded() {
    let mut table = Table::default();
    let long = "x".repeat(50_000);
    for id in 0..2 * MAX_SHOWN as i32 {
        table.apply(&add(id, &long));
        table.apply(&GameCall::Log { message: format!("{id} {long}") });
    }
    assert_eq!((table.players().len(), table.log().len()), (MAX_SHOWN, MAX_LOG));
    assert!(table.log().all(|line| line.text.len() <= crate::names::MAX_LINE));
    assert!(table.players().iter().all(|player| player.name.len() <= MAX_SHOWN_NAME));
    let last = format!("{} xx", 2 * MAX_SHOWN - 1);
    assert!(table.log().next_back().is_some_and(|line| line.text.starts_with(&last)));
}

#[test]
fn players_without_a_name_can_be_distinguished() {
    let mut table = table(&[""]);
    assert_eq!(table.players()[0].name, NAMELESS);
    table.apply(&GameCall::UpdatePlayerName { id: 2, name: " \u{202e}".to_owned() });
    assert_eq!(table.players()[0].name, "Player 2");
}

#[test]
fn lines_of_the_log_report_actions() {
    let roll = |line: &str| LogLine::new(line).roll.map(|roll| (roll.name, roll.action, roll.value));
    assert_eq!(roll("Ann: rolls 7"), Some(("Ann".to_owned(), Action::Roll, 7)));
    assert_eq!(roll("A: rolls 1: passs 99"), Some(("A: rolls 1".to_owned(), Action::Pass, 99)));
    assert_eq!(roll(": rolls 0"), Some((String::new(), Action::Roll, 0)));
    for line in
        ["", "Ann: rolls", "Ann: rolls 100", "Ann: rolls +7", "Ann: roll 7", "Ann rolls 7", "Ann: rolls -1"]
    {
        assert_eq!(roll(line), None, "{line:?}");
    }
}
