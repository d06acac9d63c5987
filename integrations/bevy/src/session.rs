//! The session: Godot's high-level multiplayer as a resource.

mod known;

use std::{collections::VecDeque, mem::take, net::ToSocketAddrs};

use bevy_app::prelude::*;
use bevy_ecs::prelude::*;
use websocket_peer::{
    Error,
    multiplayer::{ConnectionStatus, Event as NetworkEvent, MultiplayerOptions, SceneMultiplayer},
};

use self::known::KnownSession;
use crate::{
    WebSocketSystems,
    resource::{Identity, deref},
    wait_for_close,
};

/// Polls the resource [`WebSocketSession`] once a frame, while there is one, and triggers a [`SessionEvent`] for each
/// event of the session.
#[derive(Debug, Default, Clone, Copy)]
pub struct WebSocketSessionPlugin;

impl Plugin for WebSocketSessionPlugin {
    fn build(&self, app: &mut App) {
        app.add_systems(PreUpdate, poll.in_set(WebSocketSystems::Poll))
            .add_systems(Last, close.run_if(on_message::<AppExit>));
    }
}

/// A session with Godot engines or other programs of this library, as its server or one of its clients. It derefs to
/// [`SceneMultiplayer`], whose method `session` registers nodes, calls their methods and sends bytes.
///
/// Insert it to host or to join. To join again, insert another one. To leave, call `close`, and remove it when
/// `is_closed` returns `true`; removing or replacing it before that ends the connections at once. The events of that end
/// follow in the next frame, as if the connections had ended, with [`CloseCause::Aborted`]; but no attempt to join has
/// failed if another one has replaced it.
///
/// The plugin reads the events, so systems must not call `next_event`, `poll` and `wait`. Packets are sent when the
/// guard of `session` is dropped, so there is nothing to flush at the end of a frame. To use another
/// [`SceneMultiplayer`], replace the resource: one that is assigned to the dereferenced resource is taken for the one
/// before.
///
/// [`CloseCause::Aborted`]: websocket_peer::CloseCause::Aborted
#[derive(Resource, Debug)]
pub struct WebSocketSession {
    multiplayer: SceneMultiplayer,
    identity: Identity,
}

impl WebSocketSession {
    /// Starts to join the session of the server at a `ws:` or `wss:` URL. Events report the result.
    ///
    /// # Errors
    /// The errors of [`SceneMultiplayer::connect`].
    pub fn connect(url: &str, options: MultiplayerOptions) -> Result<Self, Error> {
        SceneMultiplayer::connect(url, options).map(Self::from)
    }

    /// Hosts a session at an address. Port 0 takes a free port, which `local_addr` returns.
    ///
    /// # Errors
    /// The errors of [`SceneMultiplayer::bind`]. In a browser always [`Error::Unsupported`].
    pub fn bind(address: impl ToSocketAddrs, options: MultiplayerOptions) -> Result<Self, Error> {
        SceneMultiplayer::bind(address, options).map(Self::from)
    }
}

impl From<SceneMultiplayer> for WebSocketSession {
    fn from(multiplayer: SceneMultiplayer) -> Self {
        Self { multiplayer, identity: Identity::default() }
    }
}

deref!(WebSocketSession => multiplayer: SceneMultiplayer);

/// An event of the session, for observers: a peer that has connected, a call, a spawned node, a packet.
///
/// There is no message for it. Observers run, and their commands are applied, before the session handles the next
/// packet. So their reactions to an event, such as a registered node, are in effect for it, as in an engine.
#[derive(Event, Debug, Clone, PartialEq)]
pub struct SessionEvent(pub NetworkEvent);

/// A run condition: returns `true` while the session is hosted here, or this client has an id.
pub fn in_session(session: Option<Res<WebSocketSession>>) -> bool {
    session.is_some_and(|session| session.status() == ConnectionStatus::Connected)
}

fn poll(world: &mut World, mut known: Local<KnownSession>) {
    let session = world.get_resource::<WebSocketSession>();
    let identity = session.map(|session| session.identity);
    if identity != known.session {
        let next = session.map_or(ConnectionStatus::Disconnected, |session| session.status());
        for event in take(&mut *known).end(next) {
            report(world, event);
        }
    }
    let Some(identity) = identity else { return };
    let Some(mut session) = current(world, identity) else { return };
    let mut before = VecDeque::new();
    if known.session.is_none() {
        before.extend(known.begin(identity, &mut session));
    }
    session.poll();
    while let Some(event) = before.pop_front().or_else(|| current(world, identity)?.next_event()) {
        if known.note(&event) {
            report(world, event);
        }
    }
    if current(world, identity).is_some_and(|session| session.status() == ConnectionStatus::Disconnected) {
        known.leave();
    }
}

/// Returns the session, unless an observer has removed or replaced it. Then its end is reported in the next frame.
fn current(world: &mut World, identity: Identity) -> Option<Mut<'_, WebSocketSession>> {
    world.get_resource_mut::<WebSocketSession>().filter(|session| session.identity == identity)
}

/// Triggers an event, and applies the commands of its observers.
fn report(world: &mut World, event: NetworkEvent) {
    world.trigger(SessionEvent(event));
    world.flush();
}

/// Leaves the session before the app exits, and waits until the other ends have received everything.
fn close(session: Option<ResMut<WebSocketSession>>) {
    let Some(mut session) = session else { return };
    session.close();
    wait_for_close(|at_most| {
        session.wait(at_most);
        while session.next_event().is_some() {}
        session.is_closed()
    });
}
