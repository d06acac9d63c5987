//! Apps without a window: servers, clients, and updates of several of them until a condition holds.

use std::time::{Duration, Instant};

use bevy::{prelude::*, state::app::StatesPlugin};
use bevy_replicon::prelude::*;
use bevy_websocket_peer::{WebSocketClient, WebSocketServer, replicon::RepliconWebSocketPlugins};
use websocket_peer::{RateLimits, ServerOptions};

/// The time after which a test gives up.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// Returns an app that replicates in every update, with what `setup` adds.
pub fn app(setup: impl FnOnce(&mut App)) -> App {
    let mut app = App::new();
    app.add_plugins((
        MinimalPlugins,
        StatesPlugin,
        RepliconPlugins.set(ServerPlugin::new(PostUpdate)),
        RepliconWebSocketPlugins,
    ));
    setup(&mut app);
    app.finish();
    app
}

/// Makes the app a server on a free port, without rate limits, and returns its URL. Apps without frames are fast.
pub fn listen(app: &mut App) -> String {
    let rates = RateLimits::default().max_packets_per_second(0).max_bytes_per_second(0);
    listen_with(app, ServerOptions::default().rate_limits(rates))
}

/// Makes the app a server on a free port with these options, and returns its URL.
pub fn listen_with(app: &mut App, options: ServerOptions) -> String {
    let server = WebSocketServer::bind("127.0.0.1:0", options).expect("a port is free");
    let url = format!("ws://{}", server.local_addr().expect("the server listens"));
    app.insert_resource(server);
    url
}

/// Makes the app a client of the server at this URL.
pub fn connect(app: &mut App, url: &str) {
    app.insert_resource(WebSocketClient::connect(url).expect("the URL is valid"));
}

/// Updates the apps in turn until the condition holds. All ends of a test are on its thread, so there is nothing to sleep
/// for.
#[track_caller]
pub fn update_until(apps: &mut [&mut App], what: &str, mut condition: impl FnMut(&mut [&mut App]) -> bool) {
    let start = Instant::now();
    while !condition(apps) {
        assert!(start.elapsed() < PATIENCE, "not within {PATIENCE:?}: {what}");
        apps.iter_mut().for_each(|app| app.update());
    }
}

/// Returns the state of the app's client.
pub fn client_state(app: &App) -> ClientState {
    *app.world().resource::<State<ClientState>>().get()
}

/// Returns the state of the app's server.
pub fn server_state(app: &App) -> ServerState {
    *app.world().resource::<State<ServerState>>().get()
}

/// Returns the number of entities with this component.
pub fn count<C: Component>(app: &mut App) -> usize {
    let world = app.world_mut();
    world.query::<&C>().iter(world).count()
}
