//! The server's side of the backend.

use std::collections::HashMap;

use bevy_app::{App, Plugin, PostUpdate, PreUpdate};
use bevy_ecs::prelude::*;
use bevy_replicon::prelude::*;
use bevy_state::prelude::*;
use bevy_time::{Real, Time, common_conditions::on_timer};
use log::{debug, warn};
use websocket_peer::{CloseCode, Error, PeerKey};

use super::{
    INVALID_MESSAGE, OVERFLOW, UNRELIABLE_BACKLOG,
    framing::{pack, unpack},
    traffic::{INTERVAL, Traffic},
};
use crate::{
    PeerConnected, PeerDisconnected, WebSocketServer, WebSocketServerPlugin, WebSocketSystems,
    resource::Identity,
};

/// The size up to which replicon gathers changes of components in one message. They need not fit into a packet of the
/// network, so it only decides how many changes a slow connection loses at once. The changes of one entity are never
/// split.
const MAX_MUTATIONS: usize = 16 * 1024;

/// Connects bevy_replicon to the resource [`WebSocketServer`].
///
/// It needs replicon's `ServerPlugin`, and adds [`WebSocketServerPlugin`] unless the program has added it before.
#[derive(Debug, Clone, Copy, Default)]
pub struct RepliconWebSocketServerPlugin;

impl Plugin for RepliconWebSocketServerPlugin {
    fn build(&self, app: &mut App) {
        if !app.is_plugin_added::<WebSocketServerPlugin>() {
            app.add_plugins(WebSocketServerPlugin);
        }
        app.init_resource::<Clients>()
            .add_observer(disconnect)
            .add_systems(
                PreUpdate,
                (follow_server, receive_packets)
                    .chain()
                    .in_set(ServerSystems::ReceivePackets)
                    .after(WebSocketSystems::Poll),
            )
            .add_systems(
                PostUpdate,
                (
                    send_packets.in_set(ServerSystems::SendPackets).before(WebSocketSystems::Flush),
                    measure.run_if(on_timer(INTERVAL)),
                )
                    .run_if(resource_exists::<WebSocketServer>),
            );
    }
}

/// The peer of a client entity, for calls of the server, such as [`peer`](websocket_peer::WebSocketServer::peer) for
/// its address.
#[derive(Component, Debug, Clone, Copy, PartialEq, Eq)]
#[component(immutable)]
#[require(LastTraffic)]
pub struct ClientPeer(PeerKey);

impl ClientPeer {
    /// Returns the key of the peer.
    pub fn key(self) -> PeerKey {
        self.0
    }
}

#[derive(Component, Debug, Default)]
struct LastTraffic(Traffic);

/// The entities of the clients whose connections are open. A client that is disconnected is removed first, so that its
/// later packets are ignored.
#[derive(Resource, Debug, Default)]
struct Clients {
    /// The server whose peers they are.
    server: Option<Identity>,
    entities: HashMap<PeerKey, Entity>,
}

impl Clients {
    /// Returns `true` if the keys of the peers are those of this server. Another one may have the same keys.
    fn are_of(&self, server: &WebSocketServer) -> bool {
        self.server == Some(server.identity)
    }
}

/// Sets replicon's state. When it is `Stopped`, replicon despawns all clients.
fn follow_server(server: Option<Res<WebSocketServer>>, mut state: ResMut<NextState<ServerState>>) {
    let target = if server.is_some() { ServerState::Running } else { ServerState::Stopped };
    NextState::set_if_neq(&mut state, target);
}

