//! Rules for docs/tutorial.md: a reader who types its code gets the package of `examples/tutorial`, which tests compile and
//! run, and each step needs only what it and the steps before it have shown.

use std::collections::BTreeSet;

use crate::blocks::blocks;
use crate::code::{blank, words};
use crate::manifest::{dependencies, package_value};
use crate::tree::File;

/// The folder of the package.
const PACKAGE: &str = "examples/tutorial/";

/// The most lines of code that the tutorial may have, without comments and empty lines. It promises about that number.
const LINES: usize = 120;

/// The files of the package that the reader writes. Cargo writes the manifest; the tests and the built module are not shown.
pub fn is_shown(file: &File) -> bool {
    let inside = file.path.strip_prefix(PACKAGE);
    inside.is_some_and(|path| path != "Cargo.toml" && !path.starts_with("tests/"))
}

/// Code that differs from the package's, files that are not shown, and code that needs something of a later step.
pub fn differences(document: &str, manifest: &str, files: &[&File]) -> Vec<String> {
    let mut steps = Steps { found: Vec::new(), added: BTreeSet::new(), shown: BTreeSet::new() };
    let mut path = None;
    for block in blocks(document) {
        // The last line above a block names its file, or else that of the block before.
        path = block.above.last().map_or(path, |line| line.split('`').nth(1));
        match block.language {
            "sh" => steps.run(&block.text),
            "toml" if manifest.contains(&block.text) => {}
            "rust" | "html" | "toml" => steps.write(path, &block.text, manifest, files),
            _ => {}
        }
    }
    steps.complete(manifest, files)
}

/// What the reader has typed so far, and what is wrong with it.
struct Steps<'a> {
    found: Vec<String>,
    /// The crates of `cargo add`.
    added: BTreeSet<String>,
    /// The files, from the folder of the package.
    shown: BTreeSet<&'a str>,
}

impl<'a> Steps<'a> {
    fn run(&mut self, commands: &str) {
        for command in commands.lines() {
            if let Some(name) = command.strip_prefix("cargo add ") {
                self.added.insert(name.to_owned());
            } else if let Some((_, name)) = command.split_once("--bin ")
                && !self.shown.contains(&*format!("src/bin/{name}.rs"))
            {
                self.report(format!("`{command}`, but the program has not been shown yet"));
            }
        }
    }

    fn write(&mut self, path: Option<&'a str>, text: &str, manifest: &str, files: &[&File]) {
        let Some(path) = path else {
            return self.report(format!("name the file of the code `{}`", first(text)));
        };
        let file = files.iter().find(|file| file.path.strip_prefix(PACKAGE) == Some(path));
        if file.is_none_or(|file| file.text != text) {
            self.report(format!("`{path}` is not {PACKAGE}{path}, word for word"));
        }
        self.shown.insert(path);
        for missing in self.missing_crates(text, manifest) {
            self.report(format!("`{path}` uses `{missing}`, which only a later step adds"));
        }
    }

    /// Crates that the code uses, and that the package does not have yet.
    fn missing_crates(&self, text: &str, manifest: &str) -> Vec<String> {
        let own = package_value(manifest, "name");
        let later = dependencies(manifest).into_iter().filter(|name| !self.added.contains(*name));
        let later = later.chain((!self.shown.contains("src/lib.rs")).then_some(own));
        let code = blank(text);
        let is_used = |name: &String| words(&code).any(|(_, word)| word == name);
        later.map(|name| name.replace('-', "_")).filter(is_used).collect()
    }

    fn complete(mut self, manifest: &str, files: &[&File]) -> Vec<String> {
        let hidden = files.iter().filter_map(|file| file.path.strip_prefix(PACKAGE));
        let hidden: Vec<&str> = hidden.filter(|path| !self.shown.contains(path)).collect();
        hidden.iter().for_each(|path| self.report(format!("show {PACKAGE}{path}")));
        let wanted: BTreeSet<String> = dependencies(manifest).into_iter().map(str::to_owned).collect();
        if self.added != wanted {
            self.report(format!("it adds {:?}, but the package depends on {wanted:?}", self.added));
        }
        let lines: usize = files.iter().map(|file| code_lines(&file.text)).sum();
        if lines > LINES {
            self.report(format!("{lines} lines of code; {LINES} are promised"));
        }
        self.found
    }

