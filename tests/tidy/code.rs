//! The part of Rust's grammar that the rules need: comments and literals, words, brackets, paths.

/// The first line of the unit tests of a file.
pub const TESTS: &str = "#[cfg(test)]";

/// The text with comments and literals replaced by spaces. Offsets stay.
pub fn blank(text: &str) -> String {
    let mut blanked = String::with_capacity(text.len());
    let mut rest = text;
    let mut previous = ' ';
    while let Some(first) = rest.chars().next() {
        let (len, hide) = match comment_or_literal(rest, previous) {
            Some(len) => (len, true),
            None => (first.len_utf8(), false),
        };
        let (taken, after) = rest.split_at(len);
        if hide {
            blanked.extend(taken.bytes().map(|byte| if byte == b'\n' { '\n' } else { ' ' }));
        } else {
            blanked.push_str(taken);
        }
        previous = taken.chars().next_back().unwrap_or(' ');
        rest = after;
    }
    blanked
}

/// The length of the comment or literal at the start of `rest`.
fn comment_or_literal(rest: &str, previous: char) -> Option<usize> {
    if rest.starts_with("//") {
        return Some(rest.find('\n').unwrap_or(rest.len()));
    }
    if rest.starts_with("/*") {
        return Some(block_comment(rest));
    }
    if rest.starts_with('"') {
        return Some(quoted(rest, '"'));
    }
    if let Some(inner) = rest.strip_prefix('\'') {
        // A character, or else a lifetime.
        let is_character = inner.starts_with('\\') || inner.chars().nth(1) == Some('\'');
        return is_character.then(|| quoted(rest, '\''));
    }
    if is_word(previous) { None } else { raw_string(rest) }
}

fn block_comment(rest: &str) -> usize {
    let mut depth = 0;
    for (index, _) in rest.char_indices() {
        if rest[index..].starts_with("/*") {
            depth += 1;
        } else if rest[..index].ends_with("*/") {
            depth -= 1;
            if depth == 0 {
                return index;
            }
        }
    }
    rest.len()
}

fn quoted(rest: &str, quote: char) -> usize {
    let mut escaped = false;
    for (index, c) in rest.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            _ if c == quote => return index + 1,
            _ => {}
        }
    }
    rest.len()
}

fn raw_string(rest: &str) -> Option<usize> {
    let after_r = ["r", "br", "cr"].iter().find_map(|start| rest.strip_prefix(start))?;
    let inner = after_r.trim_start_matches('#');
    let hashes = &after_r[..after_r.len() - inner.len()];
    let text = inner.strip_prefix('"')?;
    let end = format!("\"{hashes}");
    let len = text.find(&end).map_or(text.len(), |at| at + end.len());
    Some(rest.len() - text.len() + len)
}

/// Returns `true` if the character can be part of a name.
pub fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// The names, keywords and numbers in the code, with their offsets.
pub fn words(code: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut offset = 0;
    code.split(|c: char| !is_word(c)).filter_map(move |word| {
        // The word cannot occur earlier: only separators follow the last one.
        let at = offset + code[offset..].find(word)?;
        offset = at + word.len();
        (!word.is_empty()).then_some((at, word))
    })
}

/// The offset of a word.
pub fn find_word(text: &str, word: &str) -> Option<usize> {
    words(text).find(|(_, found)| *found == word).map(|(at, _)| at)
}

/// The text in the brackets that open at `open`.
pub fn in_brackets(code: &str, open: usize) -> &str {
    let mut depth = 0;
    for (index, c) in code[open..].char_indices() {
        match c {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return code[open..open + index].get(1..).unwrap_or_default();
        }
    }
    &code[open..]
}

/// A path, and its offset.
pub type Found<'a> = (usize, Vec<&'a str>);

/// The paths that begin with `crate`, `self` or `super`: `crate::{a::B, c}` is `crate::a::B` and `crate::c`.
pub fn own_paths(code: &str) -> Vec<Found<'_>> {
    let mut paths = Vec::new();
    let mut read = 0;
    for (start, word) in words(code) {
        let before = code[..start].trim_end();
        let begins = matches!(word, "crate" | "self" | "super")
            && code[start + word.len()..].trim_start().starts_with("::")
            // Not the middle of a path, and not a visibility such as `pub(in super::super)`.
            && !before.ends_with("::")
            && !before.ends_with("(in");
        if start >= read && begins {
            let rest = use_tree(code, start, &[], &mut paths);
            read = code.len() - rest.len();
        }
    }
    paths
}

/// Reads the tree of a `use` from `start`, and returns the rest.
pub fn use_tree<'a>(code: &'a str, start: usize, prefix: &[&'a str], paths: &mut Vec<Found<'a>>) -> &'a str {
    let mut path = prefix.to_vec();
    let mut rest = code[start..].trim_start();
    loop {
        let at = code.len() - rest.len();
        if let Some(mut inner) = rest.strip_prefix('{') {
            loop {
                inner = inner.trim_start();
                if let Some(after) = inner.strip_prefix('}') {
                    return after;
                }
                let item = use_tree(code, code.len() - inner.len(), &path, paths);
                // Past `as name`, if there is one.
                let end = item.find([',', '}']).unwrap_or(item.len());
                inner = item[end..].strip_prefix(',').unwrap_or(&item[end..]);
                if inner.is_empty() {
                    return inner;
                }
            }
        }
        let len = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
        path.extend((len > 0).then(|| &rest[..len]));
        rest = &rest[len..];
        match rest.trim_start().strip_prefix("::") {
            Some(after) if len > 0 => rest = after.trim_start(),
            _ => {
                paths.push((at, path));
                return rest;
            }
        }
    }
}

#[test]
fn comments_and_literals_are_blanked_in_place() {
    let text = "a // b\n/* c /* d */ e */ f(\"g \\\" h\", 'i', '\\'', r#\"j \" k\"#) 'l: &'m n /// é\no";
    let blanked = blank(text);
    assert_eq!(blanked.len(), text.len());
    assert_eq!(blanked.split_whitespace().collect::<String>(), "af(,,,)'l:&'mno");
    assert_eq!(blanked.matches('\n').count(), 2);
}

#[test]
fn words_have_their_offsets() {
    let found: Vec<_> = words("ab  a_1::b").collect();
    assert_eq!(found, [(0, "ab"), (4, "a_1"), (9, "b")]);
    assert_eq!(find_word("unixy unix", "unix"), Some(6));
}

#[test]
fn paths_are_spelled_out() {
    let code =
        "use crate::{a::{B, C as D}, e, };\nuse super::{super::f::*, self}; fn g(self) { crate::h::I { j } }";
    let spelled: Vec<String> = own_paths(code).into_iter().map(|(_, path)| path.join("::")).collect();
    let expected =
        ["crate::a::B", "crate::a::C", "crate::e", "super::super::f", "super::self", "crate::h::I"];
    assert_eq!(spelled, expected);
}

#[test]
fn brackets_are_matched() {
    assert_eq!(in_brackets("cfg(all(unix, not(x))) y", 3), "all(unix, not(x))");
}