fn receive_packets(
    mut commands: Commands,
    mut connected: MessageReader<PeerConnected>,
    mut disconnected: MessageReader<PeerDisconnected>,
    server: Option<ResMut<WebSocketServer>>,
    mut clients: ResMut<Clients>,
    channels: Res<RepliconChannels>,
    mut messages: ResMut<ServerMessages>,
) {
    let identity = server.as_ref().map(|server| server.identity);
    let is_other = identity != clients.server;
    if is_other {
        clients.server = identity;
        for (_, client) in clients.entities.drain() {
            commands.entity(client).try_despawn();
        }
    }
    for PeerConnected { peer } in connected.read() {
        let client = commands.spawn((ConnectedClient { max_size: MAX_MUTATIONS }, ClientPeer(*peer)));
        clients.entities.insert(*peer, client.id());
    }
    // Replicon received the last packets of these peers in an earlier frame.
    for PeerDisconnected { peer, info } in disconnected.read() {
        debug!("{peer} has disconnected: {}", info.cause);
        if let Some(client) = clients.entities.remove(peer) {
            commands.entity(client).try_despawn();
        }
    }
    // The peers of another server may be reported in the next frame.
    let Some(mut server) = server.filter(|_| !is_other) else { return };
    while let Some((peer, packet)) = server.recv() {
        let Some(client) = clients.entities.get(&peer).copied() else { continue };
        match unpack(&packet, channels.client_channels().len()) {
            Some((channel, message)) => messages.insert_received(client, channel, message),
            None => {
                debug!("{peer} sent an invalid message");
                close(&mut server, peer, INVALID_MESSAGE, "invalid message");
                clients.entities.remove(&peer);
                commands.entity(client).try_despawn();
            }
        }
    }
}

/// Closes the connection of a client whose entity was despawned by the program or by replicon.
fn disconnect(
    removed: On<Remove, ConnectedClient>,
    peers: Query<&ClientPeer>,
    mut clients: ResMut<Clients>,
    server: Option<ResMut<WebSocketServer>>,
) {
    let Ok(ClientPeer(peer)) = peers.get(removed.entity) else { return };
    if clients.entities.get(peer) != Some(&removed.entity) {
        return;
    }
    clients.entities.remove(peer);
    if let Some(mut server) = server.filter(|server| clients.are_of(server)) {
        close(&mut server, *peer, CloseCode::NORMAL, "");
    }
}

fn send_packets(
    mut commands: Commands,
    mut requests: MessageReader<DisconnectRequest>,
    mut server: ResMut<WebSocketServer>,
    channels: Res<RepliconChannels>,
    mut messages: ResMut<ServerMessages>,
    peers: Query<&ClientPeer>,
    mut clients: ResMut<Clients>,
) {
    let is_current = clients.are_of(&server);
    for (client, channel, message) in messages.drain_sent().filter(|_| is_current) {
        let Ok(ClientPeer(peer)) = peers.get(client) else { continue };
        let is_unreliable = channels.server_channels().get(channel) == Some(&Channel::Unreliable);
        let backlog = server.peer(*peer).map_or(0, |info| info.buffered());
        if is_unreliable && backlog > UNRELIABLE_BACKLOG {
            continue;
        }
        match server.send_packet(*peer, pack(channel, &message)) {
            // After `NotOpen` its `PeerDisconnected` follows.
            Ok(()) | Err(Error::NotOpen { .. } | Error::UnknownPeer) => {}
            Err(_) if is_unreliable => {}
            Err(error) => {
                warn!("{peer} is disconnected: a message of {} bytes cannot be sent: {error}", message.len());
                close(&mut server, *peer, OVERFLOW, "a message does not fit into the send queue");
                clients.entities.remove(peer);
                commands.entity(client).try_despawn();
            }
        }
    }
    for request in requests.read() {
        // The connection closes when the entity is removed, behind the messages above.
        if peers.contains(request.client) {
            commands.entity(request.client).try_despawn();
        }
    }
}

fn measure(
    server: Res<WebSocketServer>,
    known: Res<Clients>,
    time: Res<Time<Real>>,
    mut clients: Query<(&ClientPeer, &mut LastTraffic, &mut ConnectedClientStats)>,
) {
    for (ClientPeer(peer), mut last, mut stats) in &mut clients {
        if let Some(info) = server.peer(*peer).filter(|_| known.are_of(&server)) {
            **stats = last.0.measure(info.stats(), time.elapsed());
        }
    }
}

/// Closes a connection. It may have ended meanwhile.
fn close(server: &mut WebSocketServer, peer: PeerKey, code: CloseCode, reason: &str) {
    if let Err(error) = server.close_with(peer, code, reason) {
        debug!("{peer} is not closed: {error}");
    }
}
