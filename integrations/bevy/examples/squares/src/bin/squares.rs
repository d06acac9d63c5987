//! The client, as a program and in a page: it shows the squares, and sends the direction in which the player steers.

use std::time::Duration;

use bevy::{camera::ScalingMode, prelude::*, time::common_conditions::on_timer, window::PrimaryWindow};
use bevy_replicon::prelude::*;
use bevy_websocket_peer::WebSocketClient;
use squares::{FIELD, SIZE, Square, Steer, Yours, protocol, server_url};

fn main() {
    let window = Window {
        title: "Squares".into(),
        resolution: (FIELD.x as u32, FIELD.y as u32).into(),
        canvas: Some("#game".into()),
        fit_canvas_to_parent: true,
        ..default()
    };
    // A connection that ended, or did not succeed, is replaced.
    let is_lost = in_state(ClientState::Disconnected).and_then(on_timer(Duration::from_secs(2)));
    let is_time_to_send = in_state(ClientState::Connected).and_then(on_timer(Duration::from_millis(50)));
    App::new()
        .add_plugins(DefaultPlugins.set(WindowPlugin { primary_window: Some(window), ..default() }))
        .add_plugins(protocol)
        .add_systems(Startup, (show_field, connect))
        .add_systems(Update, (connect.run_if(is_lost), send_direction.run_if(is_time_to_send)))
        .add_systems(Update, (move_squares, show_state.run_if(state_changed::<ClientState>)))
        .add_observer(show_square)
        .add_observer(mark_own_square)
        .run();
}

fn connect(mut commands: Commands) -> Result {
    commands.insert_resource(WebSocketClient::connect(&server_url())?);
    Ok(())
}

/// Shows the field, in every window as large as fits.
fn show_field(mut commands: Commands) {
    let scaling_mode = ScalingMode::AutoMin { min_width: FIELD.x, min_height: FIELD.y };
    let projection = OrthographicProjection { scaling_mode, ..OrthographicProjection::default_2d() };
    commands.spawn((Camera2d, Projection::Orthographic(projection)));
    let ground = Sprite::from_color(Color::hsl(220.0, 0.2, 0.25), FIELD);
    commands.spawn((ground, Transform::from_xyz(0.0, 0.0, -2.0)));
}

/// Makes what is around the field red while there is no connection.
fn show_state(state: Res<State<ClientState>>, mut colour: ResMut<ClearColor>) {
    let is_connected = *state.get() == ClientState::Connected;
    colour.0 = if is_connected { Color::hsl(220.0, 0.2, 0.1) } else { Color::hsl(0.0, 0.5, 0.2) };
}

fn show_square(new: On<Add, Square>, mut commands: Commands, squares: Query<&Square>) -> Result {
    let Square { x, y, hue } = *squares.get(new.entity)?;
    let sprite = Sprite::from_color(Color::hsl(hue, 0.8, 0.6), Vec2::splat(SIZE));
    commands.entity(new.entity).insert((sprite, Transform::from_xyz(x, y, 0.0)));
    Ok(())
}

/// Shows a white frame around the player's own square.
fn mark_own_square(yours: On<Yours>, mut commands: Commands) {
    let frame = Sprite::from_color(Color::WHITE, Vec2::splat(SIZE + 8.0));
    commands.entity(yours.0).with_child((frame, Transform::from_xyz(0.0, 0.0, -1.0)));
}

fn move_squares(mut squares: Query<(&Square, &mut Transform), Changed<Square>>) {
    for (square, mut transform) in &mut squares {
        transform.translation = Vec3::new(square.x, square.y, 0.0);
    }
}

/// Sends the direction of the arrow keys, or else from the middle of the window to the finger or the pressed mouse.
fn send_direction(
    mut commands: Commands,
    keys: Res<ButtonInput<KeyCode>>,
    touches: Res<Touches>,
    mouse: Res<ButtonInput<MouseButton>>,
    window: Single<&Window, With<PrimaryWindow>>,
) {
    let axis = |more, less| f32::from(i8::from(keys.pressed(more)) - i8::from(keys.pressed(less)));
    let arrows =
        Vec2::new(axis(KeyCode::ArrowRight, KeyCode::ArrowLeft), axis(KeyCode::ArrowUp, KeyCode::ArrowDown));
    let touch = touches.iter().next().map(|touch| touch.position());
    let pointer = touch.or(window.cursor_position().filter(|_| mouse.pressed(MouseButton::Left)));
    let to_pointer = pointer.map_or(Vec2::ZERO, |point| point - window.size() / 2.0).normalize_or_zero();
    // Windows measure downwards.
    let Vec2 { x, y } = if arrows == Vec2::ZERO { to_pointer * Vec2::new(1.0, -1.0) } else { arrows };
    commands.client_trigger(Steer { x, y });
}