    fn report(&mut self, what: String) {
        self.found.push(format!("docs/tutorial.md: {what}"));
    }
}

fn code_lines(text: &str) -> usize {
    text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with("//")).count()
}

fn first(text: &str) -> &str {
    text.lines().next().unwrap_or_default()
}

#[cfg(test)]
mod planted {
    use super::*;

    const MANIFEST: &str =
        "[package]\nname = \"my-own\"\n[lib]\ncrate-type = []\n[dependencies]\ndep = \"1\"\n";

    const DOCUMENT: &str = "# Steps\n```sh\ncargo add dep\n```\nWrite `src/lib.rs`:\n\n```rust\n//! A.\nuse dep::A;\n```\n\
        Add:\n```toml\n[lib]\ncrate-type = []\n```\n\
        Write `src/bin/b.rs`:\n```rust\nuse my_own::A;\n```\n```sh\ncargo run --bin b\n```\n";

    fn found(document: &str) -> usize {
        let files = [("src/lib.rs", "//! A.\nuse dep::A;\n"), ("src/bin/b.rs", "use my_own::A;\n")];
        let files = files.map(|(path, text)| File::new(&format!("{PACKAGE}{path}"), text));
        differences(document, MANIFEST, &files.iter().collect::<Vec<_>>()).len()
    }

    #[test]
    fn a_tutorial_that_is_the_package_passes() {
        assert_eq!(found(DOCUMENT), 0);
    }

    #[test]
    fn other_code_is_found() {
        for (old, new) in [
            ("use dep::A;", "use dep::B;"),
            ("//! A.\n", ""),
            ("crate-type = []", "crate-type = [1]"),
            ("`src/bin/b.rs`", "`src/bin/c.rs`"),
            ("Write `src/lib.rs`", "Write this"),
        ] {
            assert!(found(&DOCUMENT.replace(old, new)) > 0, "{new}");
        }
    }

    #[test]
    fn a_step_that_needs_a_later_one_is_found() {
        let (add, rest) = DOCUMENT.split_at(DOCUMENT.find("Write").expect("a step"));
        assert!(found(&format!("{rest}{add}")) > 0, "the crate is added last");
        let (library, rest) = DOCUMENT.split_at(DOCUMENT.find("Add:").expect("a step"));
        assert!(found(&format!("{rest}{library}")) > 0, "the library is last");
        assert!(found(&DOCUMENT.replace("--bin b", "--bin c")) > 0);
        assert!(found(&DOCUMENT.replace("cargo add dep\n", "cargo add dep\ncargo add other\n")) > 0);
    }

    #[test]
    fn a_long_tutorial_is_found() {
        let lines = |count: usize| {
            let file = File::new("examples/tutorial/a.html", &"line\n".repeat(count));
            let document = format!("Write `a.html`:\n```html\n{}```\n```sh\ncargo add dep\n```\n", file.text);
            differences(&document, MANIFEST, &[&file]).len()
        };
        assert_eq!((lines(LINES), lines(LINES + 1)), (0, 1));
    }

    #[test]
    fn only_what_the_reader_writes_is_shown() {
        let shown = ["src/lib.rs", "index.html", "src/bin/a.rs"];
        for path in ["src/lib.rs", "index.html", "src/bin/a.rs", "Cargo.toml", "tests/a.rs", "tests/a/b.rs"] {
            assert_eq!(
                is_shown(&File::new(&format!("{PACKAGE}{path}"), "")),
                shown.contains(&path),
                "{path}"
            );
        }
        assert!(!is_shown(&File::new("src/lib.rs", "")));
    }
}
