//! The game without a window: a server and two clients, connected by real sockets.

#![cfg(not(target_family = "wasm"))]

use std::time::{Duration, Instant};

use bevy::prelude::*;
use bevy_replicon::prelude::*;
use bevy_websocket_peer::{WebSocketClient, WebSocketServer, websocket_peer::ServerOptions};
use squares::{FIELD, SIZE, Square, Steer, Yours, protocol, rules};

const PATIENCE: Duration = Duration::from_secs(60);

/// The square of this client.
#[derive(Resource)]
struct Own(Entity);

fn app(setup: impl FnOnce(&mut App)) -> App {
    let mut app = App::new();
    app.add_plugins((MinimalPlugins, protocol));
    setup(&mut app);
    app.finish();
    app
}

fn client(url: &str) -> App {
    let mut client = app(|app| {
        app.add_observer(|yours: On<Yours>, mut commands: Commands| commands.insert_resource(Own(yours.0)));
    });
    client.insert_resource(WebSocketClient::connect(url).expect("the URL is valid"));
    client
}

#[track_caller]
fn update_until(apps: &mut [&mut App], what: &str, mut condition: impl FnMut(&mut [&mut App]) -> bool) {
    let start = Instant::now();
    while !condition(apps) {
        assert!(start.elapsed() < PATIENCE, "not within {PATIENCE:?}: {what}");
        apps.iter_mut().for_each(|app| app.update());
    }
}

/// All squares that an app has.
fn squares(app: &mut App) -> Vec<Square> {
    let world = app.world_mut();
    let mut squares: Vec<_> = world.query::<&Square>().iter(world).copied().collect();
    squares.sort_by(|a, b| a.hue.total_cmp(&b.hue));
    squares
}

fn own_square(app: &App) -> Option<Square> {
    app.world().get::<Square>(app.world().get_resource::<Own>()?.0).copied()
}

#[test]
fn two_players_steer_their_squares_and_see_both() {
    let mut server = app(rules);
    let listener = WebSocketServer::bind("127.0.0.1:0", ServerOptions::default()).expect("a port is free");
    let url = format!("ws://{}", listener.local_addr().expect("the server listens"));
    server.insert_resource(listener);
    let (mut one, mut other) = (client(&url), client(&url));
    let mut apps = [&mut server, &mut one, &mut other];
    update_until(&mut apps, "both players have a square, and see two", |apps| {
        apps[1..].iter_mut().all(|app| own_square(app).is_some() && squares(app).len() == 2)
    });
    let edge = (FIELD - SIZE) / 2.0;

    // A longer vector is no faster, and directions that are no numbers are ignored.
    apps[1].world_mut().client_trigger(Steer { x: 1e30, y: 0.0 });
    apps[2].world_mut().client_trigger(Steer { x: 0.0, y: -1.0 });
    apps[2].world_mut().client_trigger(Steer { x: f32::NAN, y: f32::INFINITY });
    update_until(&mut apps, "both squares are at an edge, for all", |apps| {
        let all = squares(apps[0]);
        let is_there = |app: &App, x: Option<f32>, y: Option<f32>| {
            own_square(app).is_some_and(|own| x.is_none_or(|x| own.x == x) && y.is_none_or(|y| own.y == y))
        };
        is_there(apps[1], Some(edge.x), Some(0.0))
            && is_there(apps[2], None, Some(-edge.y))
            && squares(apps[1]) == all
            && squares(apps[2]) == all
    });

    apps[2].world_mut().remove_resource::<WebSocketClient>();
    update_until(&mut apps, "the square of the player that left is gone", |apps| {
        squares(apps[0]).len() == 1 && squares(apps[1]).len() == 1
    });
    assert!(own_square(apps[1]).is_some());
}
