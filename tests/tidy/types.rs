//! One name, one type: no two types of the library share a name by accident.

use std::collections::BTreeMap;

use crate::code::words;
use crate::tree::File;

/// Types with the same name and role in two places, of which one build has one.
const COUNTERPARTS: [(&str, &str); 6] = [
    ("Client", "TLS on and off"),
    ("Notifier", "native, of pages, and as each of their backends fills it in"),
    ("Reactor", "native and of pages"),
    ("Server", "TLS on and off"),
    ("Socket", "native, of pages, and as each of their backends fills it in"),
    ("TlsStream", "TLS on and off"),
];

/// Types that are declared more than once.
pub fn shared_names<'a>(files: impl Iterator<Item = &'a File>) -> Vec<String> {
    let mut places: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for file in files {
        let code = file.code_without_tests();
        let mut previous = "";
        for (at, word) in words(code) {
            // A `type` within an `impl` or a `trait` is indented.
            let is_item = |keyword: &str| {
                matches!(keyword, "struct" | "enum" | "trait" | "union")
                    || keyword == "type"
                        && code[..at].lines().next_back().is_some_and(|line| !line.starts_with(' '))
            };
            // A lower-case name is a variable of a macro.
            if is_item(previous) && word.starts_with(char::is_uppercase) {
                places.entry(word).or_default().push(file.at(at, ""));
            }
            previous = word;
        }
    }
    places
        .into_iter()
        .filter(|(name, places)| places.len() > 1 && !COUNTERPARTS.iter().any(|(known, _)| known == name))
        .map(|(name, places)| {
            format!("`{name}` names {} types: {}give each its own name", places.len(), places.concat())
        })
        .collect()
}

#[test]
fn a_shared_name_is_found() {
    let one = File::new(
        "src/a.rs",
        "struct A;\nenum B {}\nimpl C for D {\n    type Error = A;\n}\n#[cfg(test)]\nstruct B;",
    );
    let two = File::new("src/b.rs", "pub(crate) trait A {\n    type Error;\n}\ntype E = u8;\n");
    let found = shared_names([&one, &two].into_iter());
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].starts_with("`A` names 2 types: src/a.rs:1"), "{found:?}");
}
