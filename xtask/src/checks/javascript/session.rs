//! The session that the page's clients of the high level join.
//!
//! It sends calls back to the caller, so that a client can compare the arguments that it sent with those that it
//! receives.

use std::time::Duration;

use anyhow::Result;
use websocket_peer::multiplayer::{
    Call, Event, Method, Methods, MultiplayerOptions, NodeKey, Parameter, PeerId, Properties, Property,
    Scene, SceneMultiplayer, SessionError, SessionOptions, Spawn, Spawner, State,
};
use websocket_peer::variant::{Dictionary, Variant, Vector2};
use websocket_peer::{Error, PeerOptions, ServerOptions};

use super::host::{Host, STEP};

/// The password of a session with authentication.
const PASSWORD: &[u8] = b"open sesame";

/// Hosts a session, with or without a password.
pub fn host(authenticate: bool) -> Result<Host> {
    // A higher limit than the default: all clients have one address.
    let server = ServerOptions::default()
        .connection(PeerOptions::for_server())
        .max_pending_handshakes_per_address(100);
    let session = SessionOptions::default().authenticate(authenticate).auth_timeout(Duration::from_secs(1));
    let options = MultiplayerOptions::default().server(server).session(session);
    let mut game = Game::new(SceneMultiplayer::bind("127.0.0.1:0", options)?)?;
    let address = game.peer.local_addr()?;
    Host::run(address, move || game.step())
}

/// The session, and its nodes, which the page declares as well.
struct Game {
    peer: SceneMultiplayer,
    echo: NodeKey,
    spawner: NodeKey,
    input: NodeKey,
}

impl Game {
    fn new(mut peer: SceneMultiplayer) -> Result<Self, SessionError> {
        let coin = Properties::new()
            .with(Property::of::<Vector2>("position"))
            .with(Property::of::<i64>("worth").on_change())
            .with(Property::of::<String>("title").never());
        let input = Properties::new()
            .with(Property::of::<Vector2>("direction"))
            .with(Property::any("speed").on_change());
        let mut session = peer.session();
        let echo = session.register_node_with("Echo", methods())?;
        let spawner = Spawner::new().scene(coin).custom(|_| Some(Scene::new([])));
        let spawner = session.register_spawner("Spawner", spawner)?;
        let input = session.register_synchronizer("Input", input)?;
        drop(session);
        Ok(Self { peer, echo, spawner, input })
    }

    fn step(&mut self) {
        self.peer.wait(STEP);
        while let Some(event) = self.peer.next_event() {
            match self.handle(event) {
                // The client has disconnected.
                Ok(()) | Err(SessionError::Peer(Error::UnknownPeer)) => {}
                Err(error) => eprintln!("session: {error}"),
            }
        }
    }

    fn handle(&mut self, event: Event) -> Result<(), SessionError> {
        match event {
            Event::Call(call) => self.handle_call(call),
            Event::Packet { from, data } => self.peer.session().send_bytes(from, data.as_bytes()),
            Event::Auth { from, data } => self.authenticate(from, data.as_bytes()),
            Event::Synchronized { from, state, .. } | Event::Changed { from, state, .. } => {
                self.report_state(from, &state)
            }
            _ => Ok(()),
        }
    }

    fn handle_call(&mut self, Call { from, method, arguments, .. }: Call) -> Result<(), SessionError> {
        match &*method {
            // The argument as Godot sees it, with its type.
            "measure" => {
                let text = arguments.first().map(|value| format!("{}: {value}", value.kind()));
                self.say(from, vec![text.into()])
            }
            // The client has declared another argument type.
            "misuse" => self.peer.session().call_method(self.echo, from, "misuse", arguments),
            "dismiss" => {
                self.say(from, vec!["dismissed".into()])?;
                Ok(self.peer.session().disconnect_peer(from)?)
            }
            "appear" => self.appear(from),
            "trust" => {
                self.peer.session().set_authority(self.input, from)?;
                self.say(from, vec!["trusted".into()])
            }
            _ => self.say(from, arguments),
        }
    }

    fn say(&mut self, to: PeerId, arguments: Vec<Variant>) -> Result<(), SessionError> {
        self.peer.session().call_method(self.echo, to, "say", arguments)
    }

    /// Spawns two nodes for this client alone, then moves, changes and despawns one of them.
    fn appear(&mut self, to: PeerId) -> Result<(), SessionError> {
        let mut session = self.peer.session();
        let coin = Spawn::scene(0)
            .with("position", Vector2::new(1.0, 2.0))
            .with("worth", 5)
            .with("title", "coin")
            .hidden();
        let coin = session.spawn(self.spawner, coin)?;
        session.show(coin, to)?;
        let kind: Dictionary = [("kind", "wall")].into_iter().collect();
        let wall = session.spawn(self.spawner, Spawn::custom(kind).hidden())?;
        session.show(wall, to)?;
        session.set_property(coin, "position", Vector2::new(3.0, 4.0))?;
        session.set_property(coin, "worth", 6)?;
        session.replicate();
        session.despawn(coin)
    }

    /// Sends a client the state of its input node, one property per call.
    fn report_state(&mut self, from: PeerId, state: &State) -> Result<(), SessionError> {
        let properties: Vec<String> = state.iter().map(|(name, value)| format!("{name}: {value}")).collect();
        properties.into_iter().try_for_each(|property| self.say(from, vec![property.into()]))
    }

    fn authenticate(&mut self, from: PeerId, password: &[u8]) -> Result<(), SessionError> {
        let mut session = self.peer.session();
        if password != PASSWORD {
            return Ok(session.disconnect_peer(from)?);
        }
        session.send_auth(from, b"welcome")?;
        session.complete_auth(from)
    }
}

/// The methods of the node `Echo`.
fn methods() -> Methods {
    Methods::new()
        .with(Method::new("say").any_peer().variadic())
        .with(Method::new("measure").any_peer().parameter(Parameter::any("what")))
        .with(Method::new("misuse").any_peer().parameter(Parameter::any("what")))
        .with(Method::new("dismiss").any_peer())
        .with(Method::new("appear").any_peer())
        .with(Method::new("trust").any_peer())
        .with(Method::new("reserved"))
}
