//! Keys by which the program knows the nodes of a session.

use std::{
    fmt,
    marker::PhantomData,
    sync::atomic::{AtomicU64, Ordering},
};

use super::{
    event::Call,
    rpc::{CallError, Rpc},
};

/// The key of a node that was registered or spawned. It is unique in the process: no other node of any session gets it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeKey(u64);

impl NodeKey {
    pub(super) fn unique() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        Self(NEXT.fetch_add(1, Ordering::Relaxed))
    }

    /// Returns the key as a number, for JavaScript.
    #[cfg(feature = "js")]
    pub(crate) fn number(self) -> u64 {
        self.0
    }
}

impl fmt::Display for NodeKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "node {}", self.0)
    }
}

/// A node whose calls are the enum `R`: [`Session::register_node`](super::Session::register_node).
pub struct Node<R> {
    key: NodeKey,
    calls: PhantomData<fn(R) -> R>,
}

impl<R: Rpc> Node<R> {
    pub(super) fn new(key: NodeKey) -> Self {
        Self { key, calls: PhantomData }
    }

    /// Returns its key, which [`Call`]s contain.
    pub fn key(self) -> NodeKey {
        self.key
    }

    /// Converts a call to the typed call. Returns `None` if it is for another node.
    ///
    /// # Errors
    /// [`CallError`] if `R` does not have the method or does not take its arguments. A session checks both before it
    /// reports a call, so a call from a session never fails.
    pub fn read(self, call: Call) -> Option<Result<R, CallError>> {
        (call.node == self.key).then(|| R::from_call(&call.method, call.arguments))
    }
}

impl<R> From<Node<R>> for NodeKey {
    fn from(node: Node<R>) -> Self {
        node.key
    }
}

// A derived implementation would require the same of `R`.
impl<R> Clone for Node<R> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<R> Copy for Node<R> {}

impl<R> PartialEq for Node<R> {
    fn eq(&self, other: &Self) -> bool {
        self.key == other.key
    }
}

impl<R> Eq for Node<R> {}

impl<R> fmt::Debug for Node<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Node").field(&self.key).finish()
    }
}
