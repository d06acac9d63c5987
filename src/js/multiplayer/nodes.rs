//! The nodes of a client by the numbers that stand for them in JavaScript.

use std::collections::BTreeMap;

use wasm_bindgen::{JsValue, prelude::wasm_bindgen};

use crate::{
    js::values::{self, Thrown},
    multiplayer::{NodeKey, SessionError},
};

#[wasm_bindgen(typescript_custom_section)]
const TYPES: &str = r#"
/** A node that was declared or spawned. No two of a page are the same, not even of two clients. */
export type NodeKey = number & { readonly [nodeKey]: true };
declare const nodeKey: unique symbol;
"#;

/// The nodes that are declared at present.
#[derive(Default)]
pub(super) struct Nodes(BTreeMap<u64, NodeKey>);

impl Nodes {
    /// Keeps a node. What stands for it is the answer.
    pub(super) fn add(&mut self, node: NodeKey) -> f64 {
        self.0.insert(node.number(), node);
        number(node)
    }

    pub(super) fn remove(&mut self, key: NodeKey) {
        self.0.remove(&key.number());
    }

    /// The node that this stands for.
    pub(super) fn get(&self, node: &JsValue) -> Result<NodeKey, Thrown> {
        let wanted = values::number("node", node)?;
        // The cast saturates and truncates; what it changed is no node's number.
        let found = self.0.get(&(wanted as u64)).copied().filter(|node| number(*node) == wanted);
        Ok(found.ok_or(SessionError::UnknownNode)?)
    }
}

/// What stands for a node in JavaScript. Nobody declares so many that it would not be exact.
pub(super) fn number(key: NodeKey) -> f64 {
    key.number() as f64
}
