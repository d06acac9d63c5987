//! What programs ask of their sessions.

use arbitrary::{Result, Unstructured};

use super::{
    super::{
        end::{DeclaredNode, End},
        ledger::{METHODS, Message, PATHS, SPAWNER, TABLES, What, arguments, bytes, methods},
        world::World,
    },
    index, peer, target,
};
use crate::multiplayer::{ConnectionStatus, NodeKey, PeerId, Session, SessionError, Target};

pub(super) fn send_bytes(world: &mut World, input: &mut Unstructured<'_>) -> Result<()> {
    let (index, to, more) = (index(input)?, target(world, input)?, input.arbitrary()?);
    let number = world.ledger.next();
    let bytes = bytes(number, more);
    say_to(world, index, to, What::Bytes(bytes));
    Ok(())
}

pub(super) fn call(world: &mut World, input: &mut Unstructured<'_>) -> Result<()> {
    let (index, to) = (index(input)?, target(world, input)?);
    let [node, method, choice] = input.arbitrary::<[u8; 3]>()?;
    let method = METHODS[usize::from(method) % METHODS.len()];
    let arguments = arguments(method, world.ledger.next(), choice);
    let Some(node) = world.end(index).and_then(|end| pick(&end.nodes, node)) else { return Ok(()) };
    let DeclaredNode { path, table, .. } = node;
    say_to(world, index, to, What::Call { path, table, method, arguments });
    Ok(())
}

/// One of ours says something, and it is written down.
fn say_to(world: &mut World, index: usize, to: Target, what: What) {
    let is_small = world.options.max_packet_size < 1000;
    let is_captive = world.is_captive(index);
    let Some(end) = world.end(index) else { return };
    let peers: Vec<PeerId> = end.session.peers().collect();
    let (asked, is_possible) = match &what {
        What::Bytes(bytes) => (end.session.send_bytes(to, bytes), true),
        What::Call { path, method, arguments, table } => {
            let Some(node) = end.at(*path) else { return };
            let is_declared = methods(*table).find(method).is_some();
            (end.session.call_method(node.key, to, method, arguments.clone()), is_declared)
        }
    };
    let is_connected = end.session.status() == ConnectionStatus::Connected && end.hearing.id().is_some();
    let must = is_possible && is_connected && to == Target::All && !is_small;
    assert!(asked.is_ok() || !must, "{asked:?}: {what:?} to all from {}", end.id);
    let from = end.id;
    if end.is_done(asked).is_none() || is_captive {
        return;
    }
    let mut message = Message { from, to, what, must_reach: Vec::new() };
    let is_heard = |peer: &PeerId| {
        let is_taken = match &message.what {
            What::Bytes(_) => true,
            What::Call { path, table, method, .. } => world.ledger.is_answered(*peer, *path, *table, method),
        };
        message.is_for(*peer) && world.ledger.is_ours(*peer) && is_taken
    };
    message.must_reach = peers.into_iter().filter(is_heard).collect();
    world.ledger.messages.push(message);
}

pub(super) fn register_node_with(world: &mut World, input: &mut Unstructured<'_>) -> Result<()> {
    let index = index(input)?;
    let [path, table] = input.arbitrary::<[u8; 2]>()?;
    let (path, table) = (usize::from(path) % SPAWNER, usize::from(table) % TABLES);
    declare(world, index, path, table, |session, path| session.register_node_with(path, methods(table)));
    Ok(())
}

/// One of ours declares a node. That works if there is none at its path. Answers its key.
pub(super) fn declare(
    world: &mut World,
    index: usize,
    path: usize,
    table: usize,
    add: impl FnOnce(&mut Session, &str) -> std::result::Result<NodeKey, SessionError>,
) -> Option<NodeKey> {
    let (since, is_captive) = (world.acts, world.is_captive(index));
    let end = world.end(index)?;
    let asked = add(&mut end.session, PATHS[path]);
    let is_free = end.at(path).is_none();
    assert!(asked.is_ok() == is_free || end.session.options().max_packet_size < 1000, "{asked:?}");
    let key = end.is_done(asked)?;
    let (id, was_alone) = (end.id, end.session.peers().len() == 0);
    end.nodes.push(DeclaredNode { key, path, table, authority: PeerId::SERVER, since, was_alone });
    if !is_captive {
        world.ledger.declared.insert((id, path), table);
    }
    Some(key)
}

