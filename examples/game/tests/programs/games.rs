//! Games between programs.

use std::{thread, time::Duration};

use crate::child::{Program, bot, host};

fn is_roll_of<'a>(name: &'a str) -> impl Fn(&str) -> bool + 'a {
    move |line| line.strip_prefix(name).is_some_and(|rest| rest.starts_with(": rolls "))
}

#[test]
fn two_bots_play_their_rounds_and_leave() {
    let (mut host, url) = host(&[]);
    let first = bot(&url, &["--name", "Ann", "--rounds", "3"]);
    let second = bot(&url, &["--name", "Bob", "--rounds", "2"]);
    let second = second.end();
    assert_eq!((second.code, second.out.last().map(String::as_str)), (Some(0), Some("played 2 rounds")));
    host.line(|line| line == "- Bob");
    // Alone, Ann waits for another player.
    let third = bot(&url, &["--name", "Cid"]);
    let first = first.end();
    assert_eq!((first.code, first.out.last().map(String::as_str)), (Some(0), Some("played 3 rounds")));
    assert_eq!(first.out.iter().filter(|line| is_roll_of("Ann")(line)).count(), 3);
    assert!(first.err.is_empty(), "{first:?}");
    host.line(|line| line == "- Ann");
    assert_eq!(host.lines_until(3, is_roll_of("Ann")).len(), 3);
    drop(third);
}

#[test]
fn a_bot_that_is_alone_waits() {
    let (mut host, url) = host(&[]);
    let mut ann = bot(&url, &["--name", "Ann"]);
    ann.line(|line| line == "* it is your turn");
    // Ten times the time that the bot thinks.
    thread::sleep(Duration::from_millis(200));
    let lines = host.lines();
    assert!(!lines.iter().any(|line| is_roll_of("Ann")(line)), "{lines:?}");
    let zoe = player(&url, "Zoe");
    host.line(is_roll_of("Ann"));
    drop(zoe);
}

#[test]
fn a_host_ends_after_its_rounds_and_the_players_know_why() {
    let (host, url) = host(&["--rounds", "3"]);
    let bots = ["Ann", "Bob"].map(|name| bot(&url, &["--name", name]));
    let host = host.end();
    assert_eq!(host.code, Some(0), "{host:?}");
    assert_eq!(host.out.last().map(String::as_str), Some("the game is over after 3 rounds"));
    for bot in bots {
        let bot = bot.end();
        assert_eq!(bot.code, Some(0), "{bot:?}");
        let last = bot.out.last().expect("it prints something");
        assert!(last.starts_with("the game is over: closed by the other end (code 1000"), "{last}");
    }
}

#[test]
fn a_host_that_is_killed_ends_the_bots() {
    let (mut host, url) = host(&[]);
    let bots = [&["--name", "Ann"][..], &["--name", "Bob", "--rounds", "100000"]].map(|args| bot(&url, args));
    host.lines_until(3, |line| line.contains(": rolls "));
    host.kill();
    // The second one wanted to play more rounds.
    for (bot, code) in bots.into_iter().zip([0, 1]) {
        let bot = bot.end();
        assert_eq!(bot.code, Some(code), "{bot:?}");
        assert!(bot.out.last().is_some_and(|line| line.starts_with("the game is over: ")), "{bot:?}");
    }
}

#[test]
fn a_bot_that_is_killed_does_not_stop_the_game() {
    let (mut host, url) = host(&[]);
    let mut bots = ["Ann", "Bob", "Cid"].map(|name| bot(&url, &["--name", name]));
    host.lines_until(6, |line| line.contains(": rolls "));
    bots[1].kill();
    host.line(|line| line == "- Bob");
    let before = host.lines().len();
    for name in ["Ann", "Cid"] {
        let rolls = |lines: &[String]| lines.iter().filter(|line| is_roll_of(name)(line)).count();
        let count = rolls(&host.lines()[..before]);
        host.lines_until(count + 2, is_roll_of(name));
    }
}

#[test]
fn a_bot_without_a_host_reports_why() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let url = format!("ws://{}", listener.local_addr().expect("it listens"));
    drop(listener);
    let ended = bot(&url, &[]).end();
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.out.last().is_some_and(|line| line.starts_with("the game is over: ")), "{ended:?}");

    let ended = bot("http://127.0.0.1", &[]).end();
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.err.last().is_some_and(|line| line.starts_with("cannot join http:")), "{ended:?}");
}

