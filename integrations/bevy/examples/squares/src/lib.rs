//! A game of coloured squares: each player steers one, and sees those of the others. Here are its rules.
//!
//! The server decides everything. Clients send the direction in which they steer, and bevy_replicon replicates the
//! squares to them.

use bevy::{ecs::entity::MapEntities, prelude::*, state::app::StatesPlugin};
use bevy_replicon::prelude::*;
use bevy_websocket_peer::replicon::RepliconWebSocketPlugins;
use serde::{Deserialize, Serialize};

/// Returns the URL of the server: the first argument of the program, or else this machine.
#[cfg(not(target_family = "wasm"))]
pub fn server_url() -> String {
    std::env::args().nth(1).unwrap_or_else(|| format!("ws://localhost:{PORT}"))
}

/// Returns the URL of the server: `?server=` in the page's address, or else the host that the page came from.
#[cfg(target_family = "wasm")]
pub fn server_url() -> String {
    let location = web_sys::window().map(|window| window.location());
    let part =
        |get: fn(&web_sys::Location) -> Result<String, _>| location.as_ref().and_then(|it| get(it).ok());
    let query = part(web_sys::Location::search)
        .and_then(|search| web_sys::UrlSearchParams::new_with_str(&search).ok())
        .and_then(|query| query.get("server"));
    let host = part(web_sys::Location::hostname).unwrap_or_default();
    query.unwrap_or_else(|| format!("ws://{host}:{PORT}"))
}

/// The width and the height of the field.
pub const FIELD: Vec2 = Vec2::new(640.0, 480.0);
/// The width and the height of a square.
pub const SIZE: f32 = 40.0;
/// The port that the server listens on, and that clients connect to.
pub const PORT: u16 = 9020;
/// The speed of a square, per second.
const SPEED: f32 = 240.0;

/// A player's square. A client forgets all squares when its connection ends.
#[derive(Component, Serialize, Deserialize, Clone, Copy, Debug, PartialEq)]
#[require(DespawnOnExit::<ClientState>(ClientState::Connected))]
pub struct Square {
    /// Its centre. The centre of the field is 0.
    pub x: f32,
    /// Its centre, upwards.
    pub y: f32,
    /// Its colour, in degrees.
    pub hue: f32,
}

/// The server's event for a client whose square exists.
#[derive(Event, Serialize, Deserialize, MapEntities, Clone)]
pub struct Yours(
    #[entities]
    #[serde(with = "bevy_replicon::compact_entity")]
    pub Entity,
);

/// A client's event: it steers in this direction from now on. Longer vectors than 1 count as 1.
#[derive(Event, Serialize, Deserialize, Clone, Copy, Debug, Default, PartialEq)]
pub struct Steer {
    /// To the right.
    pub x: f32,
    /// Upwards.
    pub y: f32,
}

/// The direction in which a square moves.
#[derive(Component)]
struct Heading(Vec2);

/// What both ends register, in the same order.
pub fn protocol(app: &mut App) {
    if !app.is_plugin_added::<StatesPlugin>() {
        app.add_plugins(StatesPlugin);
    }
    app.add_plugins((RepliconPlugins, RepliconWebSocketPlugins))
        .replicate::<Square>()
        .add_client_event::<Steer>(Channel::Ordered)
        .add_mapped_server_event::<Yours>(Channel::Ordered);
}

/// The rules, which the server applies.
pub fn rules(app: &mut App) {
    app.add_observer(join).add_observer(steer).add_systems(FixedUpdate, move_squares);
}

/// Makes the entity of the client its square. It is despawned with the client.
fn join(client: On<Add, AuthorizedClient>, mut commands: Commands, mut joined: Local<u16>) {
    let place = f32::from(*joined);
    *joined = (*joined + 1) % 360;
    // Neighbouring players get colours that differ clearly.
    let square = Square { x: 60.0 * (place % 9.0 - 4.0), y: 0.0, hue: place * 137.5 % 360.0 };
    commands.entity(client.entity).insert((Replicated, square, Heading(Vec2::ZERO)));
    let targets = SendTargets::Single(client.entity.into());
    commands.server_trigger(ToClients { targets, message: Yours(client.entity) });
}

/// Accepts a direction, unless it is no number.
fn steer(steer: On<FromClient<Steer>>, mut headings: Query<&mut Heading>) {
    let direction = Vec2::new(steer.x, steer.y);
    let heading = steer.client_id.entity().map(|client| headings.get_mut(client));
    if let (Some(Ok(mut heading)), true) = (heading, direction.is_finite()) {
        heading.0 = direction.clamp(Vec2::NEG_ONE, Vec2::ONE).clamp_length_max(1.0);
    }
}

fn move_squares(mut squares: Query<(&mut Square, &Heading)>, time: Res<Time>) {
    let edge = (FIELD - SIZE) / 2.0;
    for (mut square, heading) in &mut squares {
        let moved = Vec2::new(square.x, square.y) + heading.0 * SPEED * time.delta_secs();
        let Vec2 { x, y } = moved.clamp(-edge, edge);
        // Only a change is replicated.
        square.set_if_neq(Square { x, y, ..*square });
    }
}
