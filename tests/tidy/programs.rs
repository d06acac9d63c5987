//! Programs in the documentation must work when they are pasted.

use crate::tree::File;

/// Fenced Rust programs of a document, or of doc comments, that do not work as they stand.
pub fn unusable(file: &File) -> Vec<String> {
    let in_comments = file.path.ends_with(".rs");
    let mut found = Vec::new();
    let mut block: Option<(usize, Vec<&str>)> = None;
    let mut offset = 0;
    for line in file.text.split_inclusive('\n') {
        let at = offset;
        offset += line.len();
        let line = line.trim_end();
        let line = match in_comments {
            false => Some(line),
            true => {
                let line = line.trim_start();
                line.strip_prefix("/// ").or_else(|| line.strip_prefix("//! "))
            }
        };
        let Some(line) = line else { continue };
        match (&mut block, line.strip_prefix("```")) {
            (None, Some(language)) => {
                let is_rust = language.split(',').all(|word| ["", "rust", "no_run"].contains(&word));
                block = Some((at, if is_rust { Vec::new() } else { vec![OTHER] }));
            }
            (Some((start, lines)), Some(_)) => {
                let complaint = complaint(lines).filter(|_| lines.first() != Some(&OTHER));
                found.extend(complaint.map(|what| file.at(*start, what)));
                block = None;
            }
            (Some((_, lines)), None) => lines.push(line),
            (None, None) => {}
        }
    }
    found
}

/// The first line of a block in another language.
const OTHER: &str = "\0";

fn complaint(lines: &[&str]) -> Option<&'static str> {
    let has = |what: &str| lines.iter().any(|line| line.contains(what));
    let is_hidden = |line: &&&str| line.starts_with("# ");
    if lines.iter().filter(is_hidden).any(|line| line.trim_end().ends_with(" break;")) {
        return Some("show how the loop ends, or write a `fn main`");
    }
    let rests = ["sleep(", ".wait(", "next_frame().await"].into_iter().any(has);
    if has("loop {") && has(".poll()") && !rests {
        return Some("let the loop sleep or wait; it would use a whole core");
    }
    None
}

/// The README must show this example word for word, because tests run it.
pub fn not_shown(readme: &str, path: &str, example: &str) -> Vec<String> {
    let (_, program) = example.split_once("\n\n").expect("a program after its module doc");
    let is_shown = readme.contains(&format!("```rust,no_run\n{program}```"));
    let complaint = || format!("README.md: show {path}, word for word");
    (!is_shown).then(complaint).into_iter().collect()
}

#[cfg(test)]
mod planted {
    use super::*;

    #[test]
    fn a_loop_that_spins_or_hides_its_end_is_seen() {
        let spins = "```rust,no_run\nloop {\n    peer.poll();\n}\n```\n";
        assert_eq!(unusable(&File::new("a.md", spins)).len(), 1);
        let hides = "```\nloop {\n    peer.wait(time);\n#   break;\n}\n```\n";
        assert_eq!(unusable(&File::new("a.md", hides)).len(), 1);
        let comment =
            "/// Text.\n/// ```\n/// loop {\n///\n///     peer.poll();\n/// }\n/// ```\nfn f() {}\n";
        assert_eq!(
            unusable(&File::new("src/a.rs", comment)),
            ["src/a.rs:2: let the loop sleep or wait; it would use a whole core"]
        );
    }

    #[test]
    fn a_loop_that_sleeps_and_another_language_are_not() {
        let sleeps = "```rust\nloop {\n    peer.poll();\n    thread::sleep(FRAME);\n    break;\n}\n```\n";
        let waits = "```rust\nloop {\n    peer.wait(FRAME);\n}\n```\n";
        let other = "```c\nloop { peer.poll() }\n```\n";
        let text = format!("{sleeps}loop {{ peer.poll() }}\n{waits}{other}");
        assert_eq!(unusable(&File::new("a.md", &text)), [""; 0]);
    }

    #[test]
    fn another_program_is_seen() {
        assert_eq!(not_shown("```rust,no_run\na\n```", "a.rs", "//! What.\n\na\n"), [""; 0]);
        assert_eq!(not_shown("```rust,no_run\nb\n```", "a.rs", "//! What.\n\na\n").len(), 1);
    }
}
