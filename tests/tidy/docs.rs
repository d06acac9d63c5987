//! Rules for README.md, CHANGELOG.md and the other documents.

use std::collections::BTreeSet;
use std::path::{Component, Path, PathBuf};

use crate::code::is_word;
use crate::manifest::{features, package_value};
use crate::tree::File;

/// The most lines that the front page may have.
const README_LINES: usize = 130;

pub fn readme_length(readme: &str) -> Vec<String> {
    let lines = readme.lines().count();
    if lines <= README_LINES {
        return Vec::new();
    }
    vec![format!("README.md: {lines} lines; move details to docs/, so that {README_LINES} are enough")]
}

/// Features that the front page does not mention.
pub fn missing_features(manifest: &str, readme: &str) -> Vec<String> {
    let missing = features(manifest).into_iter().filter(|name| !readme.contains(&format!("`{name}`")));
    missing.map(|name| format!("README.md: say what feature `{name}` is for")).collect()
}

/// Lines that name another version than this one.
pub fn readme_version(manifest: &str, readme: &str) -> Vec<String> {
    let version = package_value(manifest, "version");
    let name = package_value(manifest, "name");
    let mut found = Vec::new();
    let mut is_shown = readme.contains(&format!("cargo add {name}"));
    for line in readme.lines() {
        let value = line.strip_prefix(name).and_then(|rest| rest.trim_start().strip_prefix('='));
        let Some(wanted) = value.and_then(|value| value.split('"').nth(1)) else { continue };
        is_shown = true;
        if version != wanted && !version.starts_with(&format!("{wanted}.")) {
            found.push(format!("README.md: `{line}`, but Cargo.toml is at {version}"));
        }
    }
    if !is_shown {
        found.push(format!("README.md: show how to depend on it: `{name} = \"…\"` or `cargo add {name}`"));
    }
    found
}

/// Keep a Changelog: the unreleased changes come first, then the versions, the newest first.
pub fn changelog_version(manifest: &str, changelog: &str) -> Vec<String> {
    let version = package_value(manifest, "version");
    let mut headings = changelog.lines().filter_map(|line| line.strip_prefix("## ["));
    let mut found = Vec::new();
    if !headings.next().is_some_and(|heading| heading.starts_with("Unreleased]")) {
        found
            .push("CHANGELOG.md: let `## [Unreleased]` be the first heading; write changes there".to_owned());
    }
    // Before the first release there is no other heading.
    if let Some(newest) = headings.next().filter(|heading| !heading.starts_with(&format!("{version}] - "))) {
        found.push(format!(
            "CHANGELOG.md: the newest version is `## [{newest}`, but Cargo.toml is at {version}"
        ));
    }
    found
}

/// Links of a Markdown file that lead nowhere: to a missing file or heading, or to a Rust item, which only rustdoc resolves.
pub fn dead_links<'a>(
    file: &File,
    files: impl Fn(&str) -> Option<&'a str>,
    exists: impl Fn(&str) -> bool,
) -> Vec<String> {
    let text = without_code(&file.text);
    let definitions = definitions(&text);
    let mut found = Vec::new();
    for (at, target) in targets(&text) {
        let dead = match target.split_once('#').unwrap_or((target, "")) {
            _ if target.starts_with("https://") || target.starts_with("http://") => None,
            _ if target.contains("::") || target.contains('`') => Some("only rustdoc resolves Rust items"),
            (path, anchor) => {
                let path = if path.is_empty() { file.path.clone() } else { join(&file.path, path) };
                if !exists(&path) {
                    Some("there is no such file")
                } else if !anchor.is_empty() && !files(&path).is_some_and(|text| has_heading(text, anchor)) {
                    Some("there is no such heading")
                } else {
                    None
                }
            }
        };
        found.extend(dead.map(|why| file.at(at, &format!("dead link `{target}`: {why}"))));
    }
    for (at, label) in shortcuts(&text) {
        if !definitions.contains(&label.to_lowercase()) {
            found.push(
                file.at(at, &format!("`[{label}]` is not a link here; only rustdoc resolves Rust items")),
            );
        }
    }
    found
}

/// Links in doc comments to files of the repository: docs.rs does not have them.
pub fn repository_links(file: &File) -> Vec<String> {
    let mut found = Vec::new();
    let mut offset = 0;
    for line in file.text.split_inclusive('\n') {
        let trimmed = line.trim_start();
        if trimmed.starts_with("///") || trimmed.starts_with("//!") {
            for (at, target) in targets(line) {
                if target.contains(".md") || target.contains(".rs") || target.starts_with("..") {
                    found.push(file.at(
                        offset + at,
                        &format!("`{target}` is dead on docs.rs; name the file without a link"),
                    ));
                }
            }
        }
        offset += line.len();
    }
    found
}

