//! `StringName` and `NodePath`.

use std::{fmt, ops::Deref};

/// A name. Godot interns these strings; here it is a [`String`] with its own type.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct StringName(pub String);

/// A path to a node or to one of its properties, such as `../Enemy:position:x`.
///
/// ```
/// use websocket_peer::variant::NodePath;
///
/// let path = NodePath::from("/root/Main:position");
/// assert!(path.absolute);
/// assert_eq!(path.names, ["root", "Main"]);
/// assert_eq!(path.subnames, ["position"]);
/// assert_eq!(path.to_string(), "/root/Main:position");
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct NodePath {
    /// The names of the nodes.
    pub names: Vec<String>,
    /// The name of the property, and names in it.
    pub subnames: Vec<String>,
    /// `true` if the path begins at the root of the scene tree.
    pub absolute: bool,
}

impl StringName {
    /// Returns the name as a string slice.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&str> for StringName {
    fn from(name: &str) -> Self {
        Self(name.to_owned())
    }
}

impl From<String> for StringName {
    fn from(name: String) -> Self {
        Self(name)
    }
}

impl From<StringName> for String {
    fn from(name: StringName) -> Self {
        name.0
    }
}

impl Deref for StringName {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl AsRef<str> for StringName {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for StringName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl From<&str> for NodePath {
    /// Parses a path. Empty node names are skipped: `a//b/` is `a/b`. As in Godot, a path with an empty property before
    /// its end, such as `a::b`, is invalid and becomes the empty path.
    fn from(path: &str) -> Self {
        let mut parts = path.split(':');
        let nodes = parts.next().unwrap_or_default();
        let mut subnames = owned(parts);
        if subnames.last().is_some_and(String::is_empty) {
            subnames.pop();
        }
        if subnames.iter().any(String::is_empty) {
            return Self::default();
        }
        let names = owned(nodes.split('/').filter(|name| !name.is_empty()));
        Self { names, subnames, absolute: nodes.starts_with('/') }
    }
}

/// Collects names without spare capacity: the path may come from an untrusted peer, and its memory is counted.
fn owned<'a>(names: impl Iterator<Item = &'a str> + Clone) -> Vec<String> {
    let mut owned = Vec::with_capacity(names.clone().count());
    owned.extend(names.map(str::to_owned));
    owned
}

impl From<String> for NodePath {
    fn from(path: String) -> Self {
        Self::from(path.as_str())
    }
}

impl fmt::Display for NodePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.absolute {
            f.write_str("/")?;
        }
        for (index, name) in self.names.iter().enumerate() {
            let separator = if index > 0 { "/" } else { "" };
            write!(f, "{separator}{name}")?;
        }
        self.subnames.iter().try_for_each(|subname| write!(f, ":{subname}"))
    }
}
