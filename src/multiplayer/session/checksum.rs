//! The methods that the other end may have registered, from a checksum that differs from ours.

use crate::multiplayer::rpc::{Methods, NO_METHODS};

/// The number of other nodes whose checksums are compared.
const MAX_COMPARED: usize = 64;

/// Returns the list of names with this checksum, if it is one of `others`, or `ours` without one name.
///
/// It compares cached checksums and computes none: a remote peer can trigger this for every node.
pub(super) fn find<'a>(
    md5: &[u8; 32],
    ours: &Methods,
    others: impl Iterator<Item = &'a Methods>,
) -> Option<Vec<String>> {
    let known = others.take(MAX_COMPARED).find(|methods| methods.md5_digits() == md5);
    if let Some(methods) = known {
        return Some(names(methods));
    }
    if md5 == NO_METHODS {
        return Some(Vec::new());
    }
    let left_out = ours.md5_without_each().iter().position(|candidate| candidate == md5)?;
    let others = ours.names().enumerate().filter(|(index, _)| *index != left_out);
    Some(others.map(|(_, name)| name.to_owned()).collect())
}

pub(super) fn names(methods: &Methods) -> Vec<String> {
    methods.names().map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::multiplayer::rpc::Method;

    fn methods(names: &[&'static str]) -> Methods {
        names.iter().fold(Methods::new(), |methods, name| methods.with(Method::new(*name)))
    }

    #[test]
    fn the_list_of_another_node_and_ours_without_one_name_are_found() {
        let ours = methods(&["a", "b", "c"]);
        let other = methods(&["x", "y"]);
        for (theirs, found) in [
            (&["a", "c"][..], true),
            (&["a", "b"], true),
            (&["x", "y"], true),
            (&[], true),
            (&["a"], false),
            (&["a", "b", "c", "d"], false),
        ] {
            let theirs = methods(theirs);
            let expected = found.then(|| names(&theirs));
            assert_eq!(find(theirs.md5_digits(), &ours, [&ours, &other].into_iter()), expected);
        }
    }
}
