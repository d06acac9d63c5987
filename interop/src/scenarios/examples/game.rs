//! The turn game, hosted by either side.

use std::time::{Duration, Instant};

use game::messages::{NAMELESS, PATH, PROTOCOL};
use game::{Action, GameCall, Host, HostEvent, HostOptions, Player, PlayerEvent, Table, TableEvent};
use websocket_peer::multiplayer::{Event, MultiplayerOptions, Node, PeerId, SceneMultiplayer, Target};

use crate::engine::{Place, Program};
use crate::runner::Scenario;
use crate::waiting::until;

/// The rolls of each player that are enough.
const ROLLS: usize = 3;

/// The time between two actions of our ends. A host disconnects players that are faster than people by far.
const PACE: Duration = Duration::from_millis(50);

pub fn all() -> Vec<Scenario> {
    vec![
        Scenario::of_examples("examples::game::our_host", our_host),
        Scenario::of_examples("examples::game::godots_host", godots_host),
        Scenario::of_examples("examples::game::a_cheat_at_godots_host", a_cheat_at_godots_host),
    ]
}

/// Our ends of a game. Its players roll when it is their turn.
struct Ours {
    host: Option<Host>,
    /// The lines of the host's log.
    log: Vec<String>,
    players: Vec<Seen>,
    last_action: Instant,
}

/// A player, and the lines of its log.
struct Seen {
    player: Player,
    log: Vec<String>,
}

impl Ours {
    fn new(host: Option<Host>) -> Self {
        Self { host, log: Vec::new(), players: Vec::new(), last_action: Instant::now() }
    }

    fn join(&mut self, url: &str, name: &str) {
        let player = Player::connect(url, name).expect("a URL");
        self.players.push(Seen { player, log: Vec::new() });
    }

    fn step(&mut self) {
        if let Some(host) = &mut self.host {
            host.frame(Duration::ZERO).expect("players cannot cause an error");
            for event in std::iter::from_fn(|| host.next_event()) {
                if let HostEvent::Table(TableEvent::Logged(line)) = event {
                    self.log.push(line.text);
                }
            }
            if host.table().is_own_turn() && self.last_action.elapsed() >= PACE {
                host.act(Action::Roll).expect("its turn");
                self.last_action = Instant::now();
            }
        }
        for Seen { player, log } in &mut self.players {
            player.poll();
            for event in std::iter::from_fn(|| player.next_event()) {
                match event {
                    PlayerEvent::Table(TableEvent::Logged(line)) => log.push(line.text),
                    PlayerEvent::Warning(warning) => panic!("{warning}"),
                    _ => {}
                }
            }
            if player.can_act() && self.last_action.elapsed() >= PACE {
                player.roll().expect("its turn");
                self.last_action = Instant::now();
            }
        }
    }

    #[track_caller]
    fn until(&mut self, what: &str, mut done: impl FnMut(&mut Self) -> bool) {
        until(what, || {
            self.step();
            done(self)
        });
    }
}

/// Returns the names at a table, in alphabetical order; none if one is missing.
fn names(table: &Table) -> Option<Vec<&str>> {
    let mut names: Vec<&str> = table.players().iter().map(|player| &*player.name).collect();
    names.sort_unstable();
    (!names.contains(&NAMELESS)).then_some(names)
}

/// Returns the rolls of each of these players in a log.
fn rolls(log: &[String], names: &[&str]) -> Vec<usize> {
    let of = |name: &&str| log.iter().filter(|line| line.starts_with(&format!("{name}: rolls "))).count();
    names.iter().map(of).collect()
}

/// Returns the rolls in the lines of an engine.
fn engine_log(engine: &Program) -> Vec<String> {
    engine.lines("").into_iter().filter(|line| line.contains(": rolls ")).collect()
}

/// Asserts that one log is a part of the other: it begins later, and may end earlier.
#[track_caller]
fn assert_part(part: &[String], whole: &[String]) {
    assert!(
        !part.is_empty() && whole.windows(part.len()).any(|window| window == part),
        "{part:#?}\n{whole:#?}"
    );
}

