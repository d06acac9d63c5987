//! One place asks about the target: the `cfg_if!` of `src/sys/mod.rs`.

use std::ops::Range;

use crate::code::{in_brackets, words};
use crate::tree::File;

const SEAM: &str = "src/sys/mod.rs";

/// Questions about the target outside of the seam's `cfg_if!`.
pub fn target_questions(file: &File) -> Vec<String> {
    let allowed = if file.path == SEAM { blocks(&file.code) } else { Vec::new() };
    let mut found = Vec::new();
    for (at, word) in words(&file.code).filter(|(_, word)| matches!(*word, "cfg" | "cfg_attr")) {
        let after = file.code[at + word.len()..].trim_start_matches('!');
        let free = !after.starts_with('(') || allowed.iter().any(|block| block.contains(&at));
        if free {
            continue;
        }
        for (_, word) in words(in_brackets(after, 0)).filter(|(_, word)| is_about_target(word)) {
            found.push(file.at(
                at,
                &format!("`{word}` asks about the target; put the difference behind a trait of {SEAM}"),
            ));
        }
    }
    found
}

/// Reports everything but one `cfg_if!`, at the seam.
pub fn selections<'a>(files: impl Iterator<Item = &'a File>) -> Vec<String> {
    let (seam, elsewhere): (Vec<_>, Vec<_>) = files
        .flat_map(|file| blocks(&file.code).into_iter().map(move |block| (file, block.start)))
        .partition(|(file, _)| file.path == SEAM);
    let mut found = Vec::new();
    if seam.len() != 1 {
        found.push(format!("{SEAM}: {} `cfg_if!`; have one, which selects the backend", seam.len()));
    }
    let advice = "only the seam has a `cfg_if!`; use `cfg(feature = …)`";
    found.extend(elsewhere.into_iter().map(|(file, at)| file.at(at, advice)));
    found
}

/// The places of the `cfg_if!` blocks.
fn blocks(code: &str) -> Vec<Range<usize>> {
    let starts = code.match_indices("cfg_if!").map(|(at, _)| at);
    starts
        .map(|at| {
            let open = code[at..].find('{').map_or(code.len(), |open| at + open);
            at..open + in_brackets(code, open.min(code.len())).len()
        })
        .collect()
}

/// `target_feature` describes the processor, not the target.
fn is_about_target(word: &str) -> bool {
    matches!(word, "unix" | "windows") || (word.starts_with("target_") && word != "target_feature")
}

#[cfg(test)]
mod planted {
    use super::*;

    fn questions(path: &str, text: &str) -> usize {
        target_questions(&File::new(path, text)).len()
    }

    #[test]
    fn every_form_of_the_question_is_seen() {
        for line in [
            "#[cfg(unix)] use a;",
            "#![cfg(not(windows))]",
            "#[cfg_attr(target_os = \"linux\", allow(dead_code))] fn a() {}",
            "if cfg!(all(test, target_arch = \"wasm32\")) {}",
            "#[cfg(\n    target_env = \"msvc\"\n)]\nmod a;",
        ] {
            assert_eq!(questions("src/peer.rs", line), 1, "{line}");
            assert_eq!(questions(SEAM, line), 1, "also at the seam, outside of its `cfg_if!`: {line}");
        }
    }

    #[test]
    fn other_questions_are_free() {
        for line in [
            "#[cfg(feature = \"tls\")] mod a;",
            "#[cfg(test)] mod tests {}",
            "cfg!(target_feature = \"atomics\")",
            "// #[cfg(unix)]",
            "let windows = \"cfg(unix)\";",
        ] {
            assert_eq!(questions("src/peer.rs", line), 0, "{line}");
        }
    }

    #[test]
    fn there_is_one_selection_and_it_is_at_the_seam() {
        let block = "cfg_if::cfg_if! { if #[cfg(unix)] { mod native; } else { mod web; } }\n";
        assert_eq!(questions(SEAM, block), 0);
        let count = |path: &str, text: &str| selections([File::new(path, text)].iter()).len();
        assert_eq!(count(SEAM, block), 0);
        assert_eq!(count(SEAM, &block.repeat(2)), 1);
        assert_eq!(count("src/peer.rs", block), 2, "one too many here, one missing at the seam");
    }
}
