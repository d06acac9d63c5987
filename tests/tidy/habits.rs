//! Rules for every Rust file: size, purpose, unit tests, panics, silenced lints.

use crate::code::{TESTS, in_brackets, words};
use crate::tree::File;

/// The most lines of a file, with and without its unit tests.
const WHOLE: usize = 450;
const WITHOUT_TESTS: usize = 400;

/// Markers of unfinished work, and of tests that do not run.
const HALF_DONE: [(&str, &str); 4] = [
    ("todo!", "do it, or leave the feature out"),
    ("unimplemented!", "do it, or leave the feature out"),
    ("dbg!", "remove it; users need a `log` line or an error"),
    ("#[ignore", "make it run everywhere, or delete it"),
];

/// Panics, and leaks.
const PANICS_AND_LEAKS: [(&str, &str); 7] = [
    (".unwrap()", "return an `Error` or a `CloseCause`, or match"),
    (".expect(", "return an `Error` or a `CloseCause`, or match"),
    ("panic!", "return an `Error` or a `CloseCause`"),
    ("unreachable!", "choose types that make the case impossible"),
    (".forget()", "keep it in the struct that needs it, and let it drop"),
    ("mem::forget", "keep it in the struct that needs it, and let it drop"),
    (".leak()", "keep it in the struct that needs it, and let it drop"),
];

/// The files that may have unsafe code: what a program without wasm-bindgen imports and exports.
const UNSAFE: [&str; 2] = ["src/sys/miniquad/imports.rs", "testkit/miniquad/src/imports.rs"];

/// The comment above an unsafe block, import or export.
const SAFETY: &str = "// SAFETY: ";

pub fn size(file: &File) -> Vec<String> {
    let whole = file.text.lines().count();
    let without_tests = file.code_without_tests().lines().count();
    if whole <= WHOLE && without_tests <= WITHOUT_TESTS {
        return Vec::new();
    }
    vec![format!(
        "{}: {whole} lines, {without_tests} of them before the tests, but {WHOLE} and {WITHOUT_TESTS} are allowed: \
         move its second job to another file",
        file.path
    )]
}

pub fn module_doc(file: &File) -> Vec<String> {
    if file.text.starts_with("//! ") || file.text.starts_with("#![doc = include_str!(") {
        return Vec::new();
    }
    vec![format!("{}:1: begin with `//!` and the purpose of the file", file.path)]
}

/// The other rules do not read unit tests, and recognise them by their first line.
pub fn tests_last(file: &File) -> Vec<String> {
    let Some(start) = file.code.find(TESTS) else { return Vec::new() };
    let tests = file.code[start + TESTS.len()..].trim();
    let is_last = tests.starts_with("mod ")
        && tests.ends_with('}')
        && tests.find('{').is_some_and(|open| open + in_brackets(tests, open).len() + 2 == tests.len());
    if is_last {
        return Vec::new();
    }
    vec![file.at(
        start,
        &format!("let `{TESTS} mod tests {{ … }}` be the last item of its file, and the only one"),
    )]
}

pub fn half_done(file: &File) -> Vec<String> {
    reject(file, &file.code, &HALF_DONE)
}

pub fn panics_and_leaks(file: &File) -> Vec<String> {
    reject(file, file.code_without_tests(), &PANICS_AND_LEAKS)
}

/// Unsafe code in other files than those which may have it, and without its reason there.
pub fn unsafe_code(file: &File) -> Vec<String> {
    let is_allowed = UNSAFE.contains(&file.path.as_str());
    let places = words(&file.code).filter(|(_, word)| *word == "unsafe");
    let wrong = places.filter(|(at, _)| !is_allowed || !has_safety_comment(&file.text[..*at]));
    wrong
        .map(|(at, _)| {
            let advice =
                if is_allowed { "say above why it is safe, after `// SAFETY:`" } else { "do without" };
            file.at(at, &format!("`unsafe`: {advice}"))
        })
        .collect()
}

/// Returns `true` if the comment that ends above the last line of `text` has the reason.
fn has_safety_comment(text: &str) -> bool {
    let mut above = text.lines().rev().skip(1).map(str::trim_start).take_while(|line| line.starts_with("//"));
    above.any(|line| line.starts_with(SAFETY))
}

fn reject(file: &File, code: &str, rejected: &[(&str, &str)]) -> Vec<String> {
    let places = |(what, advice): &(&str, &str)| -> Vec<String> {
        code.match_indices(what).map(|(at, _)| file.at(at, &format!("`{what}`: {advice}"))).collect()
    };
    rejected.iter().flat_map(places).collect()
}