/// Four players, two of them engines, which join at the same time with the same name.
fn our_host(place: &Place) {
    let options = HostOptions { play_as: Some("Hanna".into()), ..HostOptions::default() };
    let host = Host::bind("127.0.0.1:0", options).expect("a free port");
    let url = format!("ws://{}", host.local_addr().expect("a port"));
    let mut ours = Ours::new(Some(host));
    let mut engines = [(); 2].map(|()| Program::start(place, &["turns", "join", &url, "Godette"]));
    ours.join(&url, "Rusty");
    let all = ["Godette", "Godette (2)", "Hanna", "Rusty"];
    ours.until("four players with their names", |ours| {
        names(ours.host.as_ref().expect("a host").table()).is_some_and(|names| names == all)
    });
    ours.until("each has rolled three times", |ours| {
        rolls(&ours.log, &all).iter().all(|count| *count >= ROLLS)
    });
    ours.until("the engines have seen it", |_| {
        engines.iter().all(|engine| engine_log(engine).len() >= all.len() * ROLLS)
    });
    assert_part(&ours.players[0].log, &ours.log);
    for engine in &engines {
        assert_part(&engine_log(engine), &ours.log);
    }

    // One vanishes in its turn, and the game goes on.
    let [lost, left] = &mut engines;
    let id = lost.lines("connected, with the id ")[0].rsplit(' ').next().and_then(|id| id.parse().ok());
    ours.until("its turn", |ours| {
        let table = ours.host.as_ref().expect("a host").table();
        table.current().map(|player| player.id) == id
    });
    lost.kill();
    ours.until("three players", |ours| ours.host.as_ref().expect("a host").table().players().len() == 3);
    let before = ours.log.len();
    ours.until("they play on", |ours| ours.log.len() > before + 6);
    left.line("[", || ours.step());

    // The host leaves.
    let mut host = ours.host.take().expect("a host");
    assert!(host.shutdown(Duration::from_secs(20)), "the connections end");
    left.line("the host has left", || ours.step());
    assert_eq!(left.ended(|| ours.step()), 0);
    ours.until("our player notices", |ours| ours.players[0].player.is_closed());
    left.assert_quiet(&[]);
}

/// Five players, three of them ours.
fn godots_host(place: &Place) {
    let (mut host, url) = Program::host(place, &["turns", "host"], &["Hanna"]);
    let mut guest = Program::start(place, &["turns", "join", &url, "Godette"]);
    let mut ours = Ours::new(None);
    for name in ["Ann", "Ann", " \u{7}\n "] {
        ours.join(&url, name);
    }
    let all = ["Ann", "Ann (2)", "Godette", "Hanna", "Player"];
    ours.until("five players with their names", |ours| {
        ours.players.iter().all(|seen| names(seen.player.table()).is_some_and(|names| names == all))
    });
    ours.until("each has rolled three times", |ours| {
        ours.players.iter().all(|seen| rolls(&seen.log, &all).iter().all(|count| *count >= ROLLS))
    });
    let last = ours.players[0].log.last().cloned().expect("rolls");
    ours.until("the engines have seen it", |_| {
        [&host, &guest].iter().all(|engine| engine_log(engine).contains(&last))
    });
    let whole = engine_log(&host);
    assert_part(&engine_log(&guest), &whole);
    for seen in &ours.players {
        let until = seen.log.iter().position(|line| *line == last).unwrap_or(0);
        assert_part(&seen.log[..until], &whole);
    }

    // One leaves, and the others play on.
    ours.players[1].player.leave();
    ours.until("it has left", |ours| ours.players[1].player.is_closed());
    ours.players.remove(1);
    ours.until("four players", |ours| {
        ours.players.iter().all(|seen| seen.player.table().players().len() == 4)
    });
    let before = ours.players[0].log.len();
    ours.until("they play on", |ours| ours.players[0].log.len() > before + 8);

    host.kill();
    ours.until("our players notice", |ours| ours.players.iter().all(|seen| seen.player.is_closed()));
    guest.line("the host has left", || ours.step());
    assert_eq!(guest.ended(|| ours.step()), 0);
    guest.assert_quiet(&[]);
    host.assert_quiet(&[]);
}

