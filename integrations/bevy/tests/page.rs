//! The plugin in a page, against the scripted server of `cargo run --package testkit`; and a player of the example
//! `squares`, with bevy_replicon, against its native server.

#![cfg(target_family = "wasm")]

use bevy_app::prelude::*;
use bevy_ecs::prelude::*;
use bevy_replicon::prelude::*;
use bevy_state::prelude::*;
use bevy_time::TimePlugin;
use bevy_websocket_peer::{Connected, Disconnected, WebSocketClient, WebSocketClientPlugin};
use js_sys::{Date, Promise};
use squares::{FIELD, SIZE, Square, Steer, Yours};
use wasm_bindgen_futures::JsFuture;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

const SERVER: &str = match option_env!("WEBSOCKET_PEER_TEST_SERVER") {
    Some(url) => url,
    None => "ws://127.0.0.1:9081",
};

/// The server of `cargo run -p squares --no-default-features --bin server`.
const SQUARES: &str = match option_env!("SQUARES_SERVER") {
    Some(url) => url,
    None => "ws://127.0.0.1:9020",
};

/// The longest wait for a condition, in milliseconds.
const PATIENCE: f64 = 60_000.0;

/// What the plugin has reported by messages.
#[derive(Resource, Default)]
struct Seen {
    connected: usize,
    disconnected: Vec<Disconnected>,
}

fn app(path: &str) -> App {
    let mut app = App::new();
    app.add_plugins(WebSocketClientPlugin)
        .init_resource::<Seen>()
        .insert_resource(WebSocketClient::connect(&format!("{SERVER}{path}")).unwrap())
        .add_systems(
            Update,
            |mut connected: MessageReader<Connected>,
             mut disconnected: MessageReader<Disconnected>,
             mut seen: ResMut<Seen>| {
                seen.connected += connected.read().count();
                seen.disconnected.extend(disconnected.read().cloned());
            },
        );
    app
}

/// Updates the app, with a pause for the browser's events after each frame, until the condition is true.
async fn until(app: &mut App, condition: impl Fn(&mut World) -> bool) {
    let start = Date::now();
    loop {
        app.update();
        if condition(app.world_mut()) {
            return;
        }
        assert!(Date::now() - start < PATIENCE, "not within {PATIENCE} ms");
        let window = web_sys::window().unwrap();
        let pause = Promise::new(&mut |resolve, _| {
            window.set_timeout_with_callback_and_timeout_and_arguments_0(&resolve, 1).unwrap();
        });
        JsFuture::from(pause).await.unwrap();
    }
}

fn texts(app: &mut App) -> Vec<String> {
    let mut client = app.world_mut().resource_mut::<WebSocketClient>();
    std::iter::from_fn(|| client.recv()).map(|packet| packet.into_text().unwrap()).collect()
}

#[wasm_bindgen_test]
async fn packets_from_before_the_end_can_be_read_after_it() {
    let mut app = app("/send-then-close/3/4001/bye?wait=message");
    until(&mut app, |world| world.resource::<Seen>().connected == 1).await;
    app.world_mut().resource_mut::<WebSocketClient>().send_text("begin").unwrap();
    until(&mut app, |world| !world.resource::<Seen>().disconnected.is_empty()).await;
    assert_eq!(texts(&mut app), ["0", "1", "2"]);
    let seen = app.world().resource::<Seen>();
    assert_eq!((seen.connected, seen.disconnected.len()), (1, 1));
    let info = &seen.disconnected[0].info;
    assert_eq!((info.code, &*info.reason), (Some(4001), "bye"));
}

#[wasm_bindgen_test]
async fn an_echo_arrives_once_and_the_exit_closes_the_connection() {
    let mut app = app("/echo");
    until(&mut app, |world| world.resource::<Seen>().connected == 1).await;
    app.world_mut().resource_mut::<WebSocketClient>().send_text("hello").unwrap();
    until(&mut app, |world| world.resource::<WebSocketClient>().available() > 0).await;
    app.update();
    assert_eq!(texts(&mut app), ["hello"]);
    app.world_mut().write_message(AppExit::Success);
    until(&mut app, |world| !world.resource::<Seen>().disconnected.is_empty()).await;
    assert_eq!(app.world().resource::<Seen>().disconnected[0].info.code, Some(1000));
}

#[wasm_bindgen_test]
async fn a_player_steers_a_replicated_square() {
    #[derive(Resource)]
    struct Own(Entity);

    let mut app = App::new();
    app.add_plugins((TimePlugin, squares::protocol))
        .add_observer(|yours: On<Yours>, mut commands: Commands| commands.insert_resource(Own(yours.0)))
        .insert_resource(WebSocketClient::connect(SQUARES).unwrap());
    app.finish();
    let x = |world: &mut World| world.get::<Square>(world.get_resource::<Own>()?.0).map(|square| square.x);
    until(&mut app, |world| x(world).is_some()).await;
    let edge = (FIELD.x - SIZE) / 2.0;
    assert!(x(app.world_mut()) < Some(edge));
    app.world_mut().client_trigger(Steer { x: 1.0, y: 0.0 });
    until(&mut app, |world| x(world) == Some(edge)).await;

    app.world_mut().resource_mut::<WebSocketClient>().close();
    until(&mut app, |world| *world.resource::<State<ClientState>>().get() == ClientState::Disconnected).await;
    // The square goes with the connection.
    assert_eq!(x(app.world_mut()), None);
}
