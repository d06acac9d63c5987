//! The client's side of the backend.

use bevy_app::{App, Plugin, PostUpdate, PreUpdate};
use bevy_ecs::prelude::*;
use bevy_replicon::prelude::*;
use bevy_state::prelude::*;
use bevy_time::{Real, Time, common_conditions::on_timer};
use log::warn;
use websocket_peer::{CloseCode, Error, ReadyState};

use super::{
    INVALID_MESSAGE, OVERFLOW, UNRELIABLE_BACKLOG,
    framing::{pack, unpack},
    traffic::{INTERVAL, Traffic},
};
use crate::{
    Connected, Disconnected, WebSocketClient, WebSocketClientPlugin, WebSocketSystems, resource::Identity,
};

/// Connects bevy_replicon to the resource [`WebSocketClient`].
///
/// It needs replicon's `ClientPlugin`, and adds [`WebSocketClientPlugin`] unless the program has added it before.
#[derive(Debug, Clone, Copy, Default)]
pub struct RepliconWebSocketClientPlugin;

impl Plugin for RepliconWebSocketClientPlugin {
    fn build(&self, app: &mut App) {
        if !app.is_plugin_added::<WebSocketClientPlugin>() {
            app.add_plugins(WebSocketClientPlugin);
        }
        app.init_resource::<Joined>()
            .add_systems(
                PreUpdate,
                receive_packets.in_set(ClientSystems::ReceivePackets).after(WebSocketSystems::Poll),
            )
            .add_systems(
                PostUpdate,
                (
                    send_packets.in_set(ClientSystems::SendPackets).before(WebSocketSystems::Flush),
                    measure.run_if(on_timer(INTERVAL)),
                )
                    .run_if(resource_exists::<WebSocketClient>),
            );
    }
}

/// The connection that replicon's state is about. Nothing is sent to another one, and nothing is received from it.
#[derive(Resource, Debug, Default)]
struct Joined {
    client: Option<Identity>,
    /// The server has sent an invalid message, so its later ones are ignored.
    is_rejected: bool,
}

/// Passes packets on and sets replicon's state, which changes after replicon has received them.
fn receive_packets(
    mut client: Option<ResMut<WebSocketClient>>,
    (mut connected, mut disconnected): (MessageReader<Connected>, MessageReader<Disconnected>),
    mut joined: ResMut<Joined>,
    state: Res<State<ClientState>>,
    mut next_state: ResMut<NextState<ClientState>>,
    channels: Res<RepliconChannels>,
    mut messages: ResMut<ClientMessages>,
) {
    // No frame has both.
    let has_ended = disconnected.read().count() > 0;
    let has_opened = connected.read().count() > 0;
    let identity = client.as_ref().map(|client| client.identity);
    let peer = client.as_ref().map_or(ReadyState::Closed, |client| client.state());
    let is_known = *state.get() == ClientState::Connected;
    if has_opened {
        *joined = Joined { client: identity, is_rejected: false };
    }
    let target = match peer {
        // Also one that has ended since: the next frame leaves it.
        _ if has_opened => ClientState::Connected,
        _ if is_known && !has_ended && peer != ReadyState::Closed => ClientState::Connected,
        // Replicon leaves one connection before it learns of the next.
        ReadyState::Connecting if !is_known => ClientState::Connecting,
        _ => ClientState::Disconnected,
    };
    NextState::set_if_neq(&mut next_state, target);
    if let Some(client) = client.as_mut().filter(|_| identity == joined.client) {
        read(client, &mut joined.is_rejected, channels.server_channels().len(), &mut messages);
    }
    if has_ended {
        joined.client = None;
    }
}

fn read(
    client: &mut WebSocketClient,
    is_rejected: &mut bool,
    channels: usize,
    messages: &mut ClientMessages,
) {
    while let Some(packet) = client.recv() {
        match unpack(&packet, channels) {
            _ if *is_rejected => {}
            Some((channel, message)) => messages.insert_received(channel, message),
            None => {
                *is_rejected = true;
                close(client, INVALID_MESSAGE, "invalid message");
            }
        }
    }
}

fn send_packets(
    mut client: ResMut<WebSocketClient>,
    joined: Res<Joined>,
    channels: Res<RepliconChannels>,
    mut messages: ResMut<ClientMessages>,
) {
    let is_joined = joined.client == Some(client.identity);
    for (channel, message) in messages.drain_sent().filter(|_| is_joined) {
        let is_unreliable = channels.client_channels().get(channel) == Some(&Channel::Unreliable);
        if is_unreliable && client.buffered() > UNRELIABLE_BACKLOG {
            continue;
        }
        match client.send_packet(pack(channel, &message)) {
            // After `NotOpen` its `Disconnected` follows.
            Ok(()) | Err(Error::NotOpen { .. }) => {}
            Err(_) if is_unreliable => {}
            Err(error) => {
                warn!("a message of {} bytes cannot be sent: {error}", message.len());
                close(&mut client, OVERFLOW, "a message does not fit into the send queue");
            }
        }
    }
}

fn measure(
    client: Res<WebSocketClient>,
    joined: Res<Joined>,
    time: Res<Time<Real>>,
    mut last: Local<Traffic>,
    mut stats: ResMut<ClientStats>,
) {
    if joined.client == Some(client.identity) {
        *stats = last.measure(client.stats(), time.elapsed());
    }
}

fn close(client: &mut WebSocketClient, code: CloseCode, reason: &str) {
    warn!("the connection is closed: {reason}");
    if let Err(error) = client.close_with(code, reason) {
        warn!("it is not closed with code {}: {error}", code.get());
        client.abort();
    }
}
