//! Schedules that do not run once a frame: Bevy's fixed steps, none or several in a frame.

use std::time::Duration;

use bevy_app::prelude::*;
use bevy_ecs::prelude::*;
use bevy_time::{TimePlugin, TimeUpdateStrategy, prelude::*};
use bevy_websocket_peer::{Connected, Disconnected, WebSocketClient, WebSocketServer, just_connected};

use crate::support::{client, client_app, join_server, plain_server, server, server_app, until};

/// The time of a fixed step.
const STEP: Duration = Duration::from_millis(10);

/// What the fixed steps have read.
#[derive(Resource, Default)]
struct Steps {
    count: u32,
    packets: Vec<String>,
    connected: u32,
    disconnected: u32,
    just_connected: u32,
}

/// Adds Bevy's time, which stands still, and counts the fixed steps.
fn with_fixed_steps(app: &mut App) {
    app.add_plugins(TimePlugin)
        .insert_resource(TimeUpdateStrategy::ManualDuration(Duration::ZERO))
        .insert_resource(Time::<Fixed>::from_duration(STEP))
        .init_resource::<Steps>()
        .add_systems(FixedUpdate, |mut steps: ResMut<Steps>| steps.count += 1);
    // The first frame sets the clock, and takes no time.
    app.update();
}

/// Updates the app in a frame of this number of fixed steps.
#[track_caller]
fn frame(app: &mut App, steps: u32) {
    let before = app.world().resource::<Steps>().count;
    app.insert_resource(TimeUpdateStrategy::ManualDuration(STEP * steps));
    app.update();
    app.insert_resource(TimeUpdateStrategy::ManualDuration(Duration::ZERO));
    assert_eq!(app.world().resource::<Steps>().count - before, steps);
}

#[test]
fn a_client_in_fixed_steps_misses_nothing_and_reads_nothing_twice() {
    let (mut plain, url) = plain_server();
    let mut app = client_app();
    with_fixed_steps(&mut app);
    app.add_systems(
        FixedUpdate,
        (
            // One packet a step, as in a game that simulates one input a step.
            (|mut client: ResMut<WebSocketClient>, mut steps: ResMut<Steps>| {
                steps.packets.extend(client.recv().map(|packet| packet.into_text().unwrap()));
            })
            .run_if(resource_exists::<WebSocketClient>),
            |mut opened: MessageReader<Connected>,
             mut ended: MessageReader<Disconnected>,
             mut steps: ResMut<Steps>| {
                steps.connected += opened.read().count() as u32;
                steps.disconnected += ended.read().count() as u32;
            },
            (|mut steps: ResMut<Steps>| steps.just_connected += 1).run_if(just_connected),
        ),
    );
    frame(&mut app, 1);
    app.insert_resource(WebSocketClient::connect(&url).unwrap());
    until("the packets and the end arrive, without a step", || {
        plain.poll();
        while let Some(event) = plain.next_event() {
            if let websocket_peer::ServerEvent::Opened(peer) = event {
                (0..5).for_each(|number| plain.send_text(peer, &number.to_string()).unwrap());
                plain.close(peer).unwrap();
            }
        }
        frame(&mut app, 0);
        client(&mut app).close_info().is_some()
    });
    for _ in 0..10 {
        frame(&mut app, 0);
    }
    assert_eq!(client(&mut app).available(), 5);
    frame(&mut app, 3);
    frame(&mut app, 0);
    frame(&mut app, 4);
    let steps = app.world().resource::<Steps>();
    assert_eq!(steps.packets, ["0", "1", "2", "3", "4"]);
    assert_eq!((steps.connected, steps.disconnected, steps.just_connected), (1, 1, 1));
}

#[test]
fn a_server_in_fixed_steps_misses_nothing_and_reads_nothing_twice() {
    let (mut app, url) = server_app();
    with_fixed_steps(&mut app);
    app.add_systems(FixedUpdate, |mut server: ResMut<WebSocketServer>, mut steps: ResMut<Steps>| {
        steps.packets.extend(server.recv().map(|(_, packet)| packet.into_text().unwrap()));
    });
    let mut peer = join_server(&mut app, &url);
    (0..5).for_each(|number| peer.send_text(&number.to_string()).unwrap());
    until("the packets arrive, without a step", || {
        peer.poll();
        frame(&mut app, 0);
        server(&mut app).available() == 5
    });
    frame(&mut app, 3);
    frame(&mut app, 0);
    frame(&mut app, 4);
    assert_eq!(app.world().resource::<Steps>().packets, ["0", "1", "2", "3", "4"]);
}
