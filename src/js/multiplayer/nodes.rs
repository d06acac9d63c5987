//! The nodes of a client, by their JavaScript numbers.

use std::collections::BTreeMap;

use wasm_bindgen::{JsValue, prelude::wasm_bindgen};

use crate::{
    js::values::{self, Thrown},
    multiplayer::{NodeKey, SessionError},
};

#[wasm_bindgen(typescript_custom_section)]
const TYPES: &str = r#"
/** A node that was registered or spawned. Unique in the page, also among several clients. */
export type NodeKey = number & { readonly [nodeKey]: true };
declare const nodeKey: unique symbol;
"#;

/// The nodes that exist now.
#[derive(Default)]
pub(super) struct NodeHandles(BTreeMap<u64, NodeKey>);

impl NodeHandles {
    /// Adds a node, and returns its number.
    pub(super) fn add(&mut self, node: NodeKey) -> f64 {
        self.0.insert(node.number(), node);
        number(node)
    }

    pub(super) fn remove(&mut self, key: NodeKey) {
        self.0.remove(&key.number());
    }

    /// Returns the node with this number.
    pub(super) fn get(&self, node: &JsValue) -> Result<NodeKey, Thrown> {
        let wanted = values::number("node", node)?;
        // The cast saturates and truncates. A number that it changed is not a node's.
        let found = self.0.get(&(wanted as u64)).copied().filter(|node| number(*node) == wanted);
        Ok(found.ok_or(SessionError::UnknownNode)?)
    }
}

/// Returns the number of a node. It is exact up to 2^53.
pub(super) fn number(key: NodeKey) -> f64 {
    key.number() as f64
}
