//! The chat, hosted by either side, in both modes.

use std::collections::VecDeque;
use std::time::Duration;

use chat::{ChatClient, ChatEvent, ChatServer, Mode};
use websocket_peer::multiplayer::PeerId;

use crate::engine::{Place, Program};
use crate::runner::Scenario;
use crate::waiting::eventually;

pub fn all() -> Vec<Scenario> {
    let mut scenarios = Vec::new();
    for (mode, name) in [(Mode::Plain, "plain"), (Mode::Multiplayer, "multiplayer")] {
        let path = |what: &str| format!("examples::chat::{name}::{what}");
        scenarios.push(Scenario::of_examples(&path("our_server"), move |place| our_server(mode, place)));
        scenarios
            .push(Scenario::of_examples(&path("godots_server"), move |place| godots_server(mode, place)));
    }
    scenarios
}

/// Our ends of a chat.
#[derive(Default)]
pub struct Ours {
    pub server: Option<ChatServer>,
    pub clients: Vec<Member>,
}

/// A client, and its events that no scenario has taken.
pub struct Member {
    pub client: ChatClient,
    events: VecDeque<ChatEvent>,
}

impl Ours {
    pub fn join(&mut self, url: &str, mode: Mode, name: &str) -> usize {
        let client = ChatClient::connect(url, mode, Some(name)).expect("a URL");
        self.clients.push(Member { client, events: VecDeque::new() });
        self.clients.len() - 1
    }

    pub fn step(&mut self) {
        if let Some(server) = &mut self.server {
            server.frame(Duration::ZERO);
        }
        for Member { client, events } in &mut self.clients {
            client.poll();
            events.extend(std::iter::from_fn(|| client.next_event()));
        }
    }

    /// Waits for the next event of a client for which `pick` returns a value. Other events stay.
    #[track_caller]
    pub fn event<T>(
        &mut self,
        client: usize,
        what: &str,
        mut pick: impl FnMut(&ChatEvent) -> Option<T>,
    ) -> T {
        eventually(what, || {
            self.step();
            let events = &mut self.clients[client].events;
            let (at, picked) = events.iter().enumerate().find_map(|(at, event)| Some((at, pick(event)?)))?;
            events.remove(at);
            Some(picked)
        })
    }

    /// Waits for exactly this event.
    #[track_caller]
    pub fn expect(&mut self, client: usize, expected: &ChatEvent) {
        self.event(client, &format!("{expected:?}"), |event| (event == expected).then_some(()));
    }

    /// Waits for a line, and returns the id of the member that sent it.
    #[track_caller]
    pub fn line(&mut self, client: usize, by: Option<&str>, wanted: &str) -> PeerId {
        self.event(client, &format!("the line {wanted:?} by {by:?}"), |event| match event {
            ChatEvent::Line { from, name, text } if name.as_deref() == by && text == wanted => Some(*from),
            _ => None,
        })
    }
}

/// Returns the arguments of an engine in this mode.
pub fn arguments<'a>(mode: Mode, rest: &[&'a str]) -> Vec<&'a str> {
    let mut arguments = vec!["chat"];
    arguments.extend(rest);
    if mode == Mode::Multiplayer {
        arguments.push("--multiplayer");
    }
    arguments
}

