//! Apps that record what the plugins report, and waits for conditions.

use std::{
    thread,
    time::{Duration, Instant},
};

use bevy_app::prelude::*;
use bevy_ecs::prelude::*;
use bevy_websocket_peer::{
    Connected, Disconnected, PeerConnected, PeerDisconnected, WebSocketClient, WebSocketClientPlugin,
    WebSocketServer, WebSocketServerPlugin,
};
use websocket_peer::{Packet, PeerKey, RateLimits, ServerEvent, ServerOptions, WebSocketPeer};

/// The longest wait for a condition.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// Takes steps until the condition that they return is true.
#[track_caller]
pub fn until(what: &str, mut step: impl FnMut() -> bool) {
    let start = Instant::now();
    while !step() {
        assert!(start.elapsed() < PATIENCE, "{what}: not within {PATIENCE:?}");
        thread::sleep(Duration::from_millis(1));
    }
}

/// What systems have read from messages, and observers received as events, in order.
#[derive(Resource)]
pub struct Seen<M> {
    pub messages: Vec<M>,
    pub events: Vec<M>,
}

fn record<M: Message + Clone + for<'a> Event<Trigger<'a>: Default>>(app: &mut App) {
    app.insert_resource(Seen::<M> { messages: Vec::new(), events: Vec::new() });
    app.add_systems(Update, |mut messages: MessageReader<M>, mut seen: ResMut<Seen<M>>| {
        seen.messages.extend(messages.read().cloned());
    });
    app.add_observer(|event: On<M>, mut seen: ResMut<Seen<M>>| seen.events.push(event.event().clone()));
}

/// An app with the client's plugin, without a client.
pub fn client_app() -> App {
    let mut app = App::new();
    app.add_plugins(WebSocketClientPlugin);
    record::<Connected>(&mut app);
    record::<Disconnected>(&mut app);
    app
}

/// An app with the server's plugin and a server, and the server's URL.
pub fn server_app() -> (App, String) {
    let mut app = App::new();
    app.add_plugins(WebSocketServerPlugin);
    record::<PeerConnected>(&mut app);
    record::<PeerDisconnected>(&mut app);
    let (server, url) = new_server();
    app.insert_resource(server);
    (app, url)
}

/// A server without rate limits, because a test sends as fast as it can, and its URL.
pub fn new_server() -> (WebSocketServer, String) {
    let options = ServerOptions::default()
        .rate_limits(RateLimits::default().max_packets_per_second(0).max_bytes_per_second(0));
    let server = WebSocketServer::bind("127.0.0.1:0", options).unwrap();
    let url = format!("ws://{}", server.local_addr().unwrap());
    (server, url)
}

/// A server of the library, and its URL.
pub fn plain_server() -> (websocket_peer::WebSocketServer, String) {
    let server = websocket_peer::WebSocketServer::bind("127.0.0.1:0", ServerOptions::default()).unwrap();
    let url = format!("ws://{}", server.local_addr().unwrap());
    (server, url)
}

/// Connects the app's client to the server, and returns its key at the server.
#[track_caller]
pub fn join(app: &mut App, server: &mut websocket_peer::WebSocketServer, url: &str) -> PeerKey {
    app.insert_resource(WebSocketClient::connect(url).unwrap());
    let connections = seen::<Connected>(app).messages.len();
    let mut key = None;
    until("the connection opens", || {
        app.update();
        server.poll();
        if let Some(ServerEvent::Opened(peer)) = server.next_event() {
            key = Some(peer);
        }
        key.is_some() && seen::<Connected>(app).messages.len() > connections
    });
    key.unwrap()
}

/// Connects a peer of the library to the app's server.
#[track_caller]
pub fn join_server(app: &mut App, url: &str) -> WebSocketPeer {
    let mut peer = WebSocketPeer::new();
    peer.connect(url).unwrap();
    let connections = seen::<PeerConnected>(app).messages.len();
    until("the connection opens", || {
        app.update();
        peer.poll() == websocket_peer::ReadyState::Open
            && seen::<PeerConnected>(app).messages.len() > connections
    });
    peer
}

/// Sends the app's client a packet, and waits until it is unread there.
#[track_caller]
pub fn send_unread(app: &mut App, server: &mut websocket_peer::WebSocketServer, to: PeerKey) {
    server.send_text(to, "unread").unwrap();
    until("a packet arrives", || {
        server.poll();
        app.update();
        client(app).available() > 0
    });
}

/// Sends the app's server a packet, and waits until it is unread there.
#[track_caller]
pub fn send_unread_to_server(app: &mut App, peer: &mut WebSocketPeer) {
    peer.send_text("unread").unwrap();
    until("a packet arrives", || {
        peer.poll();
        app.update();
        server(app).available() > 0
    });
}

/// What the app has reported.
pub fn seen<M: Send + Sync + 'static>(app: &App) -> &Seen<M> {
    app.world().resource()
}

/// Asserts that messages and events are exactly these.
#[track_caller]
pub fn assert_seen<M: Send + Sync + PartialEq + std::fmt::Debug + 'static>(app: &App, expected: &[M]) {
    assert_eq!(seen::<M>(app).messages, expected);
    assert_eq!(seen::<M>(app).events, expected);
}

/// The app's client.
pub fn client(app: &mut App) -> Mut<'_, WebSocketClient> {
    app.world_mut().resource_mut()
}

/// The app's server.
pub fn server(app: &mut App) -> Mut<'_, WebSocketServer> {
    app.world_mut().resource_mut()
}

/// The texts of these packets.
pub fn texts(packets: impl IntoIterator<Item = Packet>) -> Vec<String> {
    packets.into_iter().map(|packet| packet.into_text().unwrap()).collect()
}