/// Lines of Rust code that rustdoc would hide, and a reader of the Markdown file sees.
pub fn hidden_lines(file: &File) -> Vec<String> {
    let mut found = Vec::new();
    let mut block = None;
    let mut offset = 0;
    for line in file.text.split_inclusive('\n') {
        if let Some(language) = line.trim().strip_prefix("```") {
            block = match block {
                Some(_) => None,
                None => Some(language.is_empty() || language.starts_with("rust")),
            };
        } else if block == Some(true) && (line.starts_with("# ") || line.trim_end() == "#") {
            found.push(
                file.at(offset, "this line is visible here; write programs that are complete without it"),
            );
        }
        offset += line.len();
    }
    found
}

/// Tests and files that a document names, and that do not exist. A name in backquotes with four underscores or more is a test.
pub fn missing_names<'a>(document: &str, text: &str, files: impl Iterator<Item = &'a File>) -> Vec<String> {
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
        let exists = if name.ends_with(".rs") && name.contains('/') {
            files.iter().any(|file| file.path == name)
        } else {
            !is_test || functions.contains(name)
        };
        if !exists {
            found.push(format!("{document}: `{name}` does not exist"));
        }
    }
    found
}

/// Programs and packages that a command of a document names, and that do not exist.
pub fn missing_programs<'a>(document: &File, files: impl Iterator<Item = &'a File>) -> Vec<String> {
    let files: Vec<&File> = files.collect();
    let has = |end: &str| files.iter().any(|file| file.path.ends_with(end));
    let has_package = |name: &str| {
        let line = format!("name = \"{name}\"");
        files.iter().any(|file| file.path.ends_with("Cargo.toml") && file.text.lines().any(|own| own == line))
    };
    let mut found = Vec::new();
    for (at, _) in document.text.match_indices("cargo ") {
        let command = document.text[at..].split(['`', '\n', '#']).next().unwrap_or_default();
        let words: Vec<&str> = command.split_whitespace().take_while(|word| *word != "--").collect();
        for pair in words.windows(2) {
            let name = pair[1];
            let exists = match pair[0] {
                "--bin" => has(&format!("src/bin/{name}.rs")) || has(&format!("src/bin/{name}/main.rs")),
                "--example" => has(&format!("examples/{name}.rs")),
                "-p" | "--package" => has_package(name),
                "--test" => has(&format!("tests/{name}.rs")),
                _ => true,
            };
            if !exists {
                found.push(document.at(at, &format!("`{} {name}` does not exist", pair[0])));
            }
        }
    }
    found
}

/// The text with fenced blocks and code spans replaced by spaces; offsets stay.
fn without_code(text: &str) -> String {
    let mut is_fenced = false;
    let mut blanked = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        let is_fence = line.trim_start().starts_with("```");
        if is_fence || is_fenced {
            blanked.extend(line.bytes().map(|byte| if byte == b'\n' { '\n' } else { ' ' }));
            is_fenced ^= is_fence;
        } else {
            blanked.push_str(line);
        }
    }
    blanked
}

/// The targets of inline links and of definitions, and where they are.
fn targets(text: &str) -> Vec<(usize, &str)> {
    let inline = text.match_indices("](").filter_map(|(at, _)| {
        let start = at + 2;
        Some((start, &text[start..start + text[start..].find(')')?]))
    });
    let mut targets: Vec<_> = inline.collect();
    let mut offset = 0;
    for line in text.split_inclusive('\n') {
        if let Some((_, target)) = definition(line) {
            targets.push((offset, target));
        }
        offset += line.len();
    }
    targets
}

/// `[label]: target`
fn definition(line: &str) -> Option<(&str, &str)> {
    let (label, target) = line.strip_prefix('[')?.split_once("]: ")?;
    (!label.contains(']')).then(|| (label, target.trim()))
}

fn definitions(text: &str) -> BTreeSet<String> {
    text.lines().filter_map(definition).map(|(label, _)| label.to_lowercase()).collect()
}

/// Labels in brackets that are a link only if they are defined: the ones in backquotes, as rustdoc has them.
fn shortcuts(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.match_indices("[`").filter_map(|(at, _)| {
        let label = &text[at + 1..at + text[at..].find("`]")? + 1];
        let after = text[at + 1 + label.len() + 1..].chars().next();
        (!label.contains('\n') && !matches!(after, Some('(' | ':' | '['))).then_some((at, label))
    })
}

/// A path relative to a document, from the root.
fn join(document: &str, path: &str) -> String {
    let mut joined = PathBuf::new();
    for part in Path::new(document).parent().unwrap_or(Path::new("")).join(path).components() {
        match part {
            Component::ParentDir => drop(joined.pop()),
            part => joined.push(part),
        }
    }
    joined.to_string_lossy().replace('\\', "/")
}

