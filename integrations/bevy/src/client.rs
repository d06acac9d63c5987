//! The client: a connection to a server as a resource.

use bevy_app::prelude::*;
use bevy_ecs::prelude::*;
use websocket_peer::{CloseCause, CloseInfo, Error, PeerOptions, ReadyState, WebSocketPeer};

use crate::{
    WebSocketSystems,
    resource::{Identity, deref},
    wait_for_close,
};

/// Polls the resource [`WebSocketClient`] once a frame, while there is one, and reports [`Connected`] and
/// [`Disconnected`].
#[derive(Debug, Default, Clone, Copy)]
pub struct WebSocketClientPlugin;

impl Plugin for WebSocketClientPlugin {
    fn build(&self, app: &mut App) {
        app.add_message::<Connected>()
            .add_message::<Disconnected>()
            .add_systems(PreUpdate, poll.in_set(WebSocketSystems::Poll))
            .add_systems(PostUpdate, flush.in_set(WebSocketSystems::Flush))
            .add_systems(Last, close.run_if(on_message::<AppExit>));
    }
}

/// A client's connection. It derefs to [`WebSocketPeer`], whose methods send, receive and close.
///
/// It is a resource and not a component, as a game has one server. Insert it to connect. To connect again after a
/// [`Disconnected`], call `connect` on it, or insert another one. To disconnect, call `close`, and remove it after the
/// [`Disconnected`]; removing it before that ends the connection at once, without a close frame.
///
/// Systems must leave `poll` and `wait` to the plugin, or it may miss a change of the state. To use another
/// [`WebSocketPeer`], make a client of it and replace the resource: a peer that is assigned to the dereferenced client is
/// taken for the one before.
///
/// Platform: in a browser it belongs to the thread that connected. A Bevy app has only one thread there.
#[derive(Resource, Debug, Default)]
pub struct WebSocketClient {
    peer: WebSocketPeer,
    pub(crate) identity: Identity,
}

impl WebSocketClient {
    /// Begins to connect to a `ws:` or `wss:` URL, with the default options. The plugin reports the result.
    ///
    /// # Errors
    /// The errors of [`WebSocketPeer::connect`]: mistakes in the URL. Failures of the network are reported by
    /// [`Disconnected`].
    pub fn connect(url: &str) -> Result<Self, Error> {
        Self::connect_with(url, PeerOptions::default())
    }

    /// Begins to connect like [`connect`](Self::connect), with these options.
    ///
    /// # Errors
    /// The errors of [`WebSocketPeer::connect`].
    pub fn connect_with(url: &str, options: PeerOptions) -> Result<Self, Error> {
        let mut peer = WebSocketPeer::with_options(options);
        peer.connect(url)?;
        Ok(Self::from(peer))
    }
}

impl From<WebSocketPeer> for WebSocketClient {
    fn from(peer: WebSocketPeer) -> Self {
        Self { peer, identity: Identity::default() }
    }
}

deref!(WebSocketClient => peer: WebSocketPeer);

/// The client's connection has opened. A message, and an event for observers.
#[derive(Message, Event, Debug, Clone, PartialEq, Eq)]
pub struct Connected;

/// The client's connection has ended, or could not be opened. A message, and an event for observers.
///
/// There is one for each [`Connected`], and one for each attempt that failed; none for an attempt that another one has
/// replaced. Packets that arrived before can still be read, until the client connects again. If the resource is replaced
/// by one that is open already, [`Connected`] follows in the next frame.
#[derive(Message, Event, Debug, Clone, PartialEq, Eq)]
pub struct Disconnected {
    /// How it ended. [`CloseCause::Aborted`] if the resource was removed or replaced, or has connected anew.
    pub info: CloseInfo,
}

/// A run condition: returns `true` while the client's connection is open.
pub fn connected(client: Option<Res<WebSocketClient>>) -> bool {
    client.is_some_and(|client| client.state() == ReadyState::Open)
}

/// A run condition: returns `true` while the client is connecting.
pub fn connecting(client: Option<Res<WebSocketClient>>) -> bool {
    client.is_some_and(|client| client.state() == ReadyState::Connecting)
}

/// A run condition: returns `true` once after each [`Connected`], also in schedules that run several times in a frame.
pub fn just_connected(messages: MessageReader<Connected>) -> bool {
    on_message(messages)
}

/// A run condition: returns `true` once after each [`Disconnected`], also in schedules that run several times in a
/// frame.
pub fn just_disconnected(messages: MessageReader<Disconnected>) -> bool {
    on_message(messages)
}

/// What the program knows of the connection, from the messages so far.
#[derive(Default)]
struct KnownClient {
    client: Option<Identity>,
    stage: Stage,
}

#[derive(Default, PartialEq, Eq)]
enum Stage {
    #[default]
    Disconnected,
    /// An attempt, or a connection whose opening was not reported yet.
    Connecting,
    Connected,
}

fn poll(
    client: Option<ResMut<WebSocketClient>>,
    mut known: Local<KnownClient>,
    mut connected: MessageWriter<Connected>,
    mut disconnected: MessageWriter<Disconnected>,
    mut commands: Commands,
) {
    let mut report_end = |info: CloseInfo| {
        disconnected.write(Disconnected { info: info.clone() });
        commands.trigger(Disconnected { info });
    };
    let identity = client.as_ref().map(|client| client.identity);
    let before = client.as_ref().map_or(ReadyState::Closed, |client| client.state());
    let is_other = identity != known.client;
    let has_ended = match known.stage {
        Stage::Disconnected => false,
        Stage::Connecting => is_other && before == ReadyState::Closed,
        Stage::Connected => is_other || before == ReadyState::Connecting,
    };
    if is_other || has_ended {
        *known = KnownClient { client: identity, stage: Stage::Disconnected };
    }
    if has_ended {
        // What came instead is reported from the next frame on, so no frame has an end and then an opening.
        report_end(CloseCause::Aborted.into());
        return;
    }
    let Some(mut client) = client else { return };
    if known.stage == Stage::Disconnected && before != ReadyState::Closed {
        known.stage = Stage::Connecting;
    }
    match client.poll() {
        ReadyState::Open if known.stage != Stage::Connected => {
            known.stage = Stage::Connected;
            connected.write(Connected);
            commands.trigger(Connected);
        }
        ReadyState::Closed if known.stage != Stage::Disconnected => {
            known.stage = Stage::Disconnected;
            report_end(client.close_info().cloned().unwrap_or_else(|| CloseCause::Aborted.into()));
        }
        _ => {}
    }
}

fn flush(client: Option<ResMut<WebSocketClient>>) {
    if let Some(mut client) = client {
        client.flush();
    }
}

/// Closes the connection with a close frame before the app exits, and waits for the answer.
fn close(client: Option<ResMut<WebSocketClient>>) {
    let Some(mut client) = client else { return };
    client.close();
    wait_for_close(|at_most| {
        // A wait does not sleep while packets are unread.
        while client.recv().is_some() {}
        client.wait(at_most) == ReadyState::Closed
    });
}