fn our_server(mode: Mode, place: &Place) {
    let server = ChatServer::bind("127.0.0.1:0", mode).expect("a free port");
    let url = format!("ws://{}", server.local_addr().expect("a port"));
    let mut ours = Ours { server: Some(server), ..Ours::default() };
    let rusty = ours.join(&url, mode, "Rusty");
    ours.expect(rusty, &ChatEvent::NameAccepted { name: "Rusty".into() });

    let mut godette =
        Program::start(place, &arguments(mode, &["join", &url, "Godette", "hello", "grüße 🎮"]));
    let id = ours.line(rusty, Some("Godette"), "hello");
    assert_eq!(ours.line(rusty, Some("Godette"), "grüße 🎮"), id);
    ours.expect(rusty, &ChatEvent::Joined { id });
    ours.expect(rusty, &ChatEvent::Renamed { id, name: "Godette".into(), before: None });

    // Names of members that were there before are known.
    ours.clients[rusty].client.send("hi, Godette").expect("a connection");
    godette.line("Rusty: hi, Godette", || ours.step());
    ours.server.as_mut().expect("a server").say("be nice");
    godette.line("Server says: be nice", || ours.step());
    ours.expect(rusty, &ChatEvent::ServerLine { text: "be nice".into() });

    // A name that is taken is refused.
    let mut other = Program::start(place, &arguments(mode, &["join", &url, "rusty", "me, too"]));
    // It gets the names of the members that were there before.
    other.line(&format!("[{id}] is called Godette"), || ours.step());
    other.line("Name refused: ", || ours.step());
    let other_id = ours.line(rusty, None, "me, too");
    godette.line(&format!("[{other_id}] Says: me, too"), || ours.step());

    // The reason of a kick arrives.
    ours.server.as_mut().expect("a server").kick(id, "that was not nice");
    godette.line("closed by the host (code 4000): that was not nice", || ours.step());
    assert_eq!(godette.ended(|| ours.step()), 0);
    ours.expect(rusty, &ChatEvent::Left { id, name: Some("Godette".into()) });

    // A client that leaves, and one that vanishes.
    ours.clients[rusty].client.close();
    other.line("Godette disconnected", || ours.step());
    other.line("Rusty disconnected", || ours.step());
    let late = ours.join(&url, mode, "Late");
    ours.expect(late, &ChatEvent::NameAccepted { name: "Late".into() });
    other.kill();
    ours.expect(late, &ChatEvent::Left { id: other_id, name: None });

    let mut last = Program::start(place, &arguments(mode, &["join", &url, "Last", "one more"]));
    ours.line(late, Some("Last"), "one more");
    ours.server.as_mut().expect("a server").shutdown();
    last.line("closed by the host (code 1001)", || ours.step());
    assert_eq!(last.ended(|| ours.step()), 0);
    // A line does not come back to its author.
    assert_eq!(godette.lines("Godette: ").len(), 2);
    [&godette, &other, &last].iter().for_each(|engine| engine.assert_quiet(&[]));
}

fn godots_server(mode: Mode, place: &Place) {
    let (mut host, url) = Program::host(place, &["chat", "host"], &arguments(mode, &["welcome"])[1..]);
    let mut ours = Ours::default();
    let rusty = ours.join(&url, mode, "Rusty");
    ours.expect(rusty, &ChatEvent::ServerLine { text: "welcome".into() });
    ours.expect(rusty, &ChatEvent::NameAccepted { name: "Rusty".into() });

    let mut godette = Program::start(place, &arguments(mode, &["join", &url, "Godette", "hello"]));
    let id = ours.line(rusty, Some("Godette"), "hello");
    ours.expect(rusty, &ChatEvent::Joined { id });
    ours.expect(rusty, &ChatEvent::Renamed { id, name: "Godette".into(), before: None });
    ours.clients[rusty].client.send("grüße 🎮").expect("a connection");
    godette.line("Rusty: grüße 🎮", || ours.step());
    host.line("Rusty: grüße 🎮", || ours.step());

    let late = ours.join(&url, mode, "RUSTY");
    ours.event(late, "a refused name", |event| matches!(event, ChatEvent::NameRefused { .. }).then_some(()));
    ours.expect(late, &ChatEvent::Present { id, name: "Godette".into() });
    // Another name.
    ours.clients[late].client.set_name("Late").expect("a name");
    ours.expect(late, &ChatEvent::NameAccepted { name: "Late".into() });
    ours.clients[late].client.send("sorry").expect("a connection");
    let late_id = ours.line(rusty, Some("Late"), "sorry");

    ours.clients[late].client.close();
    ours.expect(rusty, &ChatEvent::Left { id: late_id, name: Some("Late".into()) });
    godette.line("Late disconnected", || ours.step());
    godette.kill();
    ours.expect(rusty, &ChatEvent::Left { id, name: Some("Godette".into()) });
    host.line("Godette disconnected", || ours.step());

    let mut last = Program::start(place, &arguments(mode, &["join", &url, "Last"]));
    last.line("connected", || ours.step());
    host.kill();
    let why = ours.event(rusty, "the end", |event| match event {
        ChatEvent::Closed { why, .. } => Some(why.clone()),
        _ => None,
    });
    assert!(why.starts_with("The connection was lost"), "{why}");
    last.line("the connection is lost", || ours.step());
    assert_eq!(last.ended(|| ours.step()), 0);
    // A line does not come back to its author.
    assert_eq!(godette.lines("Godette: ").len(), 1);
    [&host, &godette, &last].iter().for_each(|engine| engine.assert_quiet(&[]));
}
