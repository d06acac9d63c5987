//! The game of `examples/godot`, with `godot_server` and `godot_client`.

use std::{net::TcpListener, process::Command};

use websocket_peer::{
    multiplayer::{Event, Method, Methods, MultiplayerOptions, NodeKey, PeerId, SceneMultiplayer, Target},
    variant::{Variant, Vector2},
};

use crate::common::{
    eventually,
    program::{Ended, Program, example},
    until,
};

/// Starts `godot_server`, and returns its URL.
fn host(options: &[&str]) -> (Program, String) {
    let mut command = Command::new(example("godot_server"));
    command.arg("127.0.0.1:0").args(options);
    let mut host = Program::start(command);
    let line = host.line("hosting on ");
    let url = line.trim_start_matches("hosting on ").to_owned();
    (host, url)
}

/// Starts `godot_client`.
fn player(args: &[&str]) -> Program {
    let mut command = Command::new(example("godot_client"));
    command.args(args);
    Program::start(command)
}

/// Asserts the exit code and the last line, and that it printed no errors.
#[track_caller]
fn assert_ended(ended: &Ended, code: i32, last: &str) {
    assert_eq!(ended.code, Some(code), "{ended:?}");
    assert!(ended.err.is_empty(), "{ended:?}");
    assert!(ended.out.last().is_some_and(|line| line.starts_with(last)), "{ended:?}");
}

#[test]
fn all_ends_print_the_same_game() {
    let (mut host, url) = host(&["--players=2", "--rounds=2", "--seconds=3"]);
    let ann = player(&[&url, "Ann", "hello"]);
    host.line("+ Ann");
    let ben = player(&[&url, "Ben"]);
    let (host, ann, ben) = (host.end(), ann.end(), ben.end());
    assert_ended(&host, 0, "the game is over");
    assert_ended(&ann, 0, "the host has left: closed by the other end (code 1000");
    assert_ended(&ben, 0, "the host has left: closed by the other end (code 1000");

    let game = &host.out[1..host.out.len() - 1];
    for player in [&ann, &ben] {
        assert_eq!(player.out[..2], [format!("joining {url}"), "connected".to_owned()]);
        assert_eq!(&player.out[2..player.out.len() - 1], game);
    }
    assert_eq!(game[..3], ["+ Ann", "+ Ben", "round 1 begins"]);
    assert_eq!(game.last().unwrap(), "* no more rounds");
    for line in ["Ann: hello", "round 1 ends: ", "round 2 begins", "round 2 ends: "] {
        assert_eq!(game.iter().filter(|printed| printed.starts_with(line)).count(), 1, "{line}: {game:#?}");
    }
}

#[test]
fn a_player_who_reaches_the_coin_scores() {
    let (mut host, url) = host(&["--seconds=60"]);
    let mut ann = player(&[&url, "Ann"]);
    for score in 1..=2 {
        let line = format!("Ann has {score}");
        assert_eq!((host.line(&line), ann.line(&line)), (line.clone(), line));
    }
}

#[test]
fn an_invalid_name_is_refused_with_the_reason() {
    let (mut host, url) = host(&[]);
    let _ann = player(&[&url, "Ann"]);
    host.line("+ Ann");
    for (name, reason) in [
        ("Ann", "refused: this name is taken"),
        ("", "refused: a name is 1 to 20 letters"),
        ("A\nBen: hello", "refused: a name is 1 to 20 letters"),
        ("Annannannannannannannn", "refused: a name is 1 to 20 letters"),
    ] {
        assert_ended(&player(&[&url, name]).end(), 1, reason);
    }
    assert!(host.is_running());
}

#[test]
fn a_lost_player_is_removed_at_all_ends() {
    let (mut host, url) = host(&[]);
    let mut ann = player(&[&url, "Ann"]);
    let mut ben = player(&[&url, "Ben"]);
    ann.line("+ Ben");
    ben.line("+ Ben");
    drop(ben);
    ann.line("- Ben");
    host.line("- Ben");
    // The name can be used again.
    player(&[&url, "Ben"]).line("+ Ben");
}

#[test]
fn a_late_player_gets_players_and_round() {
    let (mut host, url) = host(&["--seconds=60"]);
    let _ann = player(&[&url, "Ann"]);
    host.line("round 1 begins");
    let mut ben = player(&[&url, "Ben"]);
    ben.line("round 1 begins");
    assert_eq!(ben.lines()[2..5], ["+ Ann", "+ Ben", "round 1 begins"]);
}

/// The methods that `room.gd` and `room.rs` declare.
const NAMES: &str =
    "add_player chat end_round enter move_marker place_coin refuse remove_player say set_score start_round";

/// A client that declares the methods without parameters, so that it can send invalid calls.
struct Attacker {
    peer: SceneMultiplayer,
    room: NodeKey,
}

