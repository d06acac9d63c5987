//! The calls of programs on their sessions.

use arbitrary::{Result, Unstructured};

use super::{
    super::{
        history::{Content, METHODS, PATHS, SPAWNER, SentMessage, TABLES, arguments, bytes, methods},
        participant::{DeclaredNode, Participant},
        world::World,
    },
    index, peer, target,
};
use crate::multiplayer::{ConnectionStatus, NodeKey, PeerId, Session, SessionError, Target};

pub(super) fn send_bytes(world: &mut World, input: &mut Unstructured<'_>) -> Result<()> {
    let (index, to, more) = (index(input)?, target(world, input)?, input.arbitrary()?);
    let bytes = bytes(world.history.next(), more);
    send(world, index, to, Content::Bytes(bytes));
    Ok(())
}

pub(super) fn call(world: &mut World, input: &mut Unstructured<'_>) -> Result<()> {
    let (index, to) = (index(input)?, target(world, input)?);
    let [node, method, choice] = input.arbitrary::<[u8; 3]>()?;
    let method = METHODS[usize::from(method) % METHODS.len()];
    let arguments = arguments(method, world.history.next(), choice);
    let Some(node) = world.participant(index).and_then(|end| pick(&end.nodes, node)) else { return Ok(()) };
    let DeclaredNode { path, table, .. } = node;
    send(world, index, to, Content::Call { path, table, method, arguments });
    Ok(())
}

/// Sends a message from one of our ends, and records it.
fn send(world: &mut World, index: usize, to: Target, content: Content) {
    let is_small = world.options.max_packet_size < 1000;
    let is_isolated = world.is_isolated(index);
    let Some(end) = world.participant(index) else { return };
    let peers: Vec<PeerId> = end.session.peers().collect();
    let (result, is_possible) = match &content {
        Content::Bytes(bytes) => (end.session.send_bytes(to, bytes), true),
        Content::Call { path, method, arguments, table } => {
            let Some(node) = end.at(*path) else { return };
            let is_declared = methods(*table).find(method).is_some();
            (end.session.call_method(node.key, to, method, arguments.clone()), is_declared)
        }
    };
    let is_connected = end.session.status() == ConnectionStatus::Connected && end.observed.id().is_some();
    let must_succeed = is_possible && is_connected && to == Target::All && !is_small;
    assert!(result.is_ok() || !must_succeed, "{result:?}: {content:?} to all from {}", end.id);
    let from = end.id;
    if end.succeeded(result).is_none() || is_isolated {
        return;
    }
    let mut message = SentMessage { from, to, content, must_reach: Vec::new() };
    let must_reach = |peer: &PeerId| {
        let is_accepted = match &message.content {
            Content::Bytes(_) => true,
            Content::Call { path, table, method, .. } => {
                world.history.is_accepted(*peer, *path, *table, method)
            }
        };
        message.is_for(*peer) && world.history.is_ours(*peer) && is_accepted
    };
    message.must_reach = peers.into_iter().filter(must_reach).collect();
    world.history.messages.push(message);
}

pub(super) fn register_node_with(world: &mut World, input: &mut Unstructured<'_>) -> Result<()> {
    let index = index(input)?;
    let [path, table] = input.arbitrary::<[u8; 2]>()?;
    let (path, table) = (usize::from(path) % SPAWNER, usize::from(table) % TABLES);
    declare(world, index, path, table, |session, path| session.register_node_with(path, methods(table)));
    Ok(())
}

/// Declares a node at one of our ends and returns its key. That must succeed if the path is free.
pub(super) fn declare(
    world: &mut World,
    index: usize,
    path: usize,
    table: usize,
    register: impl FnOnce(&mut Session, &str) -> std::result::Result<NodeKey, SessionError>,
) -> Option<NodeKey> {
    let (since, is_isolated) = (world.actions, world.is_isolated(index));
    let end = world.participant(index)?;
    let result = register(&mut end.session, PATHS[path]);
    let is_free = end.at(path).is_none();
    assert!(result.is_ok() == is_free || end.session.options().max_packet_size < 1000, "{result:?}");
    let key = end.succeeded(result)?;
    let (id, was_alone) = (end.id, end.session.peers().len() == 0);
    end.nodes.push(DeclaredNode { key, path, table, authority: PeerId::SERVER, since, was_alone });
    if !is_isolated {
        world.history.declared.insert((id, path), table);
    }
    Some(key)
}

