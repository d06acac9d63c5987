//! What the other end may have declared, when its checksum is not ours.

use crate::multiplayer::rpc::{Methods, checksum};

/// How many lists are tried, and how many names each may have: a stranger makes us do this.
const MAX_TRIES: usize = 64;

/// The list with this checksum, if it is one of `others`, or `ours` without one of its names.
pub(super) fn find<'a>(
    md5: &[u8; 32],
    ours: &Methods,
    others: impl Iterator<Item = &'a Methods>,
) -> Option<Vec<String>> {
    let known = others.take(MAX_TRIES).find(|methods| methods.md5_digits() == md5);
    if let Some(methods) = known {
        return Some(names(methods));
    }
    let empty = Methods::new();
    if empty.md5_digits() == md5 {
        return Some(Vec::new());
    }
    let all = names(ours);
    if all.len() > MAX_TRIES {
        return None;
    }
    let without = |left_out: usize| {
        let others = all.iter().enumerate().filter(move |(index, _)| *index != left_out);
        others.map(|(_, name)| name.as_str())
    };
    let left_out = (0..all.len()).find(|left_out| checksum(without(*left_out)) == *md5)?;
    Some(without(left_out).map(str::to_owned).collect())
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
    fn a_list_like_ours_or_like_one_of_ours_is_found() {
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

    #[test]
    fn long_lists_are_not_tried() {
        let all: Vec<String> = (0..=MAX_TRIES).map(|number| format!("{number:03}")).collect();
        let declare =
            |names: &[String]| names.iter().fold(Methods::new(), |m, n| m.with(Method::new(n.clone())));
        let (ours, theirs) = (declare(&all), declare(&all[1..]));
        assert_eq!(find(theirs.md5_digits(), &ours, [&ours].into_iter()), None);
    }
}