impl Attacker {
    fn join(url: &str) -> Self {
        let methods =
            NAMES.split(' ').fold(Methods::new(), |all, name| all.with(Method::new(name).variadic()));
        let options = MultiplayerOptions::default();
        let mut peer = SceneMultiplayer::connect(url, options).expect("a valid URL");
        let room = peer.session().register_node_with("Main/Room", methods).expect("a valid path");
        let mut attacker = Self { peer, room };
        attacker.wait_for(&Event::PeerConnected(PeerId::SERVER));
        attacker
    }

    #[track_caller]
    fn wait_for(&mut self, expected: &Event) {
        until(&format!("{expected:?}"), || {
            self.peer.poll();
            std::iter::from_fn(|| self.peer.next_event()).any(|event| event == *expected)
        });
    }

    /// Waits until the host calls this method.
    #[track_caller]
    fn wait_for_call(&mut self, expected: &str) -> Vec<Variant> {
        eventually(expected, || {
            self.peer.poll();
            std::iter::from_fn(|| self.peer.next_event()).find_map(|event| match event {
                Event::Call(call) if call.method == expected => Some(call.arguments),
                _ => None,
            })
        })
    }

    fn call(&mut self, method: &str, arguments: Vec<Variant>) {
        self.peer
            .session()
            .call_method(self.room, Target::SERVER, method, arguments)
            .expect("it is connected, and everything is declared");
    }
}

#[test]
fn invalid_and_forbidden_calls_have_no_effect() {
    let (mut host, url) = host(&["--rounds=1", "--seconds=5"]);
    let mut attacker = Attacker::join(&url);
    let id = attacker.peer.session().id().expect("it is connected").get();
    // Other calls have no effect before it has entered.
    attacker.call("chat", vec!["boo".into()]);
    attacker.call("move_marker", vec![Vector2::new(1.0, 1.0).into()]);
    attacker.call("enter", vec!["Eve".into()]);
    let coin = attacker.wait_for_call("start_round").pop().expect("it has arguments");

    attacker.call("set_score", vec![id.into(), 1000.into()]);
    attacker.call("chat", vec![7.into()]);
    attacker.call("chat", vec!["x".repeat(201).into()]);
    attacker.call("chat", vec!["a\n+ Ann".into()]);
    attacker.call("move_marker", vec![]);
    attacker.call("move_marker", vec![Vector2::new(f32::NAN, 0.0).into()]);
    attacker.call("move_marker", vec![coin]);
    attacker.call("chat", vec!["enough".into()]);

    host.line("the game is over");
    let ended = host.end();
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let printed = ended.out[1..].join("; ");
    let game = "+ Eve; round 1 begins; Eve has 1; Eve: enough; round 1 ends: Eve; * no more rounds; the game is over";
    assert_eq!(printed, game);
    // Lines are a second apart, so some rejections share one.
    let last =
        format!("rejected so far: 3, the last from {id}: `move_marker`: the method takes 1 argument, not 0");
    assert_eq!(ended.err.last(), Some(&last), "{ended:?}");
}

#[test]
fn a_flood_of_rejected_packets_ends_the_connection_and_is_logged_once_per_second() {
    let (host, url) = host(&["--rounds=1", "--seconds=1"]);
    let mut attacker = Attacker::join(&url);
    for _ in 0..300 {
        attacker.call("set_score", vec![]);
    }
    eventually("the end", || {
        attacker.peer.poll();
        std::iter::from_fn(|| attacker.peer.next_event())
            .find(|event| matches!(event, Event::Disconnected { info } if info.code == Some(1008)))
    });
    // A game takes two seconds.
    let _ann = player(&[&url, "Ann"]);
    let ended = host.end();
    let last = ended.err.last().expect("a line");
    let count = last.strip_prefix("rejected so far: ").and_then(|rest| rest.split_once(','));
    let count: u32 = count.and_then(|(count, _)| count.parse().ok()).expect("a line with a count");
    // The burst of two seconds, and more as time passes.
    assert!((201..=300).contains(&count), "{ended:?}");
    assert!(ended.err.len() <= 5, "{ended:?}");
}

#[test]
fn a_player_without_a_host_prints_the_cause() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = listener.local_addr().expect("a bound listener").port();
    drop(listener);
    let ended = player(&[&format!("ws://127.0.0.1:{port}"), "Ann"]).end();
    assert_ended(&ended, 1, "no answer: ");
}

#[test]
fn invalid_addresses_are_printed_as_errors() {
    let ended = player(&["127.0.0.1:9080", "Ann"]).end();
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.err[0].starts_with("cannot join 127.0.0.1:9080: "), "{ended:?}");

    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("a bound listener").to_string();
    let mut command = Command::new(example("godot_server"));
    command.arg(&address);
    let ended = Program::start(command).end();
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.err[0].starts_with(&format!("cannot host at {address}: ")), "{ended:?}");
}