/// `allow` and `expect` of a lint without a reason, and without a comment above.
pub fn silenced_lints(file: &File) -> Vec<String> {
    let lint_levels = words(&file.code).filter(|(at, word)| {
        let before = file.code[..*at].trim_end();
        let after = &file.code[at + word.len()..];
        // `#[allow(…)]`, or in a `cfg_attr` after the comma; a method has a dot before it, a function a `fn`.
        matches!(*word, "allow" | "expect") && after.starts_with('(') && before.ends_with(['[', ','])
    });
    let without_reason = lint_levels.filter(|(at, word)| {
        let arguments = in_brackets(&file.code, at + word.len());
        let has_reason = words(arguments).any(|(_, word)| word == "reason");
        !has_reason && !is_below_comment(&file.text[..*at])
    });
    without_reason
        .map(|(at, _)| file.at(at, "say why the lint is wrong here: `reason = \"…\"`, or a comment above"))
        .collect()
}

/// Returns `true` if the last line of `text` follows a comment that is not documentation.
fn is_below_comment(text: &str) -> bool {
    let above = text.lines().rev().nth(1).unwrap_or_default().trim_start();
    above.starts_with("//") && !above.starts_with("///") && !above.starts_with("//!")
}

#[cfg(test)]
mod planted {
    use super::*;

    fn count(rule: impl Fn(&File) -> Vec<String>, text: &str) -> usize {
        rule(&File::new("src/a.rs", text)).len()
    }

    #[test]
    fn long_files_are_seen() {
        let code = "fn a() {}\n";
        let tests = format!("{TESTS}\nmod tests {{\n}}\n");
        assert_eq!(count(size, &code.repeat(400)), 0);
        assert_eq!(count(size, &code.repeat(401)), 1);
        assert_eq!(count(size, &format!("{}{tests}{}", code.repeat(300), "\n".repeat(148))), 1);
    }

    #[test]
    fn files_that_say_nothing_are_seen() {
        assert_eq!(count(module_doc, "//! Its purpose.\n"), 0);
        assert_eq!(count(module_doc, "use a;\n"), 1);
        assert_eq!(count(module_doc, "// A note.\n"), 1);
    }

    #[test]
    fn code_behind_tests_is_seen() {
        for (text, expected) in [
            ("fn a() {}\n#[cfg(test)]\nmod tests { fn b() { if c {} } }\n", 0),
            ("fn a() {}\n", 0),
            ("#[cfg(test)]\nmod tests { }\nfn a() {}\n", 1),
            ("#[cfg(test)]\nmod tests { }\n#[cfg(test)]\nmod more { }\n", 1),
            ("#[cfg(test)]\nfn a() {}\n", 1),
            ("#[cfg(test)]\nmod tests;\n", 1),
        ] {
            assert_eq!(count(tests_last, text), expected, "{text}");
        }
    }

    #[test]
    fn half_done_work_is_seen() {
        let text = "todo!(); unimplemented!(); dbg!(a); #[ignore = \"slow\"]";
        assert_eq!(count(half_done, text), 4);
        assert_eq!(count(half_done, "// todo!\nlet a = \"dbg!\";"), 0);
    }

    #[test]
    fn panics_and_leaks_are_seen_outside_of_tests() {
        let text =
            "a.unwrap(); a.expect(\"b\"); panic!(); unreachable!(); c.forget(); mem::forget(c); d.leak();";
        assert_eq!(count(panics_and_leaks, text), 7);
        let free = format!("a.unwrap_or(0); // b.unwrap()\n{TESTS}\nmod tests {{ {text} }}");
        assert_eq!(count(panics_and_leaks, &free), 0);
    }

    #[test]
    fn unsafe_code_is_seen() {
        for (path, text, expected) in [
            ("src/a.rs", "// SAFETY: it is.\nunsafe { a() }", 1),
            ("src/sys/miniquad/mod.rs", "#[unsafe(no_mangle)]\nfn a() {}", 1),
            ("src/a.rs", "#![forbid(unsafe_code)] // unsafe\nlet a = \"unsafe\";", 0),
            (UNSAFE[0], "unsafe { a() }", 1),
            (UNSAFE[0], "// A note.\nlet a = unsafe { a() };", 1),
            (UNSAFE[0], "// SAFETY: it is.\n// Quite.\nlet a = unsafe { a() };", 0),
        ] {
            assert_eq!(unsafe_code(&File::new(path, text)).len(), expected, "{path}: {text}");
        }
    }

    #[test]
    fn lints_silenced_without_a_word_are_seen() {
        for (text, expected) in [
            ("#[allow(dead_code)]\nfn a() {}", 1),
            ("#![allow(dead_code)]", 1),
            ("/// Documented.\n#[expect(dead_code)]\nfn a() {}", 1),
            ("#[cfg_attr(not(feature = \"b\"), allow(dead_code))]\nfn a() {}", 1),
            ("#[allow(dead_code, reason = \"for c\")]\nfn a() {}", 0),
            ("// For c.\n#[allow(dead_code)]\nfn a() {}", 0),
            ("a.expect(\"b\"); fn allow(c: D) {} // #[allow(e)]", 0),
        ] {
            assert_eq!(count(silenced_lints, text), expected, "{text}");
        }
    }
}