pub(super) fn unregister_node(world: &mut World, input: &mut Unstructured<'_>) -> Result<()> {
    let (index, node) = (index(input)?, input.arbitrary()?);
    read(world, index);
    let Some(end) = world.participant(index) else { return Ok(()) };
    let Some(node) = pick(&end.nodes, node) else { return Ok(()) };
    end.session.unregister_node(node.key);
    end.nodes.retain(|other| other.key != node.key);
    withdraw(end, node.path);
    let id = end.id;
    world.history.declared.remove(&(id, node.path));
    world.history.has_unregistered = true;
    Ok(())
}

pub(super) fn set_authority(world: &mut World, input: &mut Unstructured<'_>) -> Result<()> {
    let (index, node, authority) = (index(input)?, input.arbitrary::<u8>()?, peer(world, input)?);
    read(world, index);
    let Some(end) = world.participant(index) else { return Ok(()) };
    if let Some(node) = pick(&end.nodes, node) {
        assert_eq!(end.session.set_authority(node.key, authority), Ok(()));
        let same = end.nodes.iter_mut().filter(|other| other.key == node.key);
        same.for_each(|node| node.authority = authority);
        if node.path >= SPAWNER && node.authority != authority {
            withdraw(end, node.path);
            world.history.has_transferred = true;
        }
    }
    Ok(())
}

/// Removes the nodes of a spawner that is unregistered or has a new authority.
fn withdraw(end: &mut Participant, path: usize) {
    let is_spawner = path == SPAWNER;
    end.sources.retain(|source| source.name.is_some() != is_spawner || path < SPAWNER);
}

pub(super) fn send_auth(world: &mut World, input: &mut Unstructured<'_>) -> Result<()> {
    let (index, peer, len) = (index(input)?, peer(world, input)?, input.arbitrary::<u8>()?);
    if let Some(end) = world.participant(index) {
        let result = end.session.send_auth(peer, &vec![len; len.into()]);
        end.succeeded(result);
    }
    Ok(())
}

pub(super) fn complete_auth(world: &mut World, input: &mut Unstructured<'_>) -> Result<()> {
    let (index, peer) = (index(input)?, peer(world, input)?);
    if let Some(end) = world.participant(index) {
        let result = end.session.complete_auth(peer);
        end.succeeded(result);
    }
    Ok(())
}

pub(super) fn disconnect(world: &mut World, input: &mut Unstructured<'_>) -> Result<()> {
    let (index, peer) = (index(input)?, peer(world, input)?);
    if let Some(end) = world.participant(index) {
        let result = end.session.disconnect_peer(peer);
        if end.succeeded(result).is_some() {
            // A client that disconnects its server leaves.
            if !end.session.is_server() {
                end.observed.leave();
            }
            assert!(end.session.peers().all(|other| other != peer), "{peer} is still connected");
        }
    }
    Ok(())
}

pub(super) fn leave(world: &mut World, input: &mut Unstructured<'_>) -> Result<()> {
    let index = index(input)?;
    if let Some(end) = world.participant(index) {
        end.leave();
        assert!(end.session.peers().len() == 0 && end.session.status() == ConnectionStatus::Disconnected);
    }
    Ok(())
}

/// A program stops reading events, or starts again.
pub(super) fn pause(world: &mut World, input: &mut Unstructured<'_>) -> Result<()> {
    let index = index(input)?;
    if let Some(end) = world.participant(index) {
        end.is_paused = !end.is_paused;
    }
    Ok(())
}

/// A program reads its events, as it must before a call that the waiting events do not reflect.
fn read(world: &mut World, index: usize) {
    if let Some(end) = world.participant(index) {
        end.is_paused = false;
    }
    world.observe();
}

fn pick(nodes: &[DeclaredNode], choice: u8) -> Option<DeclaredNode> {
    nodes.get(usize::from(choice) % nodes.len().max(1)).copied()
}
