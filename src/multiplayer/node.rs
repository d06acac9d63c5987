//! By what names the program knows the nodes of a session.

use std::{
    fmt,
    marker::PhantomData,
    sync::atomic::{AtomicU64, Ordering},
};

use super::{
    event::Call,
    rpc::{CallError, Rpc},
};

/// The name of a node that was declared to a session. It is never given to another, in no session of the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeKey(u64);

impl NodeKey {
    pub(super) fn unique() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        Self(NEXT.fetch_add(1, Ordering::Relaxed))
    }

    /// For shells whose handles are numbers.
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

/// A node whose calls are those of the enum `R`: [`Session::register_node`](super::Session::register_node).
pub struct Node<R> {
    key: NodeKey,
    calls: PhantomData<fn(R) -> R>,
}

impl<R: Rpc> Node<R> {
    pub(super) fn new(key: NodeKey) -> Self {
        Self { key, calls: PhantomData }
    }

    /// Its name, as it stands in a [`Call`].
    pub fn key(self) -> NodeKey {
        self.key
    }

    /// The typed call; `None` if it is of another node.
    ///
    /// # Errors
    /// [`CallError`], where `R` does not know the method or its arguments. A session has checked them before it tells of a
    /// call, so what comes from there is never wrong.
    pub fn read(self, call: Call) -> Option<Result<R, CallError>> {
        (call.node == self.key).then(|| R::from_call(&call.method, call.arguments))
    }
}

impl<R> From<Node<R>> for NodeKey {
    fn from(node: Node<R>) -> Self {
        node.key
    }
}

// Derived, these would ask the same of `R`, of which a node holds nothing.
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
