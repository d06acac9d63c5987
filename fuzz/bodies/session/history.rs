//! What all ends have sent and declared: the events at the other ends are compared with it.

use std::collections::BTreeMap;

use crate::{
    multiplayer::{Caller, Method, Methods, Parameter, PeerId, Target},
    variant::{Array, Variant, Vector2},
};

const ROOT: &str = ".";

/// The paths of nodes: first those with methods, then a spawner and a synchronizer.
pub(super) const PATHS: [&str; 6] = ["Game", "Game/Kid", ROOT, "Ä b", "Level/Spawner", "Level/Sync"];
pub(super) const SPAWNER: usize = 4;
pub(super) const SYNCHRONIZER: usize = 5;

/// The methods of the tables. The first argument of a call carries the number of the message.
pub(super) const METHODS: [&str; 5] = ["say", "bytes", "order", "local", "never"];

/// The method that takes a sole `PackedByteArray`.
const BYTES: &str = "bytes";

/// The number of tables: all of the methods; all but one; none.
pub(super) const TABLES: usize = 3;
pub(super) const NO_METHODS: usize = 2;

/// A message that one of our ends has sent. Its number is its index in [`History::messages`].
#[derive(Debug)]
pub(super) struct SentMessage {
    pub(super) from: PeerId,
    pub(super) to: Target,
    pub(super) content: Content,
    /// The peers that must receive it, unless they or the sender disconnect.
    pub(super) must_reach: Vec<PeerId>,
}

#[derive(Debug, PartialEq)]
pub(super) enum Content {
    Bytes(Vec<u8>),
    Call { path: usize, table: usize, method: &'static str, arguments: Vec<Variant> },
}

#[derive(Debug, Default)]
pub(super) struct History {
    pub(super) messages: Vec<SentMessage>,
    /// The packets of each scripted client.
    pub(super) scripted: BTreeMap<PeerId, Vec<Vec<u8>>>,
    /// The table at each path, at each of our ends.
    pub(super) declared: BTreeMap<(PeerId, usize), usize>,
    /// `true` if any node was unregistered: a call may then arrive too late.
    pub(super) has_unregistered: bool,
    /// `true` if the authority of any spawner or synchronizer was changed.
    pub(super) has_transferred: bool,
}

impl History {
    /// The number of the next message.
    pub(super) fn next(&self) -> u32 {
        self.messages.len() as u32
    }

    pub(super) fn message(&self, number: u32) -> Option<&SentMessage> {
        self.messages.get(number as usize)
    }

    pub(super) fn is_ours(&self, peer: PeerId) -> bool {
        !self.scripted.contains_key(&peer)
    }

    /// Returns `true` if this end accepts a call: it has declared the same table, and every peer may call the method.
    pub(super) fn is_accepted(&self, peer: PeerId, path: usize, table: usize, method: &str) -> bool {
        let is_declared = self.declared.get(&(peer, path)) == Some(&table);
        is_declared && caller(method) == Caller::AnyPeer
    }
}

impl SentMessage {
    /// Returns `true` if this peer is a target.
    pub(super) fn is_for(&self, peer: PeerId) -> bool {
        // The sender is among "all" for a call, which may be local, but not for bytes.
        let is_among_all = peer != self.from || matches!(self.content, Content::Call { .. });
        match self.to {
            Target::All => is_among_all,
            Target::Peer(one) => peer == one,
            Target::AllExcept(except) => peer != except && is_among_all,
        }
    }
}

/// The methods of a table.
pub(super) fn methods(table: usize) -> Methods {
    let left_out = ["", METHODS[0]].get(table);
    let kept = METHODS.iter().filter(|name| left_out.is_some_and(|left_out| *name != left_out));
    kept.fold(Methods::new(), |methods, name| methods.with(method(name)))
}

fn method(name: &'static str) -> Method {
    let method = Method::new(name);
    match name {
        BYTES => method.any_peer().parameter(Parameter::of::<Vec<u8>>("bytes")),
        "order" => method.call_local().parameter(Parameter::of::<i64>("number")).variadic(),
        "local" => method.any_peer().call_local().node_level().variadic(),
        "never" => method.disabled().variadic(),
        _ => method.any_peer().parameter(Parameter::any("number")).variadic(),
    }
}

pub(super) fn caller(method: &str) -> Caller {
    match method {
        "order" => Caller::Authority,
        "never" => Caller::Disabled,
        _ => Caller::AnyPeer,
    }
}

/// Bytes that carry the number of a message, with this many more.
pub(super) fn bytes(number: u32, more: u8) -> Vec<u8> {
    let mut bytes = number.to_le_bytes().to_vec();
    bytes.resize(bytes.len() + usize::from(more), number as u8);
    bytes
}

/// The arguments of a call that carry the number of a message.
pub(super) fn arguments(method: &str, number: u32, choice: u8) -> Vec<Variant> {
    if method == BYTES {
        return vec![bytes(number, choice).into()];
    }
    let mut arguments = vec![Variant::from(i64::from(number))];
    match choice % 6 {
        0 => {}
        1 => arguments.push(Variant::Nil),
        2 => arguments.push("text".into()),
        3 => arguments.extend([Variant::Float(1.5), true.into()]),
        4 => arguments.push(Array::from(vec![Variant::Int(-1), Vector2::new(1.0, 2.0).into()]).into()),
        _ => arguments.extend([vec![1_u8, 2, 3].into(), Variant::Nil]),
    }
    arguments
}

/// The number that bytes carry.
pub(super) fn number_of_bytes(bytes: &[u8]) -> Option<u32> {
    bytes.first_chunk().map(|number| u32::from_le_bytes(*number))
}

/// The number that arguments carry.
pub(super) fn number_of_arguments(arguments: &[Variant]) -> Option<u32> {
    match arguments.first()? {
        Variant::Int(number) => u32::try_from(*number).ok(),
        Variant::PackedByteArray(bytes) => number_of_bytes(bytes),
        _ => None,
    }
}
