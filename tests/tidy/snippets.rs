//! A rule for docs/integrations.md: the code that it shows is in files that are compiled and tested.

use crate::blocks::blocks;

/// Code that is not in the file that the paragraph above it names, word for word, and code without such a file.
///
/// `read` returns the text of a file, or `None` if there is no such file. Commands for a shell are not compared.
pub fn missing<'a>(document: &str, read: impl Fn(&str) -> Option<&'a str>) -> Vec<String> {
    let compared = blocks(document).into_iter().filter(|block| block.language != "sh");
    compared.filter_map(|block| compare(path(&block.above), &block.text, &read)).collect()
}

/// Returns the last code span with a folder in these lines.
fn path<'a>(lines: &[&'a str]) -> Option<&'a str> {
    let spans = |line: &'a str| line.split('`').skip(1).step_by(2);
    lines.iter().flat_map(|line| spans(line)).filter(|span| span.contains('/')).last()
}

fn compare<'a>(path: Option<&str>, text: &str, read: impl Fn(&str) -> Option<&'a str>) -> Option<String> {
    let first = text.lines().next().unwrap_or_default();
    let Some(path) = path else { return Some(format!("name the file of the code `{first}`")) };
    let Some(file) = read(path) else { return Some(format!("there is no file `{path}`")) };
    (!contains(file, text)).then(|| format!("the code `{first}` is not in {path}, word for word"))
}

/// Returns `true` if these lines follow each other in the file. There they may be indented further, by one depth.
fn contains(file: &str, text: &str) -> bool {
    let file: Vec<&str> = file.lines().collect();
    let text: Vec<&str> = text.lines().collect();
    file.windows(text.len().max(1)).any(|lines| {
        let depth = indentation(lines[0]).saturating_sub(indentation(text.first().unwrap_or(&"")));
        lines.iter().zip(&text).all(|(line, wanted)| match wanted.is_empty() {
            true => line.is_empty(),
            false => line.strip_prefix(&" ".repeat(depth)).is_some_and(|line| line == *wanted),
        })
    })
}

fn indentation(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "mod a {\n    fn b() {\n        c();\n    }\n\n    fn d() {}\n}\n";

    fn check(document: &str) -> Vec<String> {
        missing(document, |path| (path == "x/y.rs").then_some(FILE))
    }

    #[test]
    fn code_of_the_file_passes_at_any_depth() {
        let shown =
            "In `x/y.rs`:\n\n```rust\nfn b() {\n    c();\n}\n\nfn d() {}\n```\n\n```sh\ncargo run\n```\n";
        assert_eq!(check(shown), [""; 0]);
    }

    #[test]
    fn other_code_is_found() {
        for code in ["fn b() {\n    e();\n}", "fn b() {\n  c();\n}", "fn b() {\n    c();\n}\nfn d() {}"] {
            assert_eq!(check(&format!("In `x/y.rs`:\n\n```rust\n{code}\n```\n")).len(), 1, "{code}");
        }
    }

    #[test]
    fn code_without_a_file_is_found() {
        assert_eq!(check("```rust\nfn d() {}\n```\n").len(), 1);
        assert_eq!(check("In `x/z.rs`:\n\n```rust\nfn d() {}\n```\n").len(), 1);
        // A file is named for one block.
        assert_eq!(check("`x/y.rs`\n\n```rust\nfn d() {}\n```\n\n```rust\nfn d() {}\n```\n").len(), 1);
    }
}