#[test]
fn a_host_on_a_port_in_use_reports_why() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let address = listener.local_addr().expect("it listens").to_string();
    let ended = Program::start(env!("CARGO_BIN_EXE_game_host"), &[&address]).end();
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.err.last().is_some_and(|line| line.starts_with("cannot host on 127.0.0.1:")), "{ended:?}");
}

/// Starts a terminal player, and waits until it is in the list.
fn player(url: &str, name: &str) -> Program {
    let mut player = Program::start(env!("CARGO_BIN_EXE_game_player"), &[url, "--name", name]);
    player.line(|line| line == format!("+ {name}"));
    player
}

#[test]
fn a_terminal_player_and_two_bots_play_three_rounds() {
    let (mut host, url) = host(&["--rounds", "3"]);
    let mut zoe = player(&url, "Zoe");
    let bots = ["Ann", "Bob"].map(|name| bot(&url, &["--name", name]));
    for name in ["Ann", "Bob"] {
        zoe.line(|line| line == format!("+ {name}"));
    }
    // The table is shown once by itself.
    zoe.type_line("/table");
    zoe.lines_until(2, |line| line == "  * Zoe (you)");
    for (round, action) in (1..).zip(["r", "p", "ROLL"]) {
        // The turn is announced once before the first round, and once a round.
        zoe.lines_until(round, |line| line == "* it is your turn");
        zoe.type_line(action);
    }
    let ended = zoe.end();
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let acts: Vec<_> =
        ended.out.iter().filter(|line| line.contains(": rolls ") || line.contains(": passes")).collect();
    assert_eq!(acts.len(), 9, "{ended:?}");
    assert!(acts[3].starts_with("Zoe: passes"), "{acts:?}");
    assert!(
        ended.out.last().is_some_and(|line| line.starts_with("the game is over: closed by")),
        "{ended:?}"
    );
    host.line(|line| line == "the game is over after 3 rounds");
    for bot in bots {
        assert_eq!(bot.end().code, Some(0));
    }
}

#[test]
fn a_host_plays_in_the_terminal() {
    let (mut host, url) = host(&["--play", "Host"]);
    let mut zoe = player(&url, "Zoe");
    zoe.type_line("r");
    zoe.line(|line| line == "it is not your turn");
    host.type_line("r");
    zoe.line(|line| line == "* it is your turn");
    zoe.type_line("/name Zoe B.");
    host.line(|line| line == "* Zoe is now Zoe B.");
    zoe.type_line("roll");
    host.line(|line| line == "* it is your turn");
    host.type_line("/name Chief");
    zoe.line(|line| line == "* Host is now Chief");
    host.type_line("/quit");
    let ended = zoe.end();
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let ended = host.end();
    assert_eq!(
        (ended.code, ended.out.last().map(String::as_str)),
        (Some(0), Some("the game is over after 1 round"))
    );
}

#[test]
fn a_host_that_does_not_play_refuses_to() {
    let (mut host, _) = host(&[]);
    for line in ["r", "/name X", "/table", "/help", "hello"] {
        host.type_line(line);
    }
    host.lines_until(2, |line| line == "the host does not play");
    for answer in
        ["there are no players", "/quit        leave", "unknown: hello; /help shows what can be typed"]
    {
        host.line(|line| line == answer);
    }
    // The end of its input ends the host.
    host.end_input();
    assert_eq!(host.end().code, Some(0));
}

#[test]
fn a_terminal_player_leaves_by_command_and_at_the_end_of_its_input() {
    let (mut host, url) = host(&[]);
    let mut ann = player(&url, "Ann");
    let mut bob = player(&url, "Bob");
    ann.type_line("/quit");
    bob.end_input();
    for (name, player) in [("Ann", ann), ("Bob", bob)] {
        let ended = player.end();
        assert_eq!((ended.code, ended.out.last().map(String::as_str)), (Some(0), Some("you left")));
        host.line(|line| line == format!("- {name}"));
    }
}

#[test]
fn a_terminal_player_reports_why_the_game_is_over() {
    let (mut host, url) = host(&[]);
    let zoe = player(&url, "Zoe");
    host.kill();
    let ended = zoe.end();
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(ended.out.last().is_some_and(|line| line.starts_with("the game is over: ")), "{ended:?}");

    // The host is gone.
    let ended = Program::start(env!("CARGO_BIN_EXE_game_player"), &[&url]).end();
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.out.last().is_some_and(|line| line.starts_with("the game is over: ")), "{ended:?}");
}
