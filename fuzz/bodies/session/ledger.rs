//! What everybody has truly said, and declared: what the ends are told is held against it.

use std::collections::BTreeMap;

use crate::{
    multiplayer::{Caller, Method, Methods, Parameter, PeerId, Target},
    variant::{Array, Variant, Vector2},
};

const ROOT: &str = ".";

/// Where nodes are declared: first those with methods, then a spawner and a synchronizer.
pub(super) const PATHS: [&str; 6] = ["Game", "Game/Kid", ROOT, "Ä b", "Level/Spawner", "Level/Sync"];
pub(super) const SPAWNER: usize = 4;
pub(super) const SYNCHRONIZER: usize = 5;

/// The methods of our tables. Each number of a message is in the first argument.
pub(super) const METHODS: [&str; 5] = ["say", "bytes", "order", "local", "never"];

/// The method that takes a sole `PackedByteArray`.
const BYTES: &str = "bytes";

/// All of the methods; all but one; none.
pub(super) const TABLES: usize = 3;
pub(super) const NO_METHODS: usize = 2;

/// What one of ours has sent. Its number is its place among all of these.
#[derive(Debug)]
pub(super) struct Message {
    pub(super) from: PeerId,
    pub(super) to: Target,
    pub(super) what: What,
    /// Who gets it, unless somebody leaves.
    pub(super) must_reach: Vec<PeerId>,
}

#[derive(Debug, PartialEq)]
pub(super) enum What {
    Bytes(Vec<u8>),
    Call { path: usize, table: usize, method: &'static str, arguments: Vec<Variant> },
}

/// Everything.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    pub(super) messages: Vec<Message>,
    /// The packets of each stranger.
    pub(super) strangers: BTreeMap<PeerId, Vec<Vec<u8>>>,
    /// Which table is at which path, at each of ours.
    pub(super) declared: BTreeMap<(PeerId, usize), usize>,
    /// Whether a node was removed anywhere: then a call may come too late for it.
    pub(super) has_removed: bool,
    /// Whether a spawner or a synchronizer was given into other hands anywhere.
    pub(super) has_handed: bool,
}

impl Ledger {
    /// The number of the message that will be added next.
    pub(super) fn next(&self) -> u32 {
        self.messages.len() as u32
    }

    pub(super) fn message(&self, number: u32) -> Option<&Message> {
        self.messages.get(number as usize)
    }

    pub(super) fn is_ours(&self, peer: PeerId) -> bool {
        !self.strangers.contains_key(&peer)
    }

    /// Whether a call gets through to this end: the same methods are declared at both, and this one is for everybody.
    pub(super) fn is_answered(&self, peer: PeerId, path: usize, table: usize, method: &str) -> bool {
        let is_declared = self.declared.get(&(peer, path)) == Some(&table);
        is_declared && caller(method) == Caller::AnyPeer
    }
}

impl Message {
    /// Whether it is for this peer.
    pub(super) fn is_for(&self, peer: PeerId) -> bool {
        match self.to {
            // A call may be local; bytes are not.
            Target::All => peer != self.from || matches!(self.what, What::Call { .. }),
            Target::Peer(one) => peer == one,
            Target::AllExcept(except) => {
                peer != except && (peer != self.from || matches!(self.what, What::Call { .. }))
            }
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

/// Bytes that tell their number, and so many more.
pub(super) fn bytes(number: u32, more: u8) -> Vec<u8> {
    let mut bytes = number.to_le_bytes().to_vec();
    bytes.resize(bytes.len() + usize::from(more), number as u8);
    bytes
}

/// The arguments of a call that tell its number.
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

/// The number that bytes tell.
pub(super) fn number_of_bytes(bytes: &[u8]) -> Option<u32> {
    bytes.first_chunk().map(|number| u32::from_le_bytes(*number))
}

/// The number that arguments tell.
pub(super) fn number_of_arguments(arguments: &[Variant]) -> Option<u32> {
    match arguments.first()? {
        Variant::Int(number) => u32::try_from(*number).ok(),
        Variant::PackedByteArray(bytes) => number_of_bytes(bytes),
        _ => None,
    }
}