/// A player that asks for what it may not: the engine's host refuses it, and informs all.
fn a_cheat_at_godots_host(place: &Place) {
    let (mut host, url) = Program::host(place, &["turns", "host"], &[]);
    let mut ours = Ours::new(None);
    ours.join(&url, "Ann");
    ours.until("the first player", |ours| ours.players[0].player.table().own().is_some());
    let mut cheat = Cheat::join(&url);
    ours.until("the second player", |ours| {
        cheat.step();
        ours.players[0].player.table().players().len() == 2
    });
    let id = cheat.peer.id().expect("an id");

    // Ann's table shows the engine's answers. It is her turn until she rolls, so one of the two is the cheat's turn.
    let expect = |ours: &mut Ours, cheat: &mut Cheat, line: String| {
        ours.until(&line, |ours| {
            cheat.step();
            ours.players[0].log.contains(&line)
        });
    };
    ours.until("its turn", |ours| {
        cheat.step();
        ours.players[0].player.table().current().is_some_and(|player| player.id == id.get())
    });
    cheat.ask("jump");
    expect(&mut ours, &mut cheat, "Invalid action: jump".into());
    cheat.ask("pass");
    ours.until("it has passed", |ours| {
        cheat.step();
        let log = &ours.players[0].log;
        log.iter().any(|line| line.starts_with(&format!("{NAMELESS}: passs ")))
    });
    // At least one of two requests is out of turn.
    cheat.ask("roll");
    cheat.ask("roll");
    expect(&mut ours, &mut cheat, format!("Someone is trying to cheat! {id}"));

    // A name that no row can show becomes one line.
    cheat.call(GameCall::SetPlayerName { name: format!("a\n{}", "b".repeat(200)) });
    let short = format!("a{}", "b".repeat(22));
    ours.until("a short name", |ours| {
        cheat.step();
        ours.players[0].player.table().player(id).is_some_and(|player| player.name == short)
    });

    // It vanishes in its turn.
    ours.until("its turn again", |ours| {
        cheat.step();
        ours.players[0].player.table().current().is_some_and(|player| player.id == id.get())
    });
    drop(cheat);
    ours.until("Ann is alone, and it is her turn", |ours| {
        let table = ours.players[0].player.table();
        table.players().len() == 1 && table.turn() == Some(0)
    });
    host.line(&format!("[{id}] disconnected"), || ours.step());
    let before = ours.players[0].log.len();
    ours.until("she plays on", |ours| ours.players[0].log.len() > before + 1);
    host.assert_quiet(&[]);
}

/// A client that sends invalid requests.
struct Cheat {
    peer: SceneMultiplayer,
    game: Node<GameCall>,
}

impl Cheat {
    fn join(url: &str) -> Self {
        let options = MultiplayerOptions::default().protocols([PROTOCOL]);
        let mut peer = SceneMultiplayer::connect(url, options).expect("a URL");
        let game = peer.session().register_node::<GameCall>(PATH).expect("a path");
        let mut cheat = Self { peer, game };
        until("the cheat joins", || {
            cheat.peer.poll();
            std::iter::from_fn(|| cheat.peer.next_event())
                .any(|event| event == Event::PeerConnected(PeerId::SERVER))
        });
        cheat
    }

    fn step(&mut self) {
        self.peer.poll();
        while let Some(event) = self.peer.next_event() {
            assert!(
                !matches!(event, Event::ChecksumMismatch { .. } | Event::PacketRejected { .. }),
                "{event:?}"
            );
        }
    }

    fn ask(&mut self, action: &str) {
        self.call(GameCall::RequestAction { action: action.into() });
    }

    fn call(&mut self, call: GameCall) {
        self.peer.session().call(self.game, Target::SERVER, call).expect("a connection");
    }
}