/// Returns `true` if a heading has this anchor, as repository hosts make them.
fn has_heading(text: &str, anchor: &str) -> bool {
    let slug = |heading: &str| -> String {
        let kept = heading.trim().chars().filter(|c| is_word(*c) || matches!(c, ' ' | '-'));
        kept.map(|c| if c == ' ' { '-' } else { c.to_ascii_lowercase() }).collect()
    };
    text.lines().filter(|line| line.starts_with('#')).any(|line| slug(line.trim_start_matches('#')) == anchor)
}

#[cfg(test)]
mod planted {
    use super::*;

    #[test]
    fn a_missing_test_is_found() {
        let file = File::new("tests/a.rs", "fn it_is_so_right_here() {} fn max_b() {}");
        let document = "`tests/a.rs`: `it_is_so_right_here`, `max_c`, `1 -> a_b_c_d_e`, `tests/b.rs`, `it_is_so_right_there`";
        assert_eq!(missing_names("p", document, [&file].into_iter()).len(), 2);
    }

    #[test]
    fn a_long_readme_is_found() {
        assert_eq!(readme_length(&"line\n".repeat(README_LINES)).len(), 0);
        assert_eq!(readme_length(&"line\n".repeat(README_LINES + 1)).len(), 1);
    }

    #[test]
    fn dead_links_are_found() {
        let check = |text: &str| {
            let file = File::new("docs/a.md", text);
            let texts = |path: &str| match path {
                "docs/a.md" | "README.md" => Some("# One: two-three\n"),
                _ => None,
            };
            let exists = |path: &str| ["docs/a.md", "README.md", "docs/images/p.png"].contains(&path);
            dead_links(&file, texts, exists).len()
        };
        for good in [
            "[a](../README.md)",
            "![a](images/p.png)",
            "[a](#one-two-three)",
            "[a](../README.md#one-two-three)",
            "[a](https://docs.rs/a)",
            "[`a`]\n\n[`a`]: ../README.md\n",
            "[`a`](a.md)",
            "```rust\n[`a`](b.md)\n```\n",
        ] {
            assert_eq!(check(good), 0, "{good}");
        }
        for dead in
            ["[a](b.md)", "[a](../a.md)", "[a](#two)", "[`a`](A::b)", "see [`A`].", "[a]\n\n[a]: b.md\n"]
        {
            assert_eq!(check(dead), 1, "{dead}");
        }
        assert_eq!(repository_links(&File::new("a.rs", "/// [a](docs/a.md)\nfn a() {}\n")).len(), 1);
        assert_eq!(
            repository_links(&File::new("a.rs", "/// [a](Self::a)\nlet a = \"[a](a.md)\";\n")).len(),
            0
        );
    }

    #[test]
    fn a_command_of_a_missing_program_is_found() {
        let files = [
            File::new("examples/a/Cargo.toml", "name = \"a-b\"\n"),
            File::new("examples/a/src/bin/one.rs", ""),
            File::new("examples/a/src/bin/two/main.rs", ""),
            File::new("examples/three.rs", ""),
            File::new("tests/four.rs", ""),
        ];
        let check = |command: &str| {
            let document = File::new("a.md", &format!("Run `cargo run {command}`, or `x --bin y`.\n"));
            missing_programs(&document, files.iter()).len()
        };
        for good in ["-p a-b --bin one", "--bin two -- --bin z", "--example three", "--test four x", "--bin"]
        {
            assert_eq!(check(good), 0, "{good}");
        }
        for missing in ["-p b", "--bin three", "-p a-b --bin o", "--example one", "--test one", "--package a"]
        {
            assert_eq!(check(missing), 1, "{missing}");
        }
    }

    #[test]
    fn a_hidden_line_is_found() {
        let hides = "```rust,no_run\nuse a;\n# b();\n#\n```\n# Heading\n```sh\n# comment\n```\n";
        assert_eq!(hidden_lines(&File::new("a.md", hides)).len(), 2);
        assert_eq!(hidden_lines(&File::new("a.md", "```\n#[derive(A)]\nstruct B;\n```\n")).len(), 0);
    }

    const MANIFEST: &str = "[package]\nname = \"p\"\nversion = \"0.1.0\"\n[features]\n## For a.\na-b = []\n";

    #[test]
    fn a_missing_feature_is_found() {
        assert_eq!(missing_features(MANIFEST, "Feature `a-b` is for a.").len(), 0);
        assert_eq!(missing_features(MANIFEST, "Features: `a`.").len(), 1);
    }

    #[test]
    fn another_version_is_found() {
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