pub(super) fn unregister_node(world: &mut World, input: &mut Unstructured<'_>) -> Result<()> {
    let (index, node) = (index(input)?, input.arbitrary()?);
    read(world, index);
    let Some(end) = world.end(index) else { return Ok(()) };
    let Some(node) = pick(&end.nodes, node) else { return Ok(()) };
    end.session.unregister_node(node.key);
    end.nodes.retain(|other| other.key != node.key);
    withdraw(end, node.path);
    let id = end.id;
    world.ledger.declared.remove(&(id, node.path));
    world.ledger.has_removed = true;
    Ok(())
}

pub(super) fn set_authority(world: &mut World, input: &mut Unstructured<'_>) -> Result<()> {
    let (index, node, authority) = (index(input)?, input.arbitrary::<u8>()?, peer(world, input)?);
    read(world, index);
    let Some(end) = world.end(index) else { return Ok(()) };
    if let Some(node) = pick(&end.nodes, node) {
        assert_eq!(end.session.set_authority(node.key, authority), Ok(()));
        end.nodes
            .iter_mut()
            .filter(|other| other.key == node.key)
            .for_each(|node| node.authority = authority);
        if node.path >= SPAWNER && node.authority != authority {
            withdraw(end, node.path);
            world.ledger.has_handed = true;
        }
    }
    Ok(())
}

/// What was spawned by a node that is gone, or in other hands, goes with it.
fn withdraw(end: &mut End, path: usize) {
    let is_spawner = path == SPAWNER;
    end.sources.retain(|source| source.name.is_some() != is_spawner || path < SPAWNER);
}

pub(super) fn send_auth(world: &mut World, input: &mut Unstructured<'_>) -> Result<()> {
    let (index, peer, len) = (index(input)?, peer(world, input)?, input.arbitrary::<u8>()?);
    if let Some(end) = world.end(index) {
        let asked = end.session.send_auth(peer, &vec![len; len.into()]);
        end.is_done(asked);
    }
    Ok(())
}

pub(super) fn complete_auth(world: &mut World, input: &mut Unstructured<'_>) -> Result<()> {
    let (index, peer) = (index(input)?, peer(world, input)?);
    if let Some(end) = world.end(index) {
        let asked = end.session.complete_auth(peer);
        end.is_done(asked);
    }
    Ok(())
}

pub(super) fn disconnect(world: &mut World, input: &mut Unstructured<'_>) -> Result<()> {
    let (index, peer) = (index(input)?, peer(world, input)?);
    if let Some(end) = world.end(index) {
        let asked = end.session.disconnect_peer(peer);
        if end.is_done(asked).is_some() {
            // A client that disconnects its server leaves.
            if !end.session.is_server() {
                end.hearing.leave();
            }
            assert!(end.session.peers().all(|other| other != peer), "{peer} is still there");
        }
    }
    Ok(())
}

pub(super) fn leave(world: &mut World, input: &mut Unstructured<'_>) -> Result<()> {
    let index = index(input)?;
    if let Some(end) = world.end(index) {
        end.leave();
        assert!(end.session.peers().len() == 0 && end.session.status() == ConnectionStatus::Disconnected);
    }
    Ok(())
}

/// One of ours reads no events until the same is said again.
pub(super) fn hold(world: &mut World, input: &mut Unstructured<'_>) -> Result<()> {
    let index = index(input)?;
    if let Some(end) = world.end(index) {
        end.is_held = !end.is_held;
    }
    Ok(())
}

/// An end reads its events, as it must before it does something that they do not know of.
fn read(world: &mut World, index: usize) {
    if let Some(end) = world.end(index) {
        end.is_held = false;
    }
    world.observe();
}

fn pick(nodes: &[DeclaredNode], choice: u8) -> Option<DeclaredNode> {
    nodes.get(usize::from(choice) % nodes.len().max(1)).copied()
}
