//! What README.md and CHANGELOG.md have to say.

use std::collections::BTreeSet;

use crate::code::{blank, find_word, use_tree};
use crate::manifest::{features, package_value};
use crate::tree::File;

/// Types that the crate offers and the front page does not mention.
pub fn missing_types(lib: &str, readme: &str) -> Vec<String> {
    let names = exported(lib);
    assert!(!names.is_empty(), "src/lib.rs was not understood: it seems to export nothing");
    let missing = names.iter().filter(|name| find_word(readme, name).is_none());
    missing.map(|name| format!("README.md: mention `{name}`, for what it is good for")).collect()
}

/// The names after each `pub use`.
fn exported(lib: &str) -> Vec<String> {
    let code = blank(lib);
    let mut paths = Vec::new();
    for (at, start) in code.match_indices("pub use ") {
        use_tree(&code, at + start.len(), &[], &mut paths);
    }
    paths.into_iter().filter_map(|(_, path)| Some((*path.last()?).to_owned())).collect()
}

/// Features that the front page does not mention.
pub fn missing_features(manifest: &str, readme: &str) -> Vec<String> {
    let missing = features(manifest).into_iter().filter(|name| !readme.contains(&format!("`{name}`")));
    missing.map(|name| format!("README.md: say what feature `{name}` is for")).collect()
}

/// Lines that tell users to depend on another version than this one.
pub fn readme_version(manifest: &str, readme: &str) -> Vec<String> {
    let version = package_value(manifest, "version");
    let name = package_value(manifest, "name");
    let mut found = Vec::new();
    let mut told = readme.contains(&format!("cargo add {name}"));
    for line in readme.lines() {
        let value = line.strip_prefix(name).and_then(|rest| rest.trim_start().strip_prefix('='));
        let Some(wanted) = value.and_then(|value| value.split('"').nth(1)) else { continue };
        told = true;
        if version != wanted && !version.starts_with(&format!("{wanted}.")) {
            found.push(format!("README.md: `{line}`, but Cargo.toml is at {version}"));
        }
    }
    if !told {
        found.push(format!("README.md: say how to depend on it: `{name} = \"…\"` or `cargo add {name}`"));
    }
    found
}

/// Keep a Changelog: what is to come stands first, then the versions, the newest first.
pub fn changelog_version(manifest: &str, changelog: &str) -> Vec<String> {
    let version = package_value(manifest, "version");
    let mut headings = changelog.lines().filter_map(|line| line.strip_prefix("## ["));
    let mut found = Vec::new();
    if !headings.next().is_some_and(|heading| heading.starts_with("Unreleased]")) {
        found.push(
            "CHANGELOG.md: let `## [Unreleased]` be the first heading; changes are written there".to_owned(),
        );
    }
    // Before the first release there is no other.
    if let Some(newest) = headings.next().filter(|heading| !heading.starts_with(&format!("{version}] - "))) {
        found.push(format!(
            "CHANGELOG.md: the newest version is `## [{newest}`, but Cargo.toml is at {version}"
        ));
    }
    found
}

/// Tests and files that a paper names, and that are not there. A test is what is written like one: in backquotes, in words
/// between underscores, of which there are four at the least.
pub fn named_in_vain<'a>(paper: &str, text: &str, files: impl Iterator<Item = &'a File>) -> Vec<String> {
    let files: Vec<&File> = files.collect();
    let is_word = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    let functions: BTreeSet<&str> = files
        .iter()
        .flat_map(|file| file.code.split("fn ").skip(1))
        .filter_map(|rest| rest.split(|c| !is_word(c)).next())
        .collect();
    let mut found = Vec::new();
    for name in text.split('`').skip(1).step_by(2) {
        let is_test = name.matches('_').count() > 3 && name.chars().all(is_word);
        let is_there = if name.ends_with(".rs") && name.contains('/') {
            files.iter().any(|file| file.path == name)
        } else {
            !is_test || functions.contains(name)
        };
        if !is_there {
            found.push(format!("{paper}: there is no `{name}` any more"));
        }
    }
    found
}

#[cfg(test)]
mod planted {
    use super::*;

    #[test]
    fn a_test_that_is_named_in_vain_is_seen() {
        let file = File::new("tests/a.rs", "fn it_is_so_right_here() {} fn max_b() {}");
        let paper = "`tests/a.rs`: `it_is_so_right_here`, `max_c`, `1 -> a_b_c_d_e`, `tests/b.rs`, `it_is_so_right_there`";
        assert_eq!(named_in_vain("p", paper, [&file].into_iter()).len(), 2);
    }

    const MANIFEST: &str = "[package]\nname = \"p\"\nversion = \"0.1.0\"\n[features]\n## For a.\na-b = []\n";

    #[test]
    fn a_type_that_is_not_mentioned_is_seen() {
        let lib = "mod a;\npub use a::{One, Two};\npub use b::Three;\nuse c::Four;";
        assert_eq!(missing_types(lib, "One, `Two` and [Three]."), Vec::<String>::new());
        assert_eq!(missing_types(lib, "OneMore, `Two`").len(), 2);
    }

    #[test]
    fn a_feature_that_is_not_mentioned_is_seen() {
        assert_eq!(missing_features(MANIFEST, "Feature `a-b` is for a.").len(), 0);
        assert_eq!(missing_features(MANIFEST, "Features: `a`.").len(), 1);
    }

    #[test]
    fn another_version_is_seen() {
        for (readme, expected) in [
            ("p = \"0.1\"", 0),
            ("p = { version = \"0.1.0\", features = [\"a\"] }", 0),
            ("cargo add p", 0),
            ("p = \"0.2\"", 1),
            ("p = \"0.1.0\"\np = \"0.0\"", 1),
            ("nothing", 1),
        ] {
            assert_eq!(readme_version(MANIFEST, readme).len(), expected, "{readme}");
        }
        for (changelog, expected) in [
            ("## [Unreleased]\n", 0),
            ("## [Unreleased]\n## [0.1.0] - 2020-02-02\n## [0.0.1] - 2020-01-01\n", 0),
            ("## [0.1.0] - 2020-02-02\n", 1),
            ("## [Unreleased]\n## [0.2.0] - 2020-02-02\n", 1),
            ("# Changes", 1),
        ] {
            assert_eq!(changelog_version(MANIFEST, changelog).len(), expected, "{changelog}");
        }
    }
}
