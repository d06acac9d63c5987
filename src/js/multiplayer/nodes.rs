//! The nodes of a client by the numbers that stand for them in JavaScript.

use std::collections::BTreeMap;

use wasm_bindgen::{JsValue, prelude::wasm_bindgen};

use super::{
    methods::Parameters,
    scenes::{PropertyKinds, SceneKinds},
};
use crate::{
    Error,
    js::values::{self, Thrown},
    multiplayer::NodeKey,
};

#[wasm_bindgen(typescript_custom_section)]
const TYPES: &str = r#"
/** A node that was declared or spawned. No two of a page are the same, not even of two clients. */
export type NodeKey = number & { readonly [nodeKey]: true };
declare const nodeKey: unique symbol;
"#;

/// The nodes that are declared at present.
#[derive(Default)]
pub(super) struct Nodes(BTreeMap<u64, Node>);

/// A node, and the types of what is declared about it.
pub(super) struct Node {
    pub(super) key: NodeKey,
    pub(super) parameters: Parameters,
    pub(super) properties: PropertyKinds,
    pub(super) scenes: SceneKinds,
}

impl Node {
    pub(super) fn new(key: NodeKey) -> Self {
        Self {
            key,
            parameters: Parameters::default(),
            properties: PropertyKinds::default(),
            scenes: SceneKinds::default(),
        }
    }
}

impl Nodes {
    /// Keeps a node. What stands for it is the answer.
    pub(super) fn add(&mut self, node: Node) -> f64 {
        let number = number(node.key);
        self.0.insert(node.key.number(), node);
        number
    }

    pub(super) fn remove(&mut self, key: NodeKey) {
        self.0.remove(&key.number());
    }

    /// The node that this stands for.
    pub(super) fn get(&self, node: &JsValue) -> Result<&Node, Thrown> {
        let wanted = values::number("node", node)?;
        // The cast saturates and truncates; what it changed is no node's number.
        let found = self.0.get(&(wanted as u64)).filter(|node| number(node.key) == wanted);
        Ok(found.ok_or(Error::UnknownNode)?)
    }
}

/// What stands for a node in JavaScript. Nobody declares so many that it would not be exact.
pub(super) fn number(key: NodeKey) -> f64 {
    key.number() as f64
}
