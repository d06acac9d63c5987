//! The other members that a client knows of.

use std::collections::BTreeMap;

use websocket_peer::multiplayer::PeerId;

use crate::protocol::is_same_name;

/// The most members that are known at once. A server can announce more, and those stay unknown.
const MAX_MEMBERS: usize = 4096;

/// Members by id, and their names.
#[derive(Debug, Default)]
pub(super) struct Members(BTreeMap<PeerId, Option<String>>);

impl Members {
    /// Adds a member without a name. Returns `false` if it is known.
    pub(super) fn add(&mut self, id: PeerId) -> bool {
        let is_new = !self.contains(id);
        if is_new && self.0.len() < MAX_MEMBERS {
            self.0.insert(id, None);
        }
        is_new
    }

    /// Sets the name of a member, which need not be known. Returns the name before.
    pub(super) fn rename(&mut self, id: PeerId, name: String) -> Option<String> {
        self.add(id);
        self.0.get_mut(&id)?.replace(name)
    }

    /// Removes a member. Returns its name.
    pub(super) fn remove(&mut self, id: PeerId) -> Option<String> {
        self.0.remove(&id).flatten()
    }

    pub(super) fn contains(&self, id: PeerId) -> bool {
        self.0.contains_key(&id)
    }

    pub(super) fn name(&self, id: PeerId) -> Option<&str> {
        self.0.get(&id)?.as_deref()
    }

    pub(super) fn has_name(&self, name: &str) -> bool {
        self.0.values().flatten().any(|taken| is_same_name(taken, name))
    }

    pub(super) fn iter(&self) -> impl ExactSizeIterator<Item = (PeerId, Option<&str>)> {
        self.0.iter().map(|(&id, name)| (id, name.as_deref()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_of_members_is_bounded() {
        let mut members = Members::default();
        let ids = || (2..20_000).filter_map(PeerId::new);
        for id in ids() {
            members.add(id);
            members.rename(id, format!("{id}"));
        }
        assert_eq!(members.iter().len(), MAX_MEMBERS);
        for id in ids() {
            members.remove(id);
        }
        assert_eq!(members.iter().len(), 0);
    }
}
