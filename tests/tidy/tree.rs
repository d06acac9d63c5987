//! The source tree: every text file that belongs to the repository.

use std::fs;
use std::path::Path;
use std::sync::LazyLock;

use crate::code;

/// One text file.
pub struct File {
    /// The path from the root, with `/` on every system.
    pub path: String,
    pub text: String,
    /// The text with comments and literals replaced by spaces.
    pub code: String,
}

impl File {
    pub fn new(path: &str, text: &str) -> Self {
        Self { path: path.to_owned(), text: text.to_owned(), code: code::blank(text) }
    }

    /// The code up to the unit tests.
    pub fn code_without_tests(&self) -> &str {
        let end = self.code.find(code::TESTS).unwrap_or(self.code.len());
        &self.code[..end]
    }

    /// A line of a report, about this place of the text.
    pub fn at(&self, offset: usize, message: &str) -> String {
        let line = self.text[..offset].matches('\n').count() + 1;
        format!("{}:{line}: {message}", self.path)
    }
}

/// The repository without the files that `.gitignore` names.
pub struct Tree(Vec<File>);

impl Tree {
    /// Returns the tree, which is read once for all rules.
    pub fn get() -> &'static Self {
        static TREE: LazyLock<Tree> = LazyLock::new(Tree::read);
        &TREE
    }

    fn read() -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let ignored = fs::read_to_string(root.join(".gitignore")).expect(".gitignore is there");
        let ignored: Vec<&str> = ignored.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
        let mut files = Vec::new();
        gather(root, "", &ignored, &mut files);
        files.sort_by(|one, other| one.path.cmp(&other.path));
        Self(files)
    }

    pub fn files(&self) -> impl Iterator<Item = &File> {
        self.0.iter()
    }

    /// The Rust files under a folder; `""` is the root.
    pub fn rust(&self, folder: &str) -> impl Iterator<Item = &File> {
        self.files().filter(move |file| file.path.starts_with(folder) && file.path.ends_with(".rs"))
    }

    /// The Markdown files.
    pub fn documents(&self) -> impl Iterator<Item = &File> {
        self.files().filter(|file| file.path.ends_with(".md"))
    }

    /// Returns `true` if the repository has a file of this path, text or not.
    pub fn exists(path: &str) -> bool {
        Path::new(env!("CARGO_MANIFEST_DIR")).join(path).exists()
    }

    /// The text of the file with this path.
    #[track_caller]
    pub fn text(&self, path: &str) -> &str {
        let file = self.files().find(|file| file.path == path);
        &file.unwrap_or_else(|| panic!("there is no {path}")).text
    }
}

fn gather(folder: &Path, prefix: &str, ignored: &[&str], files: &mut Vec<File>) {
    for entry in fs::read_dir(folder).expect("a folder can be listed") {
        let entry = entry.expect("a folder can be listed");
        let path = format!("{prefix}{}", entry.file_name().to_string_lossy());
        let kind = entry.file_type().expect("a file has a type");
        if path == ".git" || ignored.iter().any(|pattern| matches(pattern, &path)) {
            continue;
        }
        if kind.is_dir() {
            gather(&entry.path(), &format!("{path}/"), ignored, files);
        } else if kind.is_file() {
            // Pictures are not UTF-8, and no rule reads them.
            if let Ok(text) = String::from_utf8(fs::read(entry.path()).expect("a file can be read")) {
                files.push(File::new(&path, &text));
            }
        }
    }
}

/// The two kinds of patterns that our `.gitignore` has: a path from the root, or a name anywhere.
fn matches(pattern: &str, path: &str) -> bool {
    let pattern = pattern.trim_end_matches('/');
    match pattern.strip_prefix('/') {
        Some(rooted) => path == rooted,
        None => path.rsplit('/').next() == Some(pattern),
    }
}

#[test]
fn ignored_paths_are_left_out() {
    assert!(matches("/target", "target") && !matches("/target", "xtask/target"));
    assert!(matches("node_modules/", "tests/node_modules") && !matches("node_modules", "node_modules.md"));
}

#[test]
fn a_report_names_the_line() {
    let file = File::new("a.rs", "one\ntwo\nthree\n");
    assert_eq!(file.at(file.text.find("three").unwrap(), "bad"), "a.rs:3: bad");
}
